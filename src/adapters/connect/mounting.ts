// What Express, Connect and their like have done to a request before it comes to us: they take the mount off its url, and
// their parsers read its body. Both are undone here, so that URLs built inside keep the mount, and forms can be read.

import type { IncomingMessage } from "node:http"
import { inputFrom } from "../../environ/input.ts"
import type { InputStream } from "../../gateway.ts"
import { asciiLower } from "../../http/tokens.ts"
import { decodePath, parseTarget } from "../../running/request-target.ts"
import type { Mounting } from "../node/mounting.ts"

/** A request that has come by way of Express or Connect. */
interface ConnectRequest extends IncomingMessage {
  originalUrl?: unknown
  baseUrl?: unknown
  body?: unknown
  rawBody?: unknown
}

/** What a framework has added to a request. */
export function mountingOf(
  message: IncomingMessage,
  passOn: ReadonlySet<number> | undefined,
  next: () => void,
): Mounting {
  const body = message.readableDidRead ? parsedBody(message) : undefined
  return {
    variables: mountVariables(message),
    fields: body === undefined ? undefined : withLength(message.rawHeaders, body.length),
    input: body === undefined ? undefined : inputOf(body),
    passOn,
    next,
  }
}

function inputOf(body: Uint8Array): InputStream {
  return inputFrom(body)
}

// ---- the mount

function mountVariables(message: ConnectRequest): Record<string, string> {
  const { originalUrl, baseUrl, method = "GET", url = "/" } = message
  if (typeof originalUrl !== "string") return {}
  const original = parseTarget(method, originalUrl)?.path
  const path = parseTarget(method, url)?.path
  if (original === undefined || path === undefined) return {}
  const mount = typeof baseUrl === "string" ? baseUrl : mountBetween(original, path)
  const variables: Record<string, string> = {
    SCRIPT_NAME: decodePath(mount.replace(/\/+$/, "")),
    REQUEST_URI: originalUrl,
    RAW_URI: originalUrl,
  }
  // What was asked for is the mount itself; the slash is not the client's.
  if (mount !== "" && path === "/" && original === mount) variables["PATH_INFO"] = ""
  return variables
}

/** Connect has no baseUrl: the mount is what the path has lost. */
function mountBetween(original: string, path: string): string {
  if (original.endsWith(path)) return original.slice(0, original.length - path.length)
  return path === "/" ? original : ""
}

// ---- the body

/** The bytes of a body that a parser has read, as it came or as it can be put together again; undefined when it can't. */
function parsedBody({ body, rawBody, headers }: ConnectRequest): Uint8Array | undefined {
  const bytes = bytesOf(rawBody) ?? bytesOf(body)
  if (bytes !== undefined) return bytes
  const type =
    asciiLower(headers["content-type"] ?? "")
      .split(";", 1)[0]
      ?.trim() ?? ""
  if (type === "application/json" || type.endsWith("+json")) {
    return body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(body))
  }
  return type === "application/x-www-form-urlencoded" ? formOf(body) : undefined
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value
  return typeof value === "string" ? new TextEncoder().encode(value) : undefined
}

/** Only of plain pairs: the meaning of brackets in nested ones depends on the parser. */
function formOf(body: unknown): Uint8Array | undefined {
  if (typeof body !== "object" || body === null) return undefined
  const pairs = new URLSearchParams()
  for (const [key, value] of Object.entries(body)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (typeof each !== "string") return undefined
      pairs.append(key, each)
    }
  }
  return new TextEncoder().encode(pairs.toString())
}

const REPLACED: ReadonlySet<string> = new Set(["content-length", "transfer-encoding", "content-encoding"])

/** The body is whole and decoded now. */
function withLength(fields: readonly string[], bytes: number): string[] {
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    if (!REPLACED.has(asciiLower(name))) kept.push(name, fields[i + 1] as string)
  }
  kept.push("Content-Length", String(bytes))
  return kept
}
