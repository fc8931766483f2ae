// Writes to the pipe of reports, from a process of the group to its parent.

import { writeSync } from "node:fs"
import { REPORT_FD, type Report } from "./messages.ts"

/** Writes a report, unless the parent has gone. */
export function report(entry: Report): void {
  try {
    writeSync(REPORT_FD, `${JSON.stringify(entry)}\n`)
  } catch {
    // Without a parent there is no reader.
  }
}
