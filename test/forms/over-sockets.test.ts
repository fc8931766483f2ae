// Forms on a real server: what clients really send, and what happens when they stop.

import { spawnSync } from "node:child_process"
import { randomBytes, randomInt } from "node:crypto"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { FileStorage } from "../../src/datastructures/file-storage.ts"
import { DiskUploadStore } from "../../src/files/upload-store.ts"
import { encodeMultipart } from "../../src/forms/encode.ts"
import { MemoryUploadStore } from "../../src/forms/upload-store.ts"
import type { Application } from "../../src/gateway.ts"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { linted } from "../support/lint.ts"
import { parseAnswer, RawClient, serve, sleep, talk } from "../support/server.ts"
import { bytes, recorded } from "./decoding.ts"

/** Tells names and sizes of what was sent. */
const tell: Application = Request.application(async (request: Request) => {
  const form = await request.form()
  const files = await request.files()
  return Response.json({
    form: [...form],
    files: Array.from(files, ([name, file]) => [name, file.filename, file.size]),
  })
})

const serving = (app: Application, uploadStore: unknown = new MemoryUploadStore()) =>
  serve(linted(app), { environ: { "werkstatt.upload_store": uploadStore } })

test.each(["chromium-multipart", "chromium-urlencoded", "curl-length", "curl-chunked"])(
  "%s is understood as it came",
  async (name) => {
    const { port } = await serving(tell)
    const client = new RawClient(port).send(recorded(name).bytes)
    const received = await client.until((text) => /\r\n\r\n\{.*\}/s.test(text))
    // curl asked whether it may go on; the answer to that comes first.
    const continued = "HTTP/1.1 100 Continue\r\n\r\n"
    expect(received.startsWith(continued)).toBe(name === "curl-chunked")
    const { status, body } = parseAnswer(received.replace(continued, ""))
    expect(status).toBe("HTTP/1.1 200 OK")
    const { form, files } = JSON.parse(Buffer.from(body, "latin1").toString()) as {
      form: string[][]
      files: string[][]
    }
    expect(form[0]).toEqual(["plain", "text"])
    expect([form.length, files.length]).toEqual(
      { "chromium-multipart": [11, 6], "chromium-urlencoded": [7, 0] }[name] ?? [5, 2],
    )
  },
)

function post(body: Uint8Array | string, contentType: string, ...fields: string[]): Uint8Array {
  const content = typeof body === "string" ? bytes(body) : body
  const head = ["POST / HTTP/1.1", "Host: localhost", "Connection: close", `Content-Type: ${contentType}`, ...fields]
  if (!fields.some((each) => each.startsWith("Transfer-Encoding"))) head.push(`Content-Length: ${content.length}`)
  return Buffer.concat([bytes(`${head.join("\r\n")}\r\n\r\n`), content])
}

const URLENCODED = "application/x-www-form-urlencoded"

test.each<[what: string, request: () => Uint8Array, limit: string]>([
  ["a large body", () => post("a".repeat(1_000_000), URLENCODED), "maxFormMemorySize"],
  [
    "a large body in chunks",
    () =>
      post(`${`186a0\r\n${"a".repeat(100_000)}\r\n`.repeat(10)}0\r\n\r\n`, URLENCODED, "Transfer-Encoding: chunked"),
    "maxFormMemorySize",
  ],
  [
    "many parts",
    () =>
      post(
        `--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n`.repeat(1001),
        "multipart/form-data; boundary=XX",
      ),
    "maxFormParts",
  ],
])("%s is answered with 413, not with a reset", async (_what, request, limit) => {
  const { port } = await serving(tell)
  const { status, body } = parseAnswer(await talk(port, request()))
  expect(status).toBe("HTTP/1.1 413 Content Too Large")
  expect(body).toContain(limit)
})

test("a malformed form is answered with 400", async () => {
  const { port } = await serving(tell)
  const { status, body } = parseAnswer(await talk(port, post("--XX\r\n", "multipart/form-data; boundary=XX")))
  expect(status).toBe("HTTP/1.1 400 Bad Request")
  expect(body).toContain("last boundary")
})

