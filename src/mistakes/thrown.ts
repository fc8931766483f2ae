// What an application threw that is no Error. It has no stack, so the log could not tell where it came from.

import { describe } from "./describe.ts"

/**
 * What to add to a message about what was thrown; empty for an Error.
 *
 * @example
 * thrownHint(new Error("text")) // => ""
 * thrownHint("text") // => ": it threw \"text\", which is no Error and does not know where it was thrown. Write: throw new Error(…)"
 */
export function thrownHint(thrown: unknown): string {
  if (thrown instanceof Error || (typeof thrown === "object" && thrown !== null && "stack" in thrown)) return ""
  return `: it threw ${describe(thrown)}, which is no Error and does not know where it was thrown. Write: throw new Error(…)`
}
