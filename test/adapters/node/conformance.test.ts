// The conformance table over everything that node:http speaks to: TLS, HTTP/2, unix sockets. Plain TCP is in test/testing.

import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { connect as connectHttp2, createSecureServer as createHttp2Server, type IncomingHttpHeaders } from "node:http2"
import { createServer as createHttpsServer } from "node:https"
import { type AddressInfo, connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect as connectTls } from "node:tls"
import { generate } from "selfsigned"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createServer, serverSettings, setUpServer } from "../../../src/adapters/node.ts"
import type { Application, HeaderList } from "../../../src/gateway.ts"
import { conformance, differences, requestBytes, takeNotes } from "../../../src/testing/conformance.ts"
import type { ConformanceAnswer, ConformanceCase } from "../../../src/testing/conformance-case.ts"
import { exchange } from "../../support/raw-http.ts"
import { sleep } from "../../support/server.ts"

type Answer = ConformanceAnswer & { complete: boolean }

let current: Application = () => []
const app: Application = (environ, startResponse) => current(environ, startResponse)
const logged: string[] = []
const errors = { write: (text: string) => void logged.push(text), writeLines() {}, flush() {} }
const options = { errors }

let key = ""
let cert = ""
const ends: (() => void)[] = []
let https = 0
let http2 = 0
let folder = ""
let path = ""

beforeAll(async () => {
  const made = await generate([{ name: "commonName", value: "localhost" }])
  key = made.private
  cert = made.cert
  const secure = setUpServer(createHttpsServer({ ...serverSettings(options), key, cert }), app, options)
  const both = setUpServer(createHttp2Server({ ...serverSettings(options), key, cert }), app, options)
  const unix = createServer(app, options)
  folder = await mkdtemp(join(tmpdir(), "werkstatt-conformance-"))
  path = join(folder, "socket")
  for (const [{ server, destroy }, to] of [
    [secure, 0],
    [both, 0],
    [unix, path],
  ] as const) {
    server.listen(to === 0 ? { port: 0, host: "127.0.0.1" } : { path: to })
    await once(server, "listening")
    ends.push(() => destroy())
  }
  https = (secure.server.address() as AddressInfo).port
  http2 = (both.server.address() as AddressInfo).port
})
afterAll(async () => {
  for (const end of ends) end()
  await rm(folder, { recursive: true, force: true })
})

/** Over TLS the scheme is another one. */
const secured = conformance.map(([name, application, request, expected]): ConformanceCase => {
  return [name, application, request, expected.body === "http" ? { ...expected, body: "https" } : expected]
})

function check(cases: readonly ConformanceCase[], ask: (request: ConformanceCase[2]) => Promise<Answer>): void {
  for (const [name, application, request, expected] of cases) {
    test(name, async () => {
      current = application
      logged.length = 0
      takeNotes(application)
      const answer = await ask(request)
      expect(differences(expected, answer)).toEqual([])
      expect(answer.complete).toBe(expected.fails !== "after the head")
      expect(logged.join("") !== "").toBe(expected.fails !== undefined || expected.body === "hell")
      if (expected.notes === undefined) return
      const notes: string[] = []
      for (let tries = 0; tries < 100 && notes.length < expected.notes.length; tries++) {
        notes.push(...takeNotes(application))
        await sleep(5)
      }
      expect(notes).toEqual(expected.notes)
    })
  }
}

describe("HTTPS", () => {
  check(secured, (request) => {
    const socket = connectTls({ port: https, host: "127.0.0.1", rejectUnauthorized: false })
    return exchange(socket, requestBytes(request), request.method)
  })
})

describe("a unix socket", () => {
  // There is no address to tell of.
  const cases = conformance.filter(([, , , { body }]) => !body?.includes("127.0.0.1"))
  check(cases, (request) => exchange(connect(path), requestBytes(request), request.method))
})

/** What can't be said in HTTP/2: other versions, targets with a host, framing, and reason phrases. */
function isExpressible([, , request, expected]: ConformanceCase): boolean {
  const target = request.target ?? "/"
  return (
    request.protocol === undefined &&
    target.startsWith("/") &&
    typeof expected.status === "number" &&
    !("transfer-encoding" in (expected.headers ?? {})) &&
    !/HTTP\/1|chunked/.test(expected.body ?? "")
  )
}

describe("HTTP/2", () => {
  const cases = secured.filter(isExpressible)

  test("most of the table can be said", () => {
    expect(cases.length).toBeGreaterThan(conformance.length / 2)
  })

  check(cases, async (request) => {
    const session = connectHttp2(`https://127.0.0.1:${http2}`, { rejectUnauthorized: false })
    session.on("error", () => {})
    const headers: Record<string, string | string[]> = {
      ":method": request.method ?? "GET",
      ":path": request.target ?? "/",
      ":authority": "example.org",
    }
    for (const [name, value] of request.headers ?? []) {
      const lowered = name.toLowerCase()
      const before = headers[lowered]
      headers[lowered] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value]
    }
    const body = typeof request.body === "object" ? request.body.join("") : request.body
    if (typeof request.body === "string") headers["content-length"] = String(request.body.length)
    const stream = session.request(headers, { endStream: body === undefined })
    let isBroken = false
    stream.on("error", () => {
      isBroken = true
    })
    if (body !== undefined) stream.end(Buffer.from(body, "latin1"))
    let fields: IncomingHttpHeaders = {}
    let raw: string[] = []
    stream.on("response", ((head: IncomingHttpHeaders, _flags: number, list: string[]) => {
      fields = head
      raw = list
    }) as unknown as () => void)
    const chunks: Buffer[] = []
    stream.on("data", (chunk: Buffer) => chunks.push(chunk))
    await new Promise((resolve) => stream.once("close", resolve))
    session.close()
    const list: HeaderList = []
    for (let i = 0; i < raw.length; i += 2) {
      if (!raw[i]?.startsWith(":")) list.push([raw[i] as string, raw[i + 1] as string])
    }
    return { status: String(fields[":status"]), headers: list, body: Buffer.concat(chunks), complete: !isBroken }
  })
})
