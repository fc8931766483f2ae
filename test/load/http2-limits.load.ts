// Clients of HTTP/2 that never come to an end, fifty of each kind on one server with a heap of 96 MiB: all are let go, the body of
// every response is closed, and clients that behave are answered meanwhile.

import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { connect as connectHttp2 } from "node:http2"
import { connect as connectTls, type TLSSocket } from "node:tls"
import { fileURLToPath } from "node:url"
import { generate } from "selfsigned"
import { expect, onTestFinished, test } from "vitest"

const program = fileURLToPath(new URL("http2-server.mjs", import.meta.url))
const CLIENTS = 50

interface Figures {
  peak: number
  begun: number
  closed: number
  connections: number
}

async function start(): Promise<{ port: number; ask(): Promise<Figures> }> {
  const made = await generate([{ name: "commonName", value: "localhost" }])
  const child: ChildProcess = fork(program, {
    execArgv: ["--max-old-space-size=96"],
    env: { ...process.env, TLS_PAIR: JSON.stringify({ key: made.private, cert: made.cert }) },
  })
  onTestFinished(async () => {
    if (child.exitCode !== null) return
    child.disconnect()
    await once(child, "exit")
  })
  const [{ port }] = (await once(child, "message")) as [{ port: number }]
  const ask = async () => {
    child.send("figures")
    return ((await once(child, "message")) as [Figures])[0]
  }
  return { port, ask }
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const [DATA, HEADERS, SETTINGS, PING] = [0, 1, 4, 6] as const
const END_STREAM = 1
const END_HEADERS = 4

/** Fields without compression: a literal each (RFC 7541 section 6.2.2). */
function head(method: string, path: string): Buffer {
  const pairs = [
    [":method", method],
    [":scheme", "https"],
    [":path", path],
    [":authority", "localhost"],
  ] as const
  return Buffer.concat(
    pairs.flatMap(([name, value]) => [
      Buffer.of(0, name.length),
      Buffer.from(name),
      Buffer.of(value.length),
      Buffer.from(value),
    ]),
  )
}

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
// SETTINGS_INITIAL_WINDOW_SIZE 0
const NO_WINDOW = Buffer.of(0, 4, 0, 0, 0, 0)

/** What a client of each kind does; what it gives back is called every 100 ms while the connection stands. */
const kinds: Record<string, (socket: TLSSocket) => (() => void) | undefined> = {
  "says nothing": () => undefined,
  "sends a head without an end": (socket) => {
    socket.write(PREFACE)
    socket.write(frame(SETTINGS, 0, 0))
    socket.write(frame(HEADERS, END_STREAM, 1, head("GET", "/")))
    return undefined
  },
  "pings in place of requests": (socket) => {
    socket.write(PREFACE)
    socket.write(frame(SETTINGS, 0, 0))
    return () => void socket.write(frame(PING, 0, 0, Buffer.alloc(8)))
  },
  "sends no body": (socket) => {
    socket.write(PREFACE)
    socket.write(frame(SETTINGS, 0, 0))
    socket.write(frame(HEADERS, END_HEADERS, 1, head("POST", "/read")))
    return undefined
  },
  "sends a body a byte at a time": (socket) => {
    socket.write(PREFACE)
    socket.write(frame(SETTINGS, 0, 0))
    socket.write(frame(HEADERS, END_HEADERS, 1, head("POST", "/read")))
    return () => void socket.write(frame(DATA, 0, 1, Buffer.of(120)))
  },
  "opens no window": (socket) => {
    socket.write(PREFACE)
    socket.write(frame(SETTINGS, 0, 0, NO_WINDOW))
    for (let stream = 1; stream < 20; stream += 2) {
      socket.write(frame(HEADERS, END_STREAM | END_HEADERS, stream, head("GET", "/endless")))
    }
    return undefined
  },
}

test("clients without an end are let go, and others answered meanwhile", async () => {
  const { port, ask } = await start()
  const sockets = Object.values(kinds).flatMap((act) =>
    Array.from({ length: CLIENTS }, () => {
      const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"] })
      socket.on("error", () => {})
      socket.resume()
      let again: (() => void) | undefined
      socket.once("secureConnect", () => {
        again = act(socket)
      })
      const timer = setInterval(() => again?.(), 100)
      socket.once("close", () => clearInterval(timer))
      onTestFinished(() => void socket.destroy())
      return once(socket, "close")
    }),
  )
  let answered = 0
  let over = false
  const good = (async () => {
    while (!over) {
      const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
      // A machine that stands still for a second makes an idle client of this one too.
      session.on("error", () => {})
      const stream = session.request({ ":path": "/" })
      const status = await once(stream, "response").then(
        ([fields]) => (fields as { ":status": number })[":status"],
        () => undefined,
      )
      if (status === 200) answered++
      session.destroy()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  const began = performance.now()
  await Promise.all(sockets)
  const seconds = (performance.now() - began) / 1000
  over = true
  await good
  let figures = await ask()
  while (figures.closed < figures.begun || figures.connections > 0) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    figures = await ask()
  }
  const peak = figures.peak / 2 ** 20
  console.log(
    `${sockets.length} clients gone after ${seconds.toFixed(1)} s, ${answered} answered meanwhile, ${figures.closed} of ${figures.begun} bodies closed, peak heap ${peak.toFixed(1)} MiB`,
  )
  expect(figures.begun).toBe(CLIENTS * 10)
  expect(answered).toBeGreaterThan(0)
  expect(peak).toBeLessThan(90)
})
