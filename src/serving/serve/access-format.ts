// The line of the access log for a request: in the formats of the middleware accessLog, or by a template in gunicorn's style.
// All that came from the client is escaped: a request is one line.

import type { Environ } from "../../gateway.ts"
import { escapeLogField, type WebSocketRecord, webSocketRecord } from "../../http/common-log.ts"
import { type AccessEntry, entryOf, formatCombined, formatCommon, formatJson } from "../../middleware/access-log.ts"

/** A request that is over, with the environ that it had. */
export interface FinishedEntry extends AccessEntry {
  environ: Environ
}

/** Makes a line; undefined leaves the request out. */
export type AccessFormat = (entry: FinishedEntry) => string | undefined

const NAMED: Readonly<Record<string, AccessFormat>> = {
  common: formatCommon,
  combined: formatCombined,
  json: ({ environ: _environ, ...entry }) => formatJson(entry),
}

/** What stands for what in a template. Durations: T in seconds, D in microseconds, M in milliseconds, L in seconds with decimals. */
const TOKENS: Readonly<Record<string, (entry: FinishedEntry) => string | number | undefined>> = {
  h: ({ address }) => address,
  l: () => undefined,
  u: ({ user }) => user,
  t: ({ time }) => `[${time.toISOString()}]`,
  r: ({ method, target, protocol }) => `${method} ${target} ${protocol}`,
  m: ({ method }) => method,
  U: ({ environ }) => environ.SCRIPT_NAME + environ.PATH_INFO,
  q: ({ environ }) => environ.QUERY_STRING,
  H: ({ protocol }) => protocol,
  s: ({ status }) => status,
  B: ({ bytes }) => bytes,
  b: ({ bytes }) => (bytes === 0 ? undefined : bytes),
  f: ({ referer }) => referer,
  a: ({ userAgent }) => userAgent,
  T: ({ durationMs }) => Math.floor(durationMs / 1000),
  D: ({ durationMs }) => Math.round(durationMs * 1000),
  M: ({ durationMs }) => Math.round(durationMs),
  L: ({ durationMs }) => (durationMs / 1000).toFixed(6),
  p: () => process.pid,
}

/**
 * The format of a name or a template: `%(h)s` the client's address, `%(u)s` its user, `%(t)s` the time, `%(r)s` the request
 * line, `%(m)s` method, `%(U)s` path, `%(q)s` query, `%(H)s` protocol, `%(s)s` status, `%(B)s` and `%(b)s` bytes, `%(f)s` referer,
 * `%(a)s` user agent, `%(T)s` `%(M)s` `%(D)s` `%(L)s` the duration, `%(p)s` the process, `%({NAME}i)s` a field of the request.
 *
 * @throws TypeError for an unknown name, and for an unknown token
 */
export function accessFormat(format: string): AccessFormat {
  const named = Object.hasOwn(NAMED, format) ? NAMED[format] : undefined
  if (named !== undefined) return named
  const texts = format.split(/%\(([^)]*)\)s/)
  if (texts.length === 1 || texts.some((text, index) => index % 2 === 0 && text.includes("%(")))
    throw new TypeError(`accessLogFormat is common, combined, json or a line with %(NAME)s in it, not "${format}"`)
  const parts = texts.map((text, index) => (index % 2 === 0 ? () => text : tokenOf(text)))
  return (entry) => parts.map((part) => part(entry)).join("")
}

function tokenOf(token: string): (entry: FinishedEntry) => string {
  const field = /^\{([\w-]+)\}i$/.exec(token)?.[1]
  const key = field === undefined ? undefined : `HTTP_${field.toUpperCase().replaceAll("-", "_")}`
  const value =
    key !== undefined
      ? ({ environ }: FinishedEntry) => environ[key] as string | undefined
      : Object.hasOwn(TOKENS, token)
        ? TOKENS[token]
        : undefined
  if (value === undefined) throw new TypeError(`accessLogFormat knows no %(${token})s`)
  return (entry) => {
    const text = value(entry)
    return text === undefined || text === "" ? "-" : escapeLogField(String(text))
  }
}

/** What is known of a request when it is over. */
export function finishedEntry(
  environ: Environ,
  code: number | undefined,
  bytes: number,
  durationMs: number,
  websocket?: WebSocketRecord,
): FinishedEntry {
  const entry = entryOf(environ) as FinishedEntry
  entry.environ = environ
  entry.time = new Date(Date.now() - durationMs)
  entry.status = code ?? 499
  entry.bytes = bytes
  entry.durationMs = durationMs
  entry.complete = code !== undefined
  if (websocket !== undefined) entry.websocket = webSocketRecord(websocket)
  return entry
}
