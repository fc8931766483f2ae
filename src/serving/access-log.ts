// The line that the server writes for each request, in the Common Log Format as wsgiref writes it, with colours on a terminal.

import type { FinishedRequest } from "../adapters/node.ts"
import { commonLogLine, escapeLogField, localLogTime, webSocketNote } from "../http/common-log.ts"
import { paint, type Style } from "./terminal.ts"

/** A request that is over. */
export interface LoggedRequest extends FinishedRequest {
  /** From the call of the application to the end of the response; undefined unless the options ask for it. */
  durationMs?: number | undefined
}

/** One line without its line feed: address, time, request line, status, bytes of the body, and the duration if it is known. */
export function accessLine(request: LoggedRequest, now: Date, colors: boolean = false): string {
  const { environ, code, bytes, durationMs, websocket } = request
  const target = environ.REQUEST_URI ?? environ.PATH_INFO
  const text = escapeLogField(`${environ.REQUEST_METHOD} ${target} ${environ.SERVER_PROTOCOL}`)
  const style = colors && code !== undefined ? styleOf(code) : undefined
  const line = commonLogLine({
    address: environ.REMOTE_ADDR ?? "<local>",
    time: localLogTime(now),
    request: style ? paint(text, style) : text,
    status: code,
    bytes,
  })
  const whole = `${line}${webSocketNote(websocket)}`
  return durationMs === undefined ? whole : `${whole} ${durationMs.toFixed(1)}ms`
}

/**
 * 2xx plain, 304 cyan, other redirects green, 404 yellow, other errors of the client red, errors of the server magenta, 1xx bold.
 */
function styleOf(code: number): Style | undefined {
  if (code < 200) return "bold"
  if (code < 300) return undefined
  if (code === 304) return "cyan"
  if (code < 400) return "green"
  if (code === 404) return "yellow"
  return code < 500 ? "red" : "magenta"
}
