// Memory that is used again: what passes through the proxy stays what it was, whoever else is served at the same time.

import { createHash } from "node:crypto"
import type { ServerResponse } from "node:http"
import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, onTestFinished, test } from "vitest"
import { collectBody } from "../../src/environ/body.ts"
import type { Application } from "../../src/gateway.ts"
import { httpProxy } from "../../src/proxy/http-proxy.ts"
import { answer } from "../middleware/calling.ts"
import { linted } from "../support/lint.ts"
import { serveUnlinted } from "../support/server.ts"
import { httpUpstream } from "./upstream-server.ts"

const KIB = 1024
const SIZES = [0, 1, 16 * KIB - 300, 16 * KIB, 64 * KIB + 1, 256 * KIB - 1, 256 * KIB, 700_001, 2_500_000]

/** Bytes that are different for each seed, and at each place. */
function contentOf(seed: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  let state = seed * 2654435761 + 1
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

const digest = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest("hex")

/** Answers `/seed/size/framing`, in pieces that fit to nothing. */
async function upstream(): Promise<string> {
  const send = async (response: ServerResponse, bytes: Buffer) => {
    for (let at = 0, piece = 50_001; at < bytes.length && !response.destroyed; at += piece) {
      if (!response.write(bytes.subarray(at, at + piece))) await sleep(0)
    }
    response.end()
  }
  const { url } = await httpUpstream((request, response) => {
    const [, seed, size, framing] = (request.url ?? "").split("/")
    const bytes = contentOf(Number(seed), Number(size))
    response.writeHead(200, {
      "Content-Type": "application/octet-stream",
      ...(framing === "length" ? { "Content-Length": bytes.length } : {}),
    })
    void send(response, bytes)
  })
  return url
}

async function ask(port: number, path: string): Promise<Uint8Array> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return new Uint8Array(await response.arrayBuffer())
}

/** More than the kernel's buffers take: the rest waits in this process while others are served. */
const LONG = 12_000_000

/** The body, for a client that does not read before `start`. */
async function askPatiently(port: number, path: string, start: Promise<unknown>): Promise<Uint8Array> {
  const socket = connect(port, "127.0.0.1")
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  await start
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  const answer = Buffer.concat(chunks)
  return answer.subarray(answer.indexOf("\r\n\r\n") + 4)
}

/** Reads a part of the answer, slowly, and is gone. */
async function leaveEarly(port: number, path: string): Promise<void> {
  const socket = connect(port, "127.0.0.1")
  socket.on("error", () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  let taken = 0
  for await (const chunk of socket) {
    taken += (chunk as Buffer).length
    if (taken > 300_000) break
    await sleep(1)
  }
  socket.destroy()
}

/** An application between server and proxy that has all chunks before it sends one. */
const keeping =
  (app: Application): Application =>
  async (environ, startResponse) =>
    collectBody(await app(environ, startResponse))

describe("bodies of many lengths to many clients arrive as they were sent", () => {
  test.each<[string, (app: Application) => Application]>([
    ["lent to the server", (app) => app],
    ["copied for the linter", linted],
    ["kept by a layer", keeping],
  ])("%s", async (_name, layer) => {
    const proxy = httpProxy(answer("inside"), { "/": await upstream() }, { maxConnections: 8 })
    onTestFinished(() => proxy.close())
    const { port, errors } = await serveUnlinted(layer(proxy))
    let startReading = () => {}
    const start = new Promise<void>((resolve) => {
      startReading = resolve
    })
    const patient = [1, 2, 3].map(async (seed) => {
      const bytes = await askPatiently(port, `/${800 + seed}/${LONG}/length`, start)
      expect([bytes.length, digest(bytes)]).toEqual([LONG, digest(contentOf(800 + seed, LONG))])
    })
    await sleep(500)
    const others = SIZES.flatMap((size, i) =>
      ["length", "chunked"].flatMap((framing, j) =>
        [0, 1].map(async (k) => {
          const seed = 100 * i + 10 * j + k
          const bytes = await ask(port, `/${seed}/${size}/${framing}`)
          expect([size, framing, bytes.length]).toEqual([size, framing, size])
          expect(digest(bytes), `${size} ${framing}`).toBe(digest(contentOf(seed, size)))
        }),
      ),
    )
    const leaving = [1, 2, 3, 4].map((seed) => leaveEarly(port, `/${900 + seed}/2500000/length`))
    await Promise.all([...others, ...leaving])
    startReading()
    await Promise.all(patient)
    expect(errors).toEqual([])
  })
})
