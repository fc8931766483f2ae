// The head of a response as a gateway sends it to its front server: with a Status field (RFC 3875 section 6.3.3), or with a
// status line as in HTTP. The front server adds the fields of the connection, and Date.

import type { Refusal } from "../../running/environ.ts"
import type { WireHead } from "../../running/wire-head.ts"

/** How a response begins. */
export type HeadStart = "Status: " | "HTTP/1.1 "

/** The head of a response, Latin-1. */
export function headText(start: HeadStart, { status, fields }: WireHead): string {
  let text = `${start}${status}\r\n`
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  return `${text}\r\n`
}

/** The whole answer to a request that no application gets to see. */
export function refusalText(start: HeadStart, refusal: Refusal): string {
  const body = `${refusal.reason}\n`
  return `${start}${refusal.status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
