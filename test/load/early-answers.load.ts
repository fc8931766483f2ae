// Answers in the middle of a body, to many clients at once that write all they have before they read: each gets its answer, and
// the server keeps nothing of what it throws away. The server has a process of its own with a heap of 96 MiB.

import { execFile } from "node:child_process"
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { promisify } from "node:util"
import { describe, expect, onTestFinished, test } from "vitest"
import { ask, startServer } from "./server-process.ts"

const BLOCK = 65_536
/** How the body begins: the one field is longer than a form may be, or has a head that is none. */
const opening = (path: string) =>
  path === "/form-malformed"
    ? "--B\r\nno field at all\r\n\r\n"
    : `--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n`

/** What one client gets: the status, whether a second request on the connection was answered, and how the connection ended. */
interface Outcome {
  status: string
  second: boolean
  end: "orderly" | "reset"
}

/** Writes a body of that size whole, asks again on the same connection, and reads only then. */
async function client(port: number, path: string, size: number, chunked: boolean, expects: boolean): Promise<Outcome> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  let received = ""
  let end: Outcome["end"] | undefined
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1")
  })
  socket.on("end", () => {
    end ??= "orderly"
  })
  socket.on("error", () => {
    end = "reset"
  })
  await once(socket, "connect")
  const framing = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${opening(path).length + size}`
  const expectation = expects ? "Expect: 100-continue\r\n" : ""
  const type = "Content-Type: multipart/form-data; boundary=B"
  socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\n${type}\r\n${expectation}${framing}\r\n\r\n`)
  const until = async (done: () => boolean) => {
    while (!done() && end === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  if (expects) await until(() => received.includes("\r\n\r\n"))
  if (!expects || received.startsWith("HTTP/1.1 100")) {
    const block = "x".repeat(BLOCK)
    await write(socket, opening(path), chunked)
    for (let sent = 0; sent < size && end !== "reset"; sent += BLOCK) {
      await write(socket, block.slice(0, Math.min(BLOCK, size - sent)), chunked)
    }
    if (chunked) socket.write("0\r\n\r\n")
  }
  await until(() => /HTTP\/1\.1 4/.test(received))
  if (!/connection: close/i.test(received)) socket.write("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
  await until(() => false)
  const answers = received.match(/HTTP\/1\.1 [2-5]\d\d/g) ?? []
  return { status: answers[0] ?? "none", second: answers.length > 1, end: end ?? "orderly" }
}

async function write(socket: Socket, text: string, chunked: boolean): Promise<void> {
  const wait = !socket.write(chunked ? `${text.length.toString(16)}\r\n${text}\r\n` : text, "latin1")
  if (!wait) return
  // An answer may end the connection while the client waits for room.
  const over = new AbortController()
  const { signal } = over
  await Promise.race([once(socket, "drain", { signal }), once(socket, "close", { signal })]).catch(() => {})
  over.abort()
}

const CLIENTS = 12
const paths = ["/ignored", "/form-too-large", "/form-malformed", "/body-limit", "/left"]
const cases = [70_000, 1_500_000, 20_000_000].flatMap((size) =>
  [false, true].flatMap((chunked) => [false, true].map((expects) => ({ size, chunked, expects }))),
)

describe("answers in the middle of a body, twelve clients for each of five applications", () => {
  test.each(cases)("$size bytes, chunked: $chunked, with Expect: $expects", async ({ size, chunked, expects }) => {
    const { child, port } = await startServer("early-server")
    const outcomes = await Promise.all(
      paths.flatMap((path) =>
        Array.from({ length: CLIENTS }, async () => [path, await client(port, path, size, chunked, expects)] as const),
      ),
    )
    const peak = (await ask<{ peak: number }>(child, "peak")).peak / 2 ** 20
    const second = outcomes.filter(([, outcome]) => outcome.second).length
    console.log(
      `${size} bytes${chunked ? ", chunked" : ""}${expects ? ", Expect" : ""}: ${outcomes.length} answered, ${second} went on, peak heap ${peak.toFixed(1)} MiB`,
    )
    for (const [path, { status, end }] of outcomes) {
      expect([path, status, end]).toEqual([path, expect.stringMatching(/ (400|413)$/), "orderly"])
    }
    expect(peak).toBeLessThan(90)
    expect(child.exitCode).toBe(null)
    // What is short enough to be thrown away keeps its connection, unless the client was told to keep its body.
    if (size < 100_000 && !expects) expect(second).toBe(outcomes.length)
  })
})

test("a client on a slow line, which goes on sending for five seconds, gets its answer without a reset", async () => {
  const { port } = await startServer("early-server")
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  let received = ""
  let failed = false
  socket.on("error", () => {
    failed = true
  })
  socket.write("POST /ignored HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n")
  for (let i = 0; i < 50; i++) {
    socket.write(Buffer.alloc(10_000))
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  // Read at last.
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1")
  })
  await once(socket, "end")
  expect(received).toMatch(/^HTTP\/1\.1 413 [\s\S]*too large$/)
  expect(failed).toBe(false)
})

const PYTHON = `
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
connection.request("POST", sys.argv[2], b"x" * 10_000_000, {"Content-Type": "multipart/form-data; boundary=B"})
print(connection.getresponse().status)
`

test("Python's http.client, which writes 10 MB before it reads, sees the answers", async ({ skip }) => {
  const run = promisify(execFile)
  if ((await run("python3", ["--version"]).catch(() => undefined)) === undefined) skip("there is no python3")
  const { port } = await startServer("early-server")
  for (const path of paths) {
    const { stdout } = await run("python3", ["-c", PYTHON, String(port), path])
    expect([path, stdout.trim()]).toEqual([path, expect.stringMatching(/^(400|413)$/)])
  }
})
