// What HTTP/2 clients may not do for ever. The frames are written by hand, so that they can be wrong.

import { once } from "node:events"
import { connect as connectHttp2, createSecureServer } from "node:http2"
import type { AddressInfo } from "node:net"
import { connect as connectTls, type TLSSocket } from "node:tls"
import { generate } from "selfsigned"
import { beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { type NodeServerOptions, serverSettings, setUpServer } from "../../../src/adapters/node.ts"
import type { Application } from "../../../src/gateway.ts"
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  NO_WINDOW,
  PING,
  PREFACE,
  RST_STREAM,
  requestFields,
  SETTINGS,
} from "../../support/http2-frames.ts"
import { answering, encode, sleep } from "../../support/server.ts"

let key = ""
let cert = ""
beforeAll(async () => {
  const made = await generate([{ name: "commonName", value: "localhost" }])
  key = made.private
  cert = made.cert
})

const SHORT: NodeServerOptions = {
  firstByteTimeoutMs: 150,
  headersTimeoutMs: 150,
  requestTimeoutMs: 200,
  keepAliveTimeoutMs: 150,
  sendTimeoutMs: 200,
}

async function serve(app: Application, options: NodeServerOptions = SHORT) {
  const http2 = createSecureServer({ ...serverSettings(options), allowHTTP1: true, key, cert })
  const errors: string[] = []
  const log = { write: (text: string) => void errors.push(text), writeLines: () => {}, flush: () => {} }
  const { server, drain, destroy } = setUpServer(http2, app, { errors: log, ...options })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => destroy())
  return { port: (server.address() as AddressInfo).port, drain, errors }
}

/** A connection with the preface sent, and settings of its own. */
async function speak(port: number, settings: Buffer = Buffer.alloc(0)): Promise<TLSSocket> {
  const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"] })
  socket.on("error", () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, "secureConnect")
  socket.write(Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0, settings)]))
  return socket
}

/** Whether the server ends the connection, or the stream 1, within the time of a patient test. */
async function ended(socket: TLSSocket): Promise<"closed" | "reset"> {
  let rest = Buffer.alloc(0)
  return new Promise((resolve) => {
    socket.on("close", () => resolve("closed"))
    socket.on("end", () => resolve("closed"))
    socket.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
        if (rest[3] === RST_STREAM) resolve("reset")
        rest = rest.subarray(9 + rest.readUIntBE(0, 3))
      }
    })
  })
}

const reading: Application = async (environ, startResponse) => {
  for await (const _chunk of environ["wsgi.input"]);
  return answering("read")(environ, startResponse)
}

describe("HTTP/2 clients that never come to an end", () => {
  test("a connection that says nothing", async () => {
    const { port } = await serve(answering("ok"))
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"] })
    socket.on("error", () => {})
    socket.resume()
    await once(socket, "close")
  })

  test("a head without an end", async () => {
    const { port } = await serve(answering("ok"))
    const socket = await speak(port)
    socket.write(frame(HEADERS, END_STREAM, 1, requestFields("GET")))
    expect(await ended(socket)).toBe("closed")
  })

  test("pings instead of requests", async () => {
    const { port } = await serve(answering("ok"))
    const socket = await speak(port)
    const timer = setInterval(() => socket.write(frame(PING, 0, 0, Buffer.alloc(8))), 20)
    expect(await ended(socket)).toBe("closed")
    clearInterval(timer)
  })

  test("a body that does not come, or comes a byte at a time", async () => {
    const failures: string[] = []
    const { port } = await serve(async (environ, startResponse) => {
      try {
        return await reading(environ, startResponse)
      } catch (error) {
        failures.push((error as Error).constructor.name)
        throw error
      }
    })
    const silent = await speak(port)
    silent.write(frame(HEADERS, END_HEADERS, 1, requestFields("POST")))
    const dripping = await speak(port)
    dripping.write(frame(HEADERS, END_HEADERS, 1, requestFields("POST")))
    const timer = setInterval(() => dripping.write(frame(DATA, 0, 1, encode("x"))), 20)
    await Promise.all([ended(silent), ended(dripping)])
    clearInterval(timer)
    expect(failures).toEqual(["ClientDisconnected", "ClientDisconnected"])
  })

  test("a client that never opens its window", async () => {
    let closed = 0
    const { port } = await serve((_environ, startResponse) => {
      startResponse("200 OK", [["Content-Type", "text/plain"]])
      async function* generate() {
        for (;;) yield encode("x".repeat(10_000))
      }
      return Object.assign(generate(), { close: () => void closed++ })
    })
    const socket = await speak(port, NO_WINDOW)
    socket.write(frame(HEADERS, END_STREAM | END_HEADERS, 1, requestFields("GET")))
    expect(await ended(socket)).toBe("reset")
    while (closed === 0) await sleep(10)
  })
})

describe("HTTP/2 clients that leave", () => {
  test.each(["NO_ERROR", "CANCEL", "session"])("by %s: the body is closed once, and the signal aborts", async (how) => {
    const noted: string[] = []
    const { port, errors } = await serve((environ, startResponse) => {
      environ["wsgi.signal"]?.addEventListener("abort", () => noted.push("aborted"))
      startResponse("200 OK", [["Content-Type", "text/plain"]])
      async function* generate() {
        for (;;) {
          yield encode("x")
          await sleep(5)
        }
      }
      return Object.assign(generate(), { close: () => void noted.push("closed") })
    }, {})
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
    session.on("error", () => {})
    onTestFinished(() => session.destroy())
    const stream = session.request({ ":path": "/" })
    stream.on("error", () => {})
    await once(stream, "response")
    if (how === "session") session.destroy()
    else stream.close(how === "NO_ERROR" ? 0 : 8)
    while (noted.length < 2) await sleep(10)
    await sleep(30)
    expect(noted.sort()).toEqual(["aborted", "closed"])
    expect(errors).toEqual([])
  })
})

test("HTTP/1.1 clients of a server that speaks both have the same limits", async () => {
  const { port } = await serve(answering("ok"))
  const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false })
  socket.on("error", () => {})
  let received = ""
  socket.on("data", (chunk) => {
    received += String(chunk)
  })
  await once(socket, "secureConnect")
  socket.write("GET / HTTP/1.1\r\nHo")
  await once(socket, "close")
  expect(received).toMatch(/^(HTTP\/1\.1 408 |$)/)
})

test.each<[string, [string, string]]>([
  ["a line feed in a value", ["x-a", "1\nx-b: 2"]],
  ["NUL in a value", ["x-a", "a\0b"]],
  ["a colon in a name", ["a:b", "c"]],
  ["an upper-case name", ["X-A", "1"]],
  ["a field of the connection", ["transfer-encoding", "chunked"]],
])("%s never reaches the application", async (_what, pair) => {
  const seen: unknown[] = []
  const { port } = await serve((environ, startResponse) => {
    seen.push(...Object.keys(environ).filter((name) => /^HTTP_(X|A|TRANSFER)/.test(name)))
    return answering("ok")(environ, startResponse)
  })
  const socket = await speak(port)
  socket.write(frame(HEADERS, END_STREAM | END_HEADERS, 1, requestFields("GET", "/", pair)))
  await ended(socket)
  expect(seen).toEqual([])
})
