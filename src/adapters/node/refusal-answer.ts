// The answer to a request that no application gets to see, over HTTP/1.1: the reason phrase as text.

import type { Refusal } from "../../running/environ.ts"
import { type WireHead, wireHead } from "../../running/wire-head.ts"

/** Head and body of the answer. */
export function refusalAnswer(refusal: Refusal): { head: WireHead; text: string } {
  const text = `${refusal.reason}\n`
  const head = wireHead(refusal.status, [
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Content-Length", String(text.length)],
  ])
  return { head, text }
}
