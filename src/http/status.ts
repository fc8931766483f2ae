// Status codes and their reason phrases (RFC 9110 section 15 and the IANA registry), in title case.

import { describe } from "../mistakes/describe.ts"
import { checkFieldValue } from "./fields.ts"
import { parseInteger } from "./numbers.ts"
import { stripSpace } from "./tokens.ts"

const REASON_PHRASES: ReadonlyMap<number, string> = new Map([
  [100, "Continue"],
  [101, "Switching Protocols"],
  [102, "Processing"],
  [103, "Early Hints"],
  [200, "OK"],
  [201, "Created"],
  [202, "Accepted"],
  [203, "Non-Authoritative Information"],
  [204, "No Content"],
  [205, "Reset Content"],
  [206, "Partial Content"],
  [207, "Multi-Status"],
  [208, "Already Reported"],
  [226, "IM Used"],
  [300, "Multiple Choices"],
  [301, "Moved Permanently"],
  [302, "Found"],
  [303, "See Other"],
  [304, "Not Modified"],
  [305, "Use Proxy"],
  [307, "Temporary Redirect"],
  [308, "Permanent Redirect"],
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [402, "Payment Required"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [405, "Method Not Allowed"],
  [406, "Not Acceptable"],
  [407, "Proxy Authentication Required"],
  [408, "Request Timeout"],
  [409, "Conflict"],
  [410, "Gone"],
  [411, "Length Required"],
  [412, "Precondition Failed"],
  [413, "Content Too Large"],
  [414, "URI Too Long"],
  [415, "Unsupported Media Type"],
  [416, "Range Not Satisfiable"],
  [417, "Expectation Failed"],
  [418, "I'm a Teapot"],
  [421, "Misdirected Request"],
  [422, "Unprocessable Content"],
  [423, "Locked"],
  [424, "Failed Dependency"],
  [425, "Too Early"],
  [426, "Upgrade Required"],
  [428, "Precondition Required"],
  [429, "Too Many Requests"],
  [431, "Request Header Fields Too Large"],
  [451, "Unavailable For Legal Reasons"],
  [500, "Internal Server Error"],
  [501, "Not Implemented"],
  [502, "Bad Gateway"],
  [503, "Service Unavailable"],
  [504, "Gateway Timeout"],
  [505, "HTTP Version Not Supported"],
  [506, "Variant Also Negotiates"],
  [507, "Insufficient Storage"],
  [508, "Loop Detected"],
  [510, "Not Extended"],
  [511, "Network Authentication Required"],
])

/**
 * The usual words for a status code; `Unknown` for a code that is not registered.
 *
 * @example
 * reasonPhrase(404) // => "Not Found"
 * reasonPhrase(299) // => "Unknown"
 */
export function reasonPhrase(code: number): string {
  return REASON_PHRASES.get(code) ?? "Unknown"
}

/**
 * Code and status line of what a programmer gives as status: a code, or a code with words of its own.
 *
 * @throws RangeError for a number that has not three digits; TypeError for a text that starts with no such code, or that no status
 *   line may hold, for a line break in it, say
 * @example
 * parseStatus(404) // => [404, "404 Not Found"]
 * parseStatus("200 All is well") // => [200, "200 All is well"]
 * parseStatus("nonsense") // throws TypeError
 * parseStatus(99) // throws RangeError
 * parseStatus("200 OK\r\nX: y") // throws TypeError
 */
export function parseStatus(status: number | string): [code: number, line: string] {
  if (typeof status === "number") {
    if (!isCode(status)) throw new RangeError(noStatus(status))
    return [status, `${status} ${reasonPhrase(status)}`]
  }
  if (typeof status !== "string") throw new TypeError(noStatus(status))
  const text = stripSpace(checkFieldValue(status))
  const space = text.indexOf(" ")
  const code = parseInteger(space === -1 ? text : text.slice(0, space))
  if (code === undefined || !isCode(code)) throw new TypeError(noStatus(status))
  return [code, space === -1 ? `${code} ${reasonPhrase(code)}` : text]
}

/**
 * Whether a final or interim response has content: not one with status 1xx, 204, 205 or 304, nor one to HEAD
 * (RFC 9110 sections 6.4.1 and 15.3.6).
 *
 * @example
 * hasContent(200, "GET") // => true
 * hasContent(200, "HEAD") // => false
 * hasContent(205) // => false
 */
export function hasContent(code: number, method?: string): boolean {
  if (method === "HEAD" || code === 204 || code === 205 || code === 304) return false
  return code < 100 || code >= 200
}

/** RFC 9110 section 15: three digits. */
function isCode(code: number): boolean {
  return Number.isInteger(code) && code >= 100 && code <= 999
}

function noStatus(status: unknown): string {
  return `A status is a code from 100 to 999, or a text that starts with one, as "404 Not Found", not ${describe(status)}`
}