test("parts are there before the body is", async () => {
  let closed = false
  const app: Application = Request.application(async (request: Request) => {
    async function* names() {
      for await (const part of request.parts()) yield `${part.name} `
    }
    const response = new Response(names())
    response.callOnClose(() => {
      closed = true
    })
    return response
  })
  const { port } = await serving(app)
  const client = new RawClient(port)
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=XX\r\nContent-Length: 1000\r\n\r\n`
  client.send(`${head}--XX\r\nContent-Disposition: form-data; name=first; filename=f\r\n\r\nbytes`)
  await client.until((text) => text.includes("first "))
  client.socket.resetAndDestroy()
  await until(() => closed)
  expect(closed).toBe(true)
})

test("an uploaded file can be sent back, and is gone afterwards", async () => {
  const directory = mkdtempSync(join(tmpdir(), "test-uploads-"))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const app: Application = Request.application(async (request: Request) => {
    const file = (await request.files()).getOrThrow("f")
    return new Response(file.stream())
  })
  const { port } = await serving(app, new DiskUploadStore({ directory, maxMemorySize: 0 }))
  const content = randomBytes(700_000)
  const { contentType, body } = encodeMultipart([["f", new FileStorage(content, { filename: "x" })]])
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  const answer = parseAnswer(await talk(port, post(Buffer.concat(chunks), contentType)))
  expect(Buffer.from(answer.body, "latin1").equals(content)).toBe(true)
  await until(() => filesBelow(directory) === 0)
  expect(filesBelow(directory)).toBe(0)
})

function filesBelow(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
}

const descriptors = () => (process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0)

const mountable = process.platform === "linux" && process.getuid?.() === 0

test.runIf(mountable)("a full disk is answered with 507, and the next upload works", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "test-uploads-"))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory]).status !== 0) return context.skip()
  onTestFinished(() => void spawnSync("umount", [directory]))
  const { port } = await serving(tell, new DiskUploadStore({ directory, maxMemorySize: 0 }))
  const upload = async (size: number) => {
    const { contentType, body } = encodeMultipart([["f", new FileStorage(randomBytes(size), { filename: "x" })]])
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    return parseAnswer(await talk(port, post(Buffer.concat(chunks), contentType))).status
  }
  for (let round = 0; round < 3; round++) {
    expect(await upload(3_000_000)).toBe("HTTP/1.1 507 Insufficient Storage")
    expect(await upload(500_000)).toBe("HTTP/1.1 200 OK")
  }
  await until(() => filesBelow(directory) === 0)
  expect(filesBelow(directory)).toBe(0)
})

test("200 uploads that are cut leave nothing behind", async () => {
  const directory = mkdtempSync(join(tmpdir(), "test-uploads-"))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const rejections: unknown[] = []
  const note = (reason: unknown) => rejections.push(reason)
  process.on("unhandledRejection", note)
  onTestFinished(() => void process.off("unhandledRejection", note))

  let [opened, closed, calls] = [0, 0, 0]
  const view = Request.application(async (request: Request) => {
    opened++
    // The files are closed with the body, however that comes about.
    await request.files()
    return new Response("all there")
  })
  const app: Application = async (environ, startResponse) => {
    calls++
    let body: Awaited<ReturnType<Application>>
    try {
      body = await view(environ, startResponse)
    } catch (error) {
      closed++
      throw error
    }
    return {
      [Symbol.asyncIterator]: async function* () {
        yield* body
      },
      async close() {
        closed++
        await body.close?.()
      },
    }
  }
  const { port } = await serving(app, new DiskUploadStore({ directory, maxMemorySize: 1000 }))
  const { contentType, body } = encodeMultipart([
    ["a", "text"],
    ["f", new FileStorage(randomBytes(300_000), { filename: "x" })],
    ["g", new FileStorage(randomBytes(300_000), { filename: "y" })],
  ])
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  const whole = post(Buffer.concat(chunks), contentType)
  await talk(port, whole)
  const before = descriptors()

  const cutOff = (length: number, reset: boolean) =>
    new Promise<void>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1" })
      socket.on("error", () => {}).on("close", () => resolve())
      socket.resume().write(whole.subarray(0, length), () => {
        // Let some of it arrive.
        setTimeout(() => (reset ? socket.resetAndDestroy() : socket.end()), randomInt(10))
      })
    })
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => cutOff(randomInt(1, whole.length), index % 2 === 0)))
  }
  await until(() => closed === calls && filesBelow(directory) === 0 && descriptors() <= before)
  expect([closed, filesBelow(directory)]).toEqual([calls, 0])
  expect(opened).toBeGreaterThan(100)
  expect(descriptors()).toBeLessThanOrEqual(before)
  expect(rejections).toEqual([])
  expect(parseAnswer(await talk(port, whole)).body).toBe("all there")
})

async function until(settled: () => boolean): Promise<void> {
  for (let waited = 0; !settled() && waited < 100; waited++) await sleep(50)
}

test.each([
  ["with its length", []],
  ["in chunks", ["Transfer-Encoding: chunked"]],
])("what is held in memory is limited unless that is lifted: a body %s", async (_, fields) => {
  class Lifted extends Request {
    override maxDataSize = undefined
  }
  const readers = {
    data: async (request: Request) => (await request.data()).length,
    text: async (request: Request) => (await request.text()).length,
    json: async (request: Request) => ((await request.json({ force: true })) as string).length,
  }
  const send = async (of: typeof Request, read: (request: Request) => Promise<number>, size: number) => {
    const { port } = await serve(of.application(async (request: Request) => new Response(`${await read(request)}`)))
    const json = `"${"x".repeat(size - 2)}"`
    const body = fields.length === 0 ? json : `${size.toString(16)}\r\n${json}\r\n0\r\n\r\n`
    return parseAnswer(await talk(port, Buffer.from(post(body, "application/json", ...fields)).toString("latin1")))
  }
  const most = 4 * 1024 * 1024
  for (const [name, read] of Object.entries(readers)) {
    const size = name === "json" ? most - 2 : most
    expect((await send(Request, read, most)).body, name).toBe(String(size))
    const refused = await send(Request, read, most + 1)
    expect(refused.status, name).toContain("413")
    expect(refused.body).toContain("maxDataSize")
    expect((await send(Lifted, read, most + 1)).body, name).toBe(String(size + 1))
  }
})
