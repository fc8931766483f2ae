// What is known of the disk for a second: the state of files that were opened and found to be what may be sent, and where
// directories really are. One object with one lifetime; nothing else in this room remembers anything about names.
//
// When a request needs no content (most often it asks whether the file has changed), a known file is not opened anew: one call of
// the system tells whether it is still the same. Where a client's path leads was decided when the file was opened; a file that
// has been exchanged, moved, changed or locked since has another state, and is opened and judged anew.
//
// That call is made at once, not in the thread pool, which would cost three times as much: the system has the answer in memory,
// since it was asked for the same less than a second ago.

import { type Stats, statSync } from "node:fs"
import type { FileState } from "./file-state.ts"
import type { OpenFile, PathSource } from "./open-file.ts"
import { RecentMap } from "./recent-map.ts"

const MAX_AGE_MS = 1000
const MAX_ENTRIES = 1024

/** Gives files by keys of which each stands for a path and the rules under which it was judged. */
export interface FileCache {
  /** The state of the file, if it was opened a moment ago and counts as the same still. */
  stateOf(key: string): FileState | undefined
  /** The file, at once if it is open by now. */
  open(key: string, openAnew: () => Promise<OpenFile>): PathSource | Promise<PathSource>
}

/** Knows states and places; keeps nothing open. */
export class KnownFiles implements FileCache {
  readonly #states = new RecentMap<FileState>(MAX_AGE_MS, MAX_ENTRIES)
  readonly #roots = new RecentMap<string>(MAX_AGE_MS, MAX_ENTRIES)

  stateOf(key: string): FileState | undefined {
    const state = this.lastStateOf(key)
    const stats = state?.path === undefined ? undefined : look(state.path)
    if (stats !== undefined && state?.isStill(stats)) return state
    this.#states.delete(key)
    return undefined
  }

  /** The state of what was opened under `key` a moment ago; whether it is the same still is to be seen. */
  lastStateOf(key: string): FileState | undefined {
    return this.#states.get(key)
  }

  async open(key: string, openAnew: () => Promise<OpenFile>): Promise<OpenFile> {
    const file = await openAnew()
    this.remember(key, file.state)
    return file
  }

  /** What is known by then keeps its time: where it lies was not looked at again. */
  remember(key: string, state: FileState): void {
    if (!this.lastStateOf(key)?.isStill(state.stats)) this.#states.set(key, state)
  }

  /**
   * Whether `isIn` holds for the real path of a directory. Where it does not, the path is asked for again, since the
   * directory may be a link that was just turned to a new release.
   *
   * @param find gives the real path
   */
  async isInRoot(
    directory: string,
    find: (directory: string) => Promise<string>,
    isIn: (root: string) => boolean,
  ): Promise<boolean> {
    const known = this.#roots.get(directory)
    if (known !== undefined && isIn(known)) return true
    const root = await find(directory)
    this.#roots.set(directory, root)
    return isIn(root)
  }
}

/** The one that all share. */
export const knownFiles: KnownFiles = new KnownFiles()

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
