// Clients of HTTP/2 that never come to an end, fifty of each kind on one server with a heap of 96 MiB: all are let go, the body of
// every response is closed, and clients that behave are answered meanwhile.

import { once } from "node:events"
import { connect as connectHttp2 } from "node:http2"
import { connect as connectTls, type TLSSocket } from "node:tls"
import { expect, onTestFinished, test } from "vitest"
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  NO_WINDOW,
  PING,
  PREFACE,
  requestFields,
  SETTINGS,
} from "../support/http2-frames.ts"
import { ask, startServer } from "./server-process.ts"

const CLIENTS = 50

interface Figures {
  peak: number
  begun: number
  closed: number
  connections: number
}

/** What a client of each kind does; what it gives back is called every 100 ms while the connection stands. */
const kinds: Record<string, (socket: TLSSocket) => (() => void) | undefined> = {
  "says nothing": () => undefined,
  "sends a head without an end": (socket) => {
    socket.write(PREFACE)
    socket.write(frame(SETTINGS, 0, 0))
    socket.write(frame(HEADERS, END_STREAM, 1, requestFields("GET")))
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
    socket.write(frame(HEADERS, END_HEADERS, 1, requestFields("POST", "/read")))
    return undefined
  },
  "sends a body a byte at a time": (socket) => {
    socket.write(PREFACE)
    socket.write(frame(SETTINGS, 0, 0))
    socket.write(frame(HEADERS, END_HEADERS, 1, requestFields("POST", "/read")))
    return () => void socket.write(frame(DATA, 0, 1, Buffer.of(120)))
  },
  "opens no window": (socket) => {
    socket.write(PREFACE)
    socket.write(frame(SETTINGS, 0, 0, NO_WINDOW))
    for (let stream = 1; stream < 20; stream += 2) {
      socket.write(frame(HEADERS, END_STREAM | END_HEADERS, stream, requestFields("GET", "/endless")))
    }
    return undefined
  },
}

test("clients without an end are let go, and others answered meanwhile", async () => {
  const { child, port } = await startServer("http2-server")
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
      stream.on("error", () => {})
      const status = await new Promise<number | undefined>((resolve) => {
        stream.once("response", (fields) => resolve(fields[":status"]))
        stream.once("close", () => resolve(undefined))
      })
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
  let figures = await ask<Figures>(child, "figures")
  while (figures.closed < figures.begun || figures.connections > 0) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    figures = await ask<Figures>(child, "figures")
  }
  const peak = figures.peak / 2 ** 20
  console.log(
    `${sockets.length} clients gone after ${seconds.toFixed(1)} s, ${answered} answered meanwhile, ${figures.closed} of ${figures.begun} bodies closed, peak heap ${peak.toFixed(1)} MiB`,
  )
  expect(figures.begun).toBe(CLIENTS * 10)
  expect(answered).toBeGreaterThan(0)
  expect(peak).toBeLessThan(90)
})
