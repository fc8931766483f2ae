// Files that were opened less than a second ago, and found to be what may be sent. When a request needs no content (most
// often it asks whether the file has changed), such a file is not opened anew: one look tells whether it is the same still.
// Nothing is remembered beyond that look. What a stranger's path leads to was decided when the file was opened; a file that
// has been exchanged, moved, changed or locked since shows another state, and goes the whole way again.
//
// The look is made at once, not in the thread pool, which would cost three times as much: the system has what it takes in
// memory, for it was asked for the same less than a second ago.

import { type Stats, statSync } from "node:fs"
import type { FileState } from "./file-state.ts"

const MAX_AGE_MS = 1000
const MAX_FILES = 1024

interface Known {
  readonly state: FileState
  readonly until: number
}

/** The oldest first. */
const known = new Map<string, Known>()

/**
 * Remembers for a moment what was opened under `key`. What is known by then keeps its time: where it lies was not looked
 * at again.
 */
export function rememberFile(key: string, state: FileState): void {
  if (lastStateOf(key)?.isStill(state.stats)) return
  known.delete(key)
  if (known.size >= MAX_FILES) known.delete(known.keys().next().value as string)
  known.set(key, { state, until: performance.now() + MAX_AGE_MS })
}

/** The state of what was opened under `key` a moment ago; whether it is the same still is to be seen. */
export function lastStateOf(key: string): FileState | undefined {
  const entry = known.get(key)
  return entry !== undefined && entry.until > performance.now() ? entry.state : undefined
}

/** The state of the file that was opened under `key`, if that is a moment ago and it is the same still. */
export function stateOfKnown(key: string): FileState | undefined {
  const state = lastStateOf(key)
  const stats = state?.path === undefined ? undefined : look(state.path)
  if (stats !== undefined && state?.isStill(stats)) return state
  known.delete(key)
  return undefined
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
