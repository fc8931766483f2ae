// Both engines read the same bytes: whatever one refuses the other refuses, with the same status, and what they take they take
// alike. Where they differ on purpose, it is said here, with the reason.

import { once } from "node:events"
import { type AddressInfo, connect, type Server } from "node:net"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createNetServer } from "../../../src/adapters/net.ts"
import { createServer as createHttp } from "../../../src/adapters/node.ts"
import type { Application } from "../../../src/gateway.ts"
import { encode } from "../../support/server.ts"
import { conversation, cuts, pieces } from "./request-bytes.ts"

/** Answers with what it has seen: to a PUT before it has read anything, to an OPTIONS some turns later. */
const app: Application = async (environ, startResponse) => {
  if (environ.REQUEST_METHOD === "OPTIONS") await new Promise((resolve) => setTimeout(resolve, 2))
  const body = environ.REQUEST_METHOD === "PUT" ? [] : await environ["wsgi.input"].read()
  const fields = Object.entries(environ).filter(([key]) => /^(?:HTTP_|CONTENT_)/.test(key))
  const { REQUEST_METHOD, REQUEST_URI, PATH_INFO, QUERY_STRING, SERVER_PROTOCOL } = environ
  const seen = [REQUEST_METHOD, REQUEST_URI, PATH_INFO, QUERY_STRING, SERVER_PROTOCOL, fields]
  startResponse("200 OK", [["X-Method", REQUEST_METHOD]])
  return [encode(JSON.stringify([...seen, Buffer.from(body).toString("latin1")]))]
}

interface Engine {
  server: Server
  port: number
  destroy(): void
}

const silent = { write: () => {}, writeLines: () => {}, flush: () => {} }
const engines: Engine[] = []

beforeAll(async () => {
  for (const create of [createHttp, createNetServer]) {
    const { server, destroy } = create(app, { errors: silent, halfCloseGraceMs: 200 })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    engines.push({ server, port: (server.address() as AddressInfo).port, destroy })
  }
})
afterAll(() => {
  for (const { destroy } of engines) destroy()
})

/** Says `parts`, one after the other, and closes its sending side; gives all that comes back. */
async function say(port: number, parts: readonly string[]): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true })
  let received = ""
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1")
  })
  socket.on("end", () => socket.end())
  socket.on("error", () => {})
  for (const part of parts) {
    socket.write(Buffer.from(part, "latin1"))
    if (parts.length < 20) await new Promise(setImmediate)
  }
  socket.end()
  if (!socket.closed) await once(socket, "close")
  return received
}

interface Answer {
  status: string
  isLast: boolean
  seen: unknown
}

/** The answers in what was received. */
function answersIn(text: string): Answer[] {
  const answers: Answer[] = []
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\r\n\r\n", at)
    const head = text.slice(at, end)
    if (end === -1 || !head.startsWith("HTTP/1.1 "))
      throw new Error(`no answer: ${JSON.stringify(text.slice(at, at + 200))}`)
    const isHead = /\r\nX-Method: HEAD(?:\r\n|$)/.test(head)
    const length = Number(/\r\nContent-Length: (\d+)/i.exec(head)?.[1] ?? 0)
    at = end + 4 + (isHead ? 0 : length)
    const status = head.slice(9, 12)
    const seen = status === "200" && !isHead ? JSON.parse(text.slice(end + 4, at)) : undefined
    answers.push({ status, isLast: /\r\nConnection: close/i.test(head), seen })
  }
  return answers
}

const RUNS = Number(process.env["WERKSTATT_DIFFERENTIAL_RUNS"] ?? 3000)

test(`${RUNS} conversations, in any pieces`, { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(conversation, cuts, async (text, at) => {
      const [http, net] = (await Promise.all(engines.map(({ port }) => say(port, pieces(text, at))))) as [
        string,
        string,
      ]
      expect(answersIn(net)).toEqual(answersIn(http))
    }),
    { numRuns: RUNS },
  )
})
