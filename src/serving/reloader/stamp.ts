// What tells one state of a file from another, without reading it.

import { statSync } from "node:fs"

/** The stamp of a file that is not there. */
export const GONE = "gone"

/** Changes whenever the file is written, replaced, taken away or put back. */
export function stampOf(path: string): string {
  try {
    const { mtimeNs, size, ino, mode } = statSync(path, { bigint: true })
    return `${mtimeNs}:${size}:${ino}:${mode}`
  } catch {
    return GONE
  }
}
