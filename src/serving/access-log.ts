// The line that the server writes for each request, in the Common Log Format as wsgiref writes it.
// Whatever came from the client is escaped: a request is one line, and no terminal acts on it.

import type { FinishedRequest } from "../adapters/node.ts"
import { paint, type Style } from "./terminal.ts"

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** A request that is over. */
export interface LoggedRequest extends FinishedRequest {
  /** From the call of the application to the end of the response; undefined when nobody asked for it. */
  durationMs?: number | undefined
}

/** One line without its line feed: address, time, request line, status, bytes of the body, and the duration if it is known. */
export function accessLine(request: LoggedRequest, now: Date, colors: boolean = false): string {
  const { environ, code, bytes, durationMs } = request
  const target = environ.REQUEST_URI ?? environ.PATH_INFO
  const text = escapeControls(`${environ.REQUEST_METHOD} ${target} ${environ.SERVER_PROTOCOL}`).replaceAll('"', '\\"')
  const style = colors && code !== undefined ? styleOf(code) : undefined
  const address = environ.REMOTE_ADDR ?? "<local>"
  const line = `${address} - - [${logTime(now)}] "${style ? paint(text, style) : text}" ${code ?? "-"} ${bytes}`
  return durationMs === undefined ? line : `${line} ${durationMs.toFixed(1)}ms`
}

/** What comes back is plain, what went elsewhere green, what was not found yellow, what is wrong bold. */
function styleOf(code: number): Style | undefined {
  if (code < 200) return "bold"
  if (code < 300) return undefined
  if (code === 304) return "cyan"
  if (code < 400) return "green"
  if (code === 404) return "yellow"
  return code < 500 ? "red" : "magenta"
}

/**
 * Control characters as `\x1b`, those of C1 included.
 *
 * @example
 * escapeControls("/a\u001b[2J\n") // => "/a\\x1b[2J\\x0a"
 */
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
