// The table holds for the client, inside the linter and without it, and for a server on a real socket: all give the same answers.

import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createServer } from "../../src/adapters/node.ts"
import type { Application } from "../../src/gateway.ts"
import { type LintError, lint, unclosedBodies } from "../../src/middleware/lint.ts"
import { Client } from "../../src/testing/client.ts"
import {
  type ConformanceAnswer,
  conformance,
  differences,
  requestBytes,
  requestOptions,
  takeNotes,
} from "../../src/testing/conformance.ts"
import { type WebSocketConformanceCase, websocketConformance } from "../../src/testing/conformance-websockets.ts"
import { WebSocketRefused } from "../../src/testing/test-websocket.ts"
import { exchange } from "../support/raw-http.ts"

/** What a test sees, or what the application threw, with what was read before. */
async function ask(client: Client, request: Parameters<typeof requestOptions>[0]) {
  const response = await client.open(requestOptions(request))
  const chunks: Uint8Array[] = []
  let error: unknown
  try {
    for await (const chunk of response.iterEncoded()) chunks.push(chunk)
  } catch (reason) {
    error = reason
  }
  const answer: ConformanceAnswer = {
    status: response.status,
    headers: response.headers.toList(),
    body: Buffer.concat(chunks),
  }
  return { answer, error }
}

describe("the client agrees", () => {
  for (const [name, application, request, expected] of conformance) {
    if (expected.breaks !== undefined) continue
    test(name, async () => {
      const reported: string[] = []
      const client = new Client(application, { lint: { report: (breach) => reported.push(String(breach)) } })
      if (expected.fails === "before the head") {
        await expect(ask(client, request)).rejects.toThrow()
      } else {
        const { answer, error } = await ask(client, request)
        expect(differences(expected, answer)).toEqual([])
        expect(error !== undefined).toBe(expected.fails === "after the head")
      }
      if (expected.notes) expect(takeNotes(application)).toEqual(expected.notes)
      expect(reported).toEqual([])
    })
  }
})

describe("the linter finds what breaks the rules", () => {
  for (const [name, application, request, { breaks, notes }] of conformance) {
    if (breaks === undefined) continue
    test(name, async () => {
      const reported: LintError[] = []
      const client = new Client(application, { lint: { report: (breach) => reported.push(breach) } })
      // Advice is reported only where the body is looked at.
      const head = request.method === "HEAD"
      await ask(client, request).catch(() => undefined)
      if (!head) expect(reported.map(({ rule }) => rule)).toEqual(expect.arrayContaining([...breaks]))
      if (notes) expect(takeNotes(application)).toEqual(notes)
    })
  }
})

describe("a server agrees", () => {
  let current: Application = () => []
  const logged: string[] = []
  const errors = { write: (text: string) => void logged.push(text), writeLines() {}, flush() {} }
  const { server, destroy } = createServer((environ, startResponse) => current(environ, startResponse), { errors })
  let port = 0
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => destroy())

  for (const [name, application, request, expected] of conformance) {
    test(name, async () => {
      current = application
      logged.length = 0
      const response = await exchange(port, requestBytes(request), request.method)
      expect(differences(expected, response)).toEqual([])
      expect(response.complete).toBe(expected.fails !== "after the head")
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

  for (const [name, application, request, { breaks }] of conformance) {
    if (breaks !== undefined) continue
    test(`${name}, and the linter has nothing to say about the server`, async () => {
      const reported: string[] = []
      current = lint(application, { report: (breach) => reported.push(String(breach)) })
      await exchange(port, requestBytes(request), request.method)
      await expect.poll(() => unclosedBodies(current)).toEqual([])
      expect(reported).toEqual([])
    })
  }
})

/** Takes the steps of a case with the test client, which sends no pings. */
async function talk(client: Client, [, , request]: WebSocketConformanceCase) {
  const { target = "/", headers = [], protocols = [], steps = [] } = request
  const socket = await client.websocket(target, { headers, protocols })
  const outcome = { socket, received: [] as unknown[], error: undefined as unknown }
  try {
    for (const [what, value, reason] of steps) {
      if (what === "send") await socket.send(value as string)
      else if (what === "receive") outcome.received.push(await socket.receive())
      else if (what === "close") await socket.close(value as number, reason)
      else if (what === "break off") await socket.terminate()
    }
    while ((await socket.receive()) !== undefined);
  } catch (error) {
    outcome.error = error
  }
  return outcome
}

describe("the client agrees on WebSockets", () => {
  // The test client says itself that there is a handshake.
  const cases = websocketConformance.filter(([name]) => name !== "a handshake of another version is none")
  for (const row of cases) {
    const [name, application, request, expected] = row
    test(name, async () => {
      const reported: LintError[] = []
      const client = new Client(application, { lint: { report: (breach) => reported.push(breach) } })
      takeNotes(application)
      if (expected.status !== 101) {
        const refusal = await talk(client, row).catch((error: unknown) => error)
        if (refusal instanceof WebSocketRefused) {
          const body = await refusal.response.data()
          const { status, headers = {} } = expected
          const wanted = expected.body === undefined ? { status, headers } : { status, headers, body: expected.body }
          const answer = { status: refusal.response.status, headers: refusal.response.headers.toList(), body }
          if (expected.breaks === undefined) expect(differences(wanted, answer)).toEqual([])
        } else expect(expected.fails).toBe(true)
      } else {
        const { socket, received, error } = await talk(client, row)
        expect(received).toEqual((request.steps ?? []).filter(([what]) => what === "receive").map(([, value]) => value))
        expect(error !== undefined).toBe(expected.fails === true)
        if (expected.closeCode !== undefined) expect(socket.closeCode).toBe(expected.closeCode)
        if (expected.closeReason !== undefined) expect(socket.closeReason).toBe(expected.closeReason)
        for (const [key, value] of Object.entries(expected.headers ?? {})) {
          const values = socket.response.headers.getAll(key)
          expect(values).toEqual(value === null ? [] : [value].flat())
        }
      }
      if (expected.notes) expect(takeNotes(application)).toEqual(expected.notes)
      const rules = reported.filter(({ level }) => level === "error").map(({ rule }) => rule)
      expect([...new Set(rules)]).toEqual(expected.breaks ?? [])
    })
  }
})

test("a case differs from an answer in words", () => {
  const answer: ConformanceAnswer = { status: "200 OK", headers: [["X-N", "1"]], body: new Uint8Array([104, 105]) }
  expect(differences({ status: 200, headers: { "x-n": "1" }, body: "hi" }, answer)).toEqual([])
  expect(differences({ status: "201 Created", headers: { "x-n": null, etag: "a" }, body: "ho" }, answer)).toEqual([
    'status is "200 OK", not "201 Created"',
    'x-n is ["1"], not []',
    'etag is [], not ["a"]',
    'body is "hi", not "ho"',
  ])
})

test("names are told apart, and there are enough of them", () => {
  const names = [...conformance, ...websocketConformance].map(([name]) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(conformance.length).toBeGreaterThanOrEqual(90)
})
