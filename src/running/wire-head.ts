// What an application gave to startResponse: checked, copied, and in the form that goes on the wire.
// Names and status lines repeat from request to request, so what was found right once is remembered (in bounded tables).

import type { HeaderList, WebSocketOffer } from "../gateway.ts"
import { CONNECTION_FIELDS, checkFieldName, checkFieldValue } from "../http/fields.ts"
import { describe } from "../mistakes/describe.ts"
import { checkAcceptance } from "./websocket-handshake.ts"

/** The head of one response. `fields` alternates names and values, ready to be written. */
export interface WireHead {
  status: string
  code: number
  reason: string
  fields: string[]
  /** The body's length in bytes as the application declared it. */
  contentLength: number | undefined
  /** Whether the application said what time it is; else the server does. */
  hasDate: boolean
}

const PLAIN = 0
const CONTENT_LENGTH = 1
const DATE = 2
const UPGRADE = 3
const KINDS: ReadonlyMap<string, number> = new Map([
  ["content-length", CONTENT_LENGTH],
  ["date", DATE],
  ["upgrade", UPGRADE],
])
const MEMORY = 512

interface StatusLine {
  code: number
  reason: string
}

const knownNames = new Map<string, number>()
/** Short values that were found right; most responses have the same Content-Type. */
const knownValues = new Set<string>()
const SHORT = 64
const knownStatuses = new Map<string, StatusLine>()

/**
 * Checks and copies what an application passed to startResponse.
 *
 * @param offer the WebSocket handshake that may be accepted with a 101
 * @throws TypeError for anything that is not text of the right form, a field of the connection, or two different lengths
 * @throws RangeError for a status below 200, which is never final, but for that 101
 */
export function wireHead(status: string, headers: HeaderList, offer?: WebSocketOffer): WireHead {
  const line = knownStatuses.get(status) ?? checkStatus(status, offer !== undefined)
  if (!Array.isArray(headers)) throw new TypeError(`headers must be an array of pairs, not ${describe(headers)}`)
  const fields: string[] = new Array(headers.length * 2)
  let used = 0
  let contentLength: number | undefined
  let hasDate = false
  for (let i = 0; i < headers.length; i++) {
    const pair: unknown = headers[i]
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new TypeError(`a header must be a pair of name and value, not ${describe(pair)}`)
    }
    const name: unknown = pair[0]
    const value: unknown = pair[1]
    if (typeof name !== "string" || typeof value !== "string") {
      throw new TypeError(`a header must be a pair of strings, not ${describe(name)} and ${describe(value)}`)
    }
    const kind = knownNames.get(name) ?? checkName(name)
    if (kind !== CONTENT_LENGTH) {
      checkValue(value)
      if (kind === DATE) hasDate = true
      else if (kind === UPGRADE && line.code !== 426) throw new TypeError(notYours(name))
    } else {
      const length = parseLength(value)
      if (contentLength !== undefined) {
        if (contentLength === length) continue
        throw new TypeError(`Content-Length is given twice: ${contentLength} and ${value}`)
      }
      contentLength = length
    }
    fields[used++] = name
    fields[used++] = value
  }
  if (used < fields.length) fields.length = used
  if (line.code === 101) checkAcceptance(fields, offer)
  return { status, code: line.code, reason: line.reason, fields, contentLength, hasDate }
}

// status-line of PEP 3333: 3DIGIT SP reason-phrase
function checkStatus(status: unknown, isHandshake: boolean): StatusLine {
  if (typeof status !== "string") throw new TypeError(`status must be a string, not ${describe(status)}`)
  if (!/^\d{3} [\t\x20-\x7e\x80-\xff]*$/.test(status)) {
    throw new TypeError(`status must be three digits, a space and a reason phrase, not ${JSON.stringify(status)}`)
  }
  const line = { code: Number(status.slice(0, 3)), reason: status.slice(4) }
  if (line.code === 101 && isHandshake) return line
  if (line.code < 200) throw new RangeError(`status ${line.code} is not the status of a final response`)
  if (knownStatuses.size < MEMORY) knownStatuses.set(status, line)
  return line
}

function checkName(name: string): number {
  const lowered = checkFieldName(name).toLowerCase()
  const kind = KINDS.get(lowered) ?? PLAIN
  // RFC 9110 section 15.5.22: a 426 says to what the client should upgrade.
  if (kind !== UPGRADE && CONNECTION_FIELDS.has(lowered)) throw new TypeError(notYours(name))
  if (knownNames.size < MEMORY) knownNames.set(name, kind)
  return kind
}

function notYours(name: string): string {
  return `${name} belongs to the connection; an application must not set it`
}

function checkValue(value: string): void {
  if (knownValues.has(value)) return
  checkFieldValue(value)
  if (value.length <= SHORT && knownValues.size < MEMORY) knownValues.add(value)
}

function parseLength(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new TypeError(`Content-Length must be digits, not ${JSON.stringify(value)}`)
  return Number(value)
}

/** Takes back what was said of the body's length. */
export function dropContentLength(head: WireHead): void {
  const kept: string[] = []
  for (let i = 0; i < head.fields.length; i += 2) {
    const name = head.fields[i] as string
    if (name.toLowerCase() !== "content-length") kept.push(name, head.fields[i + 1] as string)
  }
  head.fields = kept
  head.contentLength = undefined
}

/** Says how long the body is, where the application has not. */
export function declareLength(head: WireHead, bytes: number): void {
  head.contentLength = bytes
  head.fields.push("Content-Length", String(bytes))
}

/** The fields as startResponse takes them. */
export function fieldPairs(fields: readonly string[]): HeaderList {
  const list: HeaderList = []
  for (let i = 0; i < fields.length; i += 2) list.push([fields[i] as string, fields[i + 1] as string])
  return list
}
