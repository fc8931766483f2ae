// What a case of the conformance table is: an application, a request that can be written to a socket or given to a builder,
// and what has to come back. Plain values, so that any test runner and any kind of server can use them.

import type { Application, Body, Environ, HeaderList, StartResponse } from "../gateway.ts"
import type { EnvironBuilderOptions } from "./environ-builder.ts"

/** A request, as it stands on the wire. Text is Latin-1: a character is a byte. */
export interface ConformanceRequest {
  /** `GET` unless given. */
  method?: string
  /** The request target, percent-encoded; `/` unless given. */
  target?: string
  /** Without `Host` (which is `example.org`), `Content-Length` and `Transfer-Encoding`. */
  headers?: readonly (readonly [name: string, value: string])[]
  /** Text is sent with a Content-Length, an array in chunks. */
  body?: string | readonly string[]
  /** `HTTP/1.1` unless given. */
  protocol?: "HTTP/1.0" | "HTTP/1.1"
}

/** What has to come back. What is left out is not looked at. */
export interface ConformanceExpectation {
  /** Status code, and the reason phrase where it matters: `"299 Fine"`. HTTP/2 has none. */
  status: number | string
  /** Values by lower-case name, several of them in order; `null`: the header is not there. */
  headers?: Readonly<Record<string, string | readonly string[] | null>>
  /** The body, Latin-1. */
  body?: string
  /**
   * How the application fails. `before the head`: a server answers 500. `after the head`: a server cuts the connection, so that
   * the client sees that something is missing. Without a server, the error comes back to the caller.
   */
  fails?: "before the head" | "after the head"
  /** The rules of `docs/gateway.md` that the application breaks: inside the linter, the error is a LintError. */
  breaks?: readonly string[]
  /** What the application has noted when all is over, in order: see `takeNotes`. */
  notes?: readonly string[]
}

/** One row: a claim about the server, an application, a request to it, and what has to come back. */
export type ConformanceCase = readonly [
  name: string,
  application: Application,
  request: ConformanceRequest,
  expected: ConformanceExpectation,
]

const notebooks = new WeakMap<Application, string[]>()

/** An application that can note what happens to it. */
export function noting(make: (note: (text: string) => void) => Application): Application {
  const notes: string[] = []
  const app = make((text) => notes.push(text))
  notebooks.set(app, notes)
  return app
}

/** What the application of a case has noted, and forgets now. The notes of another process can't be seen. */
export function takeNotes(application: Application): string[] {
  return notebooks.get(application)?.splice(0) ?? []
}

/** Latin-1 text as bytes. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** Bytes as Latin-1 text. */
export function latin1Text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
}

/** The request as bytes for a socket. The server is asked to close the connection. */
export function requestBytes(request: ConformanceRequest): Uint8Array {
  const { method = "GET", target = "/", headers = [], body, protocol = "HTTP/1.1" } = request
  const lines = [`${method} ${target} ${protocol}`, "Host: example.org", "Connection: close"]
  for (const [name, value] of headers) lines.push(`${name}: ${value}`)
  if (typeof body === "string") lines.push(`Content-Length: ${body.length}`)
  if (typeof body === "object") lines.push("Transfer-Encoding: chunked")
  const chunks = typeof body === "object" ? body.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`) : []
  const content = typeof body === "object" ? `${chunks.join("")}0\r\n\r\n` : (body ?? "")
  return latin1(`${lines.join("\r\n")}\r\n\r\n${content}`)
}

/** The request as arguments of an EnvironBuilder. */
export function requestOptions(request: ConformanceRequest): EnvironBuilderOptions {
  const { method = "GET", target = "/", headers = [], body, protocol = "HTTP/1.1" } = request
  const options: EnvironBuilderOptions = { method, path: target, headers, serverProtocol: protocol }
  // An absolute target names its host itself.
  if (!target.includes("://")) options.baseUrl = "http://example.org"
  if (typeof body === "string") {
    options.data = latin1(body)
    options.contentLength = body.length
  }
  if (typeof body === "object") options.inputStream = body.map(latin1)
  return options
}

/** A response, as far as it is compared. */
export interface ConformanceAnswer {
  /** Code and reason phrase. */
  status: string
  headers: HeaderList
  body: Uint8Array
}

/** In what an answer differs from what was expected, in words; empty when it conforms. `fails` and `notes` are left to the caller. */
export function differences(expected: ConformanceExpectation, answer: ConformanceAnswer): string[] {
  const found: string[] = []
  const compare = (what: string, actual: unknown, wanted: unknown) => {
    const [is, should] = [JSON.stringify(actual), JSON.stringify(wanted)]
    if (is !== should) found.push(`${what} is ${is}, not ${should}`)
  }
  if (typeof expected.status === "number") compare("status", Number(answer.status.slice(0, 3)), expected.status)
  else compare("status", answer.status, expected.status)
  for (const [name, wanted] of Object.entries(expected.headers ?? {})) {
    const values = answer.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
    compare(name, values, wanted === null ? [] : typeof wanted === "string" ? [wanted] : wanted)
  }
  if (expected.body !== undefined) compare("body", latin1Text(answer.body), expected.body)
  return found
}

const PLAIN: HeaderList = [["Content-Type", "text/plain; charset=latin-1"]]

/** Answers 200 with that text, in one piece. */
export function say(startResponse: StartResponse, text: string, status = "200 OK", headers: HeaderList = PLAIN): Body {
  startResponse(
    status,
    headers.map(([name, value]) => [name, value]),
  )
  return [latin1(text)]
}

/** An application that answers with these variables of the environ, one on a line, `-` for those that are not there. */
export function showing(...keys: string[]): Application {
  return (environ: Environ, startResponse) => {
    const lines = keys.map((key) => (key in environ ? String(environ[key]) : "-"))
    return say(startResponse, lines.join("\n"))
  }
}
