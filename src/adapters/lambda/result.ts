// Responses in the forms that AWS Lambda hands on: format 1.0 and 2.0 of API Gateway, and of a load balancer.

import { concatenate } from "../../environ/concatenation.ts"
import { asciiLower } from "../../http/tokens.ts"
import type { WireHead } from "../../running/wire-head.ts"
import type { EventForm } from "./event.ts"

/** What a handler resolves to. */
export interface LambdaResult {
  statusCode: number
  statusDescription?: string
  headers?: Record<string, string>
  multiValueHeaders?: Record<string, string[]>
  cookies?: string[]
  body: string
  isBase64Encoded: boolean
}

/** Head of a streamed response. */
export interface LambdaPrelude {
  statusCode: number
  headers: Record<string, string>
  cookies: string[]
}

/** @param isMultiple whether a load balancer is set up to take several values of a header */
export function resultOf(
  form: EventForm,
  isMultiple: boolean,
  head: WireHead,
  chunks: readonly Uint8Array[],
): LambdaResult {
  const content = contentOf(head, concatenate(chunks))
  if (form === "2.0") return { ...preludeOf(head), ...content }
  const result = { statusCode: head.code, ...content }
  if (form === "1.0") return { ...result, multiValueHeaders: multiple(head) }
  const headers = isMultiple ? { multiValueHeaders: multiple(head) } : { headers: single(head) }
  return { ...result, statusDescription: `${head.code} ${head.reason}`, ...headers }
}

/** Status, headers and cookies in format 2.0. */
export function preludeOf(head: WireHead): LambdaPrelude {
  const headers: Record<string, string> = Object.create(null)
  const cookies: string[] = []
  for (const [name, value] of pairs(head)) {
    const lower = asciiLower(name)
    if (lower === "set-cookie") cookies.push(value)
    else headers[lower] = headers[lower] === undefined ? value : `${headers[lower]}, ${value}`
  }
  return { statusCode: head.code, headers, cookies }
}

function multiple(head: WireHead): Record<string, string[]> {
  const headers: Record<string, string[]> = Object.create(null)
  for (const [name, value] of pairs(head)) {
    const lower = asciiLower(name)
    headers[lower] ??= []
    headers[lower].push(value)
  }
  return headers
}

/** One value a name. Cookies can't be joined, but names that differ in case count as several. */
function single(head: WireHead): Record<string, string> {
  const { headers, cookies } = preludeOf(head)
  for (const [index, cookie] of cookies.entries()) headers[spelling("set-cookie", index)] = cookie
  return headers
}

/** The name in its spelling of that number: as many as there are ways to write it. */
function spelling(name: string, number: number): string {
  let rest = number
  return Array.from(name, (letter) => {
    if (letter === "-") return letter
    const isUpper = rest % 2 === 1
    rest = Math.floor(rest / 2)
    return isUpper ? letter.toUpperCase() : letter
  }).join("")
}

function* pairs({ fields }: WireHead): Generator<[name: string, value: string]> {
  for (let i = 0; i < fields.length; i += 2) yield [fields[i] as string, fields[i + 1] as string]
}

const TEXT =
  /^(?:text\/|application\/(?:json|javascript|xml|x-www-form-urlencoded)\b|[\w.+-]+\/[\w.+-]+\+(?:json|xml)\b)/i

/** Text as it is, since API Gateway decodes Base64 in format 1.0 only for types that are configured; all else in Base64. */
function contentOf(head: WireHead, bytes: Uint8Array): { body: string; isBase64Encoded: boolean } {
  if (bytes.length === 0) return { body: "", isBase64Encoded: false }
  let type = ""
  let isEncoded = false
  for (const [name, value] of pairs(head)) {
    if (asciiLower(name) === "content-type") type = value
    if (asciiLower(name) === "content-encoding") isEncoded = true
  }
  if (!isEncoded && TEXT.test(type)) {
    try {
      return { body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), isBase64Encoded: false }
    } catch {
      // Text in another encoding.
    }
  }
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")
  return { body, isBase64Encoded: true }
}
