// What the system tells of a file besides its content, as it was at one moment: enough for the head of a response.

import type { Stats } from "node:fs"

/** Length, age and identity of a file. */
export class FileState {
  /** Under which name it was found. */
  readonly path: string | undefined
  /** As the system told them. */
  readonly stats: Stats
  #version: string | undefined = undefined

  constructor(stats: Stats, path: string | undefined) {
    this.stats = stats
    this.path = path
  }

  /** Length in bytes. */
  get size(): number {
    return this.stats.size
  }

  /** The last change of the content. */
  get modified(): Date {
    return this.stats.mtime
  }

  /** Of name, length and time of the last change, which the system counts in parts of a second. */
  get version(): string {
    this.#version ??= versionOf(this.stats, this.path)
    return this.#version
  }

  /** Whether these are of the same file, and neither content nor name nor rights have been changed since. */
  isStill({ dev, ino, size, mtimeMs, ctimeMs }: Stats): boolean {
    const own = this.stats
    return own.ctimeMs === ctimeMs && own.mtimeMs === mtimeMs && own.size === size && own.ino === ino && own.dev === dev
  }
}

function versionOf({ mtimeMs, size }: Stats, path: string | undefined): string {
  const name = path === undefined ? "" : `-${checksum(path).toString(36)}`
  return `${Math.round(mtimeMs * 1000).toString(36)}-${size.toString(36)}${name}`
}

/** FNV-1a: two files of the same length and age are not taken for one. */
function checksum(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
