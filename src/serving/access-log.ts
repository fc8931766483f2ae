// The line that the server writes for each request, in the Common Log Format as wsgiref writes it.
// Whatever came from the client is escaped: a request is one line, and no terminal acts on it.

import type { FinishedRequest } from "../adapters/node.ts"

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/**
 * One line without its line feed: address, time, request line, status, bytes of the body.
 *
 * @example
 * escapeControls("/a\u001b[2J\n") // => "/a\\x1b[2J\\x0a"
 */
export function accessLine({ environ, code, bytes }: FinishedRequest, now: Date): string {
  const request = `${environ.REQUEST_METHOD} ${environ.REQUEST_URI ?? environ.PATH_INFO} ${environ.SERVER_PROTOCOL}`
  const address = environ.REMOTE_ADDR ?? "<local>"
  return `${address} - - [${logTime(now)}] "${escapeControls(request).replaceAll('"', '\\"')}" ${code ?? "-"} ${bytes}`
}

/** Control characters as `\x1b`, those of C1 included. */
export function escapeControls(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`)
}

/**
 * The local time as wsgiref's server writes it.
 *
 * @example
 * logTime(new Date(2015, 10, 4, 18, 44, 6)) // => "04/Nov/2015 18:44:06"
 */
export function logTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0")
  const day = `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
