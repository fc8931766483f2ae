// What an application threw that is no Error. It has no stack, so the log could not tell where it came from.

import { describe } from "./describe.ts"

/** Whether something that was thrown is an instance of a class. A proxy that was revoked gives false, and does not throw here. */
export function isInstance<T>(thrown: unknown, of: abstract new (...args: never[]) => T): thrown is T {
  try {
    return thrown instanceof of
  } catch {
    return false
  }
}

/** Whether something that was thrown says that its work was aborted. One whose name can't be read says nothing. */
export function isAbortError(thrown: unknown): boolean {
  try {
    return thrown instanceof Error && thrown.name === "AbortError"
  } catch {
    return false
  }
}

/**
 * What to add to a message about what was thrown; empty for an Error.
 *
 * @example
 * thrownHint(new Error("text")) // => ""
 * thrownHint("text") // => ": it threw \"text\", which is no Error and does not know where it was thrown. Write: throw new Error(…)"
 */
export function thrownHint(thrown: unknown): string {
  let what: string
  try {
    if (thrown instanceof Error || (typeof thrown === "object" && thrown !== null && "stack" in thrown)) return ""
    what = describe(thrown)
  } catch {
    what = "what cannot be looked at"
  }
  return `: it threw ${what}, which is no Error and does not know where it was thrown. Write: throw new Error(…)`
}
