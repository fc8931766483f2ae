// Events of AWS Lambda that carry an HTTP request, as requests: of API Gateway in the formats 1.0 and 2.0, of function URLs (format
// 2.0 too), and of an Application Load Balancer. Knows no application.

import { encodePath } from "../../environ/raw-path.ts"
import { asciiLower } from "../../http/tokens.ts"
import { textToByteString } from "../../http/urls.ts"
import type { Addresses, WireRequestHead } from "../../running/environ.ts"
import { decodePath } from "../../running/request-target.ts"

/** What all forms of the event have, and what one of them has. */
export interface LambdaEvent {
  version?: string
  body?: string | null
  isBase64Encoded?: boolean
  headers?: Readonly<Record<string, string | undefined>> | null
  requestContext?: {
    elb?: unknown
    stage?: string
    domainName?: string
    path?: string
    http?: { method?: string; sourceIp?: string }
    identity?: { sourceIp?: string }
  }
  // Format 2.0
  rawPath?: string
  rawQueryString?: string
  cookies?: readonly string[]
  // Format 1.0, and load balancers
  httpMethod?: string
  path?: string
  multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null
  queryStringParameters?: Readonly<Record<string, string | undefined>> | null
  multiValueQueryStringParameters?: Readonly<Record<string, readonly string[] | undefined>> | null
}

/** How the answer has to look. */
export type EventForm = "1.0" | "2.0" | "load balancer"

/** A request out of an event. */
export interface LambdaRequest {
  readonly form: EventForm
  readonly head: WireRequestHead
  readonly addresses: Addresses
  readonly body: Uint8Array | undefined
}

/**
 * The request in an event.
 *
 * @throws TypeError when the event does not carry a request, as one of a queue
 */
export function requestOf(event: LambdaEvent): LambdaRequest {
  const context = event?.requestContext
  const method = context?.http?.method ?? event?.httpMethod
  const path = event?.rawPath ?? event?.path
  if (method === undefined || path === undefined) {
    throw new TypeError("the event carries no HTTP request of API Gateway, a function URL or a load balancer")
  }
  const form = context?.elb !== undefined ? "load balancer" : event.rawPath !== undefined ? "2.0" : "1.0"
  const body = bodyOf(event)
  const fields = fieldsOf(event, body)
  const query = queryOf(event, form)
  const { mount, below } = mountOf(event, form, path)
  const target = `${asTarget(below)}${query === "" ? "" : `?${query}`}`
  return {
    form,
    head: { method, target, protocol: "HTTP/1.1", fields, hasBody: body !== undefined },
    addresses: addressesOf(event, fields, mount, target),
    body,
  }
}

function bodyOf({ body, isBase64Encoded }: LambdaEvent): Uint8Array | undefined {
  if (typeof body !== "string" || body === "") return undefined
  return Buffer.from(body, isBase64Encoded === true ? "base64" : "utf8")
}

/** The body has come whole, with any length that the client has told. */
const REPLACED: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"])

function fieldsOf({ headers, multiValueHeaders, cookies }: LambdaEvent, body: Uint8Array | undefined): string[] {
  const fields: string[] = []
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined && !REPLACED.has(asciiLower(name))) fields.push(name, textToByteString(value))
  }
  if (multiValueHeaders) {
    for (const [name, values] of Object.entries(multiValueHeaders)) for (const value of values ?? []) add(name, value)
  } else {
    for (const [name, value] of Object.entries(headers ?? {})) add(name, value)
  }
  if (cookies !== undefined && cookies.length > 0) add("cookie", cookies.join("; "))
  if (body !== undefined) fields.push("content-length", String(body.length))
  return fields
}

/** In format 1.0 names and values are decoded, with load balancers they are as they came. */
function queryOf(event: LambdaEvent, form: EventForm): string {
  if (event.rawQueryString !== undefined) return event.rawQueryString
  const write = form === "1.0" ? encodeURIComponent : (text: string) => text
  const pairs: string[] = []
  if (event.multiValueQueryStringParameters) {
    for (const [name, values] of Object.entries(event.multiValueQueryStringParameters)) {
      for (const value of values ?? []) pairs.push(`${write(name)}=${write(value)}`)
    }
  } else {
    for (const [name, value] of Object.entries(event.queryStringParameters ?? {})) {
      if (value !== undefined) pairs.push(`${write(name)}=${write(value)}`)
    }
  }
  return pairs.join("&")
}

/** The stage of an API is a mount, where the client has it in its URL: not with a domain name of one's own. */
function mountOf(event: LambdaEvent, form: EventForm, path: string): { mount: string; below: string } {
  const { stage, path: whole } = event.requestContext ?? {}
  if (form === "2.0") {
    const prefix = `/${stage}`
    const isBelow = stage !== undefined && stage !== "$default" && (path === prefix || path.startsWith(`${prefix}/`))
    return isBelow ? { mount: prefix, below: path.slice(prefix.length) || "/" } : { mount: "", below: path }
  }
  if (form === "1.0" && whole?.endsWith(path) && whole.length > path.length) {
    return { mount: whole.slice(0, whole.length - path.length).replace(/\/$/, ""), below: path }
  }
  return { mount: "", below: path }
}

/**
 * HTTP APIs take the escapes of a path away, in both formats; REST APIs, function URLs and load balancers leave the path as the
 * client wrote it. Events do not tell for sure which of them it was, so escapes stay, and what can't stand in a target is encoded.
 */
function asTarget(path: string): string {
  const text = textToByteString(path.startsWith("/") ? path : `/${path}`)
  return text.replace(/[^\x21-\x22\x24-\x3e\x40-\x7e]|%(?![0-9A-Fa-f]{2})/g, (character) => encodePath(character))
}

function addressesOf(event: LambdaEvent, fields: readonly string[], mount: string, target: string): Addresses {
  const scheme = fieldOf(fields, "x-forwarded-proto") === "http" ? "http" : "https"
  const context = event.requestContext
  // A load balancer adds the address that it knows at the end.
  const address =
    context?.http?.sourceIp ??
    context?.identity?.sourceIp ??
    fieldOf(fields, "x-forwarded-for")?.split(",").pop()?.trim()
  const further: Record<string, string> = scheme === "https" ? { HTTPS: "on" } : {}
  if (mount !== "") {
    further["SCRIPT_NAME"] = decodePath(textToByteString(mount))
    further["REQUEST_URI"] = further["RAW_URI"] = asTarget(mount) + target
  }
  return {
    serverName: context?.domainName ?? fieldOf(fields, "host")?.replace(/:\d+$/, ""),
    serverPort: fieldOf(fields, "x-forwarded-port") ?? (scheme === "https" ? "443" : "80"),
    remoteAddress: address,
    remotePort: undefined,
    scheme,
    further,
  }
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    if (asciiLower(fields[i] as string) === name) return fields[i + 1]
  }
  return undefined
}
