import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { runApplication } from "../../src/environ/run.ts"
import { HTTPException } from "../../src/exceptions/http-exception.ts"
import { BLOCK_SIZE, FileBody } from "../../src/files/file-body.ts"
import { type FileFacts, fileResponse } from "../../src/files/file-response.ts"
import type { FileSource } from "../../src/files/file-source.ts"
import { openFile } from "../../src/files/open-file.ts"
import type { Environ } from "../../src/gateway.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"
import { Response } from "../../src/wrappers/response.ts"
import { temporaryFolder, writeTree } from "../support/files.ts"
import { sleep } from "../support/server.ts"

/** Bytes that tell their position, and count who reads and closes. */
class CountingSource implements FileSource {
  readonly size: number
  /** What is there, if it is less than was announced. */
  left: number
  readonly modified = new Date(1_300_000_000_000)
  readonly version = "v1"
  closed = 0
  reads: [position: number, size: number][] = []
  held = 0

  constructor(size: number) {
    this.size = size
    this.left = size
  }

  async read(position: number, size: number): Promise<Uint8Array> {
    if (this.closed > 0) throw new Error("read after close")
    this.reads.push([position, size])
    this.held++
    return Uint8Array.from(
      { length: Math.max(0, Math.min(size, this.left - position)) },
      (_, i) => (position + i) % 251,
    )
  }

  close(): void {
    this.closed++
  }
}

const SMALL = 1000
const LARGE = 3 * BLOCK_SIZE + 5
const facts: FileFacts = { mimetype: "text/plain", etag: "v1", lastModified: new Date(1_300_000_000_000) }

function environOf(headers: Record<string, string> = {}, method = "GET"): Environ {
  return createEnviron({ method, headers })
}

const answering = (source: FileSource, given: Partial<FileFacts> = {}) => {
  return async (...[environ, startResponse]: Parameters<Response["respond"]>) => {
    const response = await fileResponse(source, environ, { ...facts, ...given }, Response)
    return response.respond(environ, startResponse)
  }
}

async function run(source: FileSource, environ: Environ, given: Partial<FileFacts> = {}) {
  const { status, headers, body } = await runApplication(answering(source, given), environ, { buffered: true })
  return { code: Number(status.slice(0, 3)), headers, body: Buffer.concat(body as Uint8Array[]) }
}

const bytesFrom = (start: number, stop: number) =>
  Buffer.from(Uint8Array.from({ length: stop - start }, (_, i) => (start + i) % 251))

describe("the file is closed exactly once", () => {
  const ways: [way: string, size: number, environ: Environ, code: number][] = [
    ["small", SMALL, environOf(), 200],
    ["large", LARGE, environOf(), 200],
    ["empty", 0, environOf(), 200],
    ["HEAD", LARGE, environOf({}, "HEAD"), 200],
    ["POST", LARGE, environOf({}, "POST"), 200],
    ["304", LARGE, environOf({ "If-None-Match": '"v1"' }), 304],
    ["HEAD and 304", LARGE, environOf({ "If-None-Match": '"v1"' }, "HEAD"), 304],
    ["412", LARGE, environOf({ "If-Match": '"v2"' }), 412],
    ["416", LARGE, environOf({ Range: `bytes=${LARGE}-` }), 416],
    ["one range", LARGE, environOf({ Range: "bytes=5-" }), 206],
    ["small ranges", LARGE, environOf({ Range: "bytes=0-1,4-5" }), 206],
    ["large ranges", LARGE, environOf({ Range: `bytes=0-${BLOCK_SIZE},${2 * BLOCK_SIZE}-` }), 206],
  ]
  test.each(ways)("%s", async (_way, size, environ, code) => {
    const source = new CountingSource(size)
    const result = await run(source, environ).catch((error: HTTPException) => ({ code: error.code }))
    expect([result.code, source.closed]).toEqual([code, 1])
  })

  test("when the client leaves in the middle, while the next block is read", async () => {
    const source = new CountingSource(LARGE)
    const { body } = await runApplication(answering(source), environOf())
    const iterator = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    await iterator.next()
    await iterator.return?.()
    await body.close?.()
    expect([source.closed, source.reads.length]).toEqual([1, 2])
  })

  test("when the body is never asked for", async () => {
    const source = new CountingSource(LARGE)
    const response = await fileResponse(source, environOf(), facts, Response)
    await response.close()
    expect([source.closed, source.reads.length]).toEqual([1, 0])
  })

  test("when the file cannot be read", async () => {
    const source = new CountingSource(SMALL)
    source.read = async () => {
      throw new Error("disk on fire")
    }
    await expect(fileResponse(source, environOf(), facts, Response)).rejects.toThrow("disk on fire")
    expect(source.closed).toBe(1)
  })

  test("when a header cannot be sent", async () => {
    const source = new CountingSource(LARGE)
    const wrong: FileFacts = { ...facts, headers: [["X-Name", "a\nb"]] }
    expect(() => fileResponse(source, environOf(), wrong, Response)).toThrow(TypeError)
    expect(source.closed).toBe(1)
  })
})

describe("the body", () => {
  test("of a small file is one chunk", async () => {
    const source = new CountingSource(SMALL)
    const response = await fileResponse(source, environOf(), facts, Response)
    expect(response.getAppIter(environOf())).toEqual([new Uint8Array(bytesFrom(0, SMALL))])
    expect(source.reads).toEqual([[0, SMALL]])
  })

  test("of a large file comes in blocks, with at most one read ahead", async () => {
    const source = new CountingSource(LARGE)
    const { body } = await runApplication(answering(source), environOf())
    const sizes: number[] = []
    for await (const chunk of body) {
      sizes.push(chunk.length)
      await sleep(1)
      expect(source.held).toBeLessThanOrEqual(2)
      source.held--
    }
    expect(sizes).toEqual([BLOCK_SIZE, BLOCK_SIZE, BLOCK_SIZE, 5])
    await body.close?.()
  })

  test.each([0, 1, 65536, 65537, BLOCK_SIZE, BLOCK_SIZE + 1, LARGE])("of %i bytes is whole", async (size) => {
    const { body, headers } = await run(new CountingSource(size), environOf())
    expect(body.equals(bytesFrom(0, size))).toBe(true)
    expect(headers.get("Content-Length")).toBe(String(size))
  })

  test.each([
    ["bytes=0-0", 0, 1],
    [`bytes=${BLOCK_SIZE - 1}-${BLOCK_SIZE}`, BLOCK_SIZE - 1, BLOCK_SIZE + 1],
    [`bytes=7-${2 * BLOCK_SIZE}`, 7, 2 * BLOCK_SIZE + 1],
    ["bytes=-6", LARGE - 6, LARGE],
  ])("of %s is that part", async (range, start, stop) => {
    const { code, body, headers } = await run(new CountingSource(LARGE), environOf({ Range: range }))
    expect([code, headers.get("Content-Range")]).toEqual([206, `bytes ${start}-${stop - 1}/${LARGE}`])
    expect(body.equals(bytesFrom(start, stop))).toBe(true)
  })

  test("of several ranges is multipart/byteranges", async () => {
    const { code, body, headers } = await run(
      new CountingSource(LARGE),
      environOf({ Range: `bytes=0-1,70000-${LARGE}` }),
    )
    const boundary = headers.get("Content-Type")?.slice("multipart/byteranges; boundary=".length)
    const head = (place: string) =>
      `--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: ${place}\r\n\r\n`
    const expected = [
      Buffer.from(head(`bytes 0-1/${LARGE}`)),
      bytesFrom(0, 2),
      Buffer.from(`\r\n${head(`bytes 70000-${LARGE - 1}/${LARGE}`)}`),
      bytesFrom(70000, LARGE),
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]
    expect([code, headers.get("Content-Range")]).toEqual([206, undefined])
    expect(body.equals(Buffer.concat(expected))).toBe(true)
    expect(headers.get("Content-Length")).toBe(String(body.length))
  })

  test("that is lent to a server is the same, in one block of memory that is used again", async () => {
    const folder = temporaryFolder()
    await writeTree(folder, { large: bytesFrom(0, LARGE) })
    const memory = new Set<ArrayBufferLike>()
    for (let i = 0; i < 2; i++) {
      const body = new FileBody(await openFile(join(folder, "large")), [[0, 3], new Uint8Array(2), [5, LARGE]])
      body.lend()
      const copies: Uint8Array[] = []
      for await (const chunk of body) {
        copies.push(chunk.slice())
        if (chunk.length > 2) memory.add(chunk.buffer)
      }
      await body.close()
      expect(Buffer.concat(copies).equals(Buffer.concat([bytesFrom(0, 3), Buffer.alloc(2), bytesFrom(5, LARGE)]))).toBe(
        true,
      )
    }
    expect(memory.size).toBe(1)
  })

  test("that was lent and broke off does not give its memory to others", async () => {
    const folder = temporaryFolder()
    await writeTree(folder, { large: bytesFrom(0, LARGE) })
    const bodyOf = async () => {
      const body = new FileBody(await openFile(join(folder, "large")), [[0, LARGE]])
      body.lend()
      return body
    }
    const broken = await bodyOf()
    const chunk = (await broken.next()).value as Uint8Array
    const before = chunk.slice()
    await broken.return()
    await broken.next()
    await broken.close()
    const other = await bodyOf()
    for await (const each of other) expect(each.buffer).not.toBe(chunk.buffer)
    await other.close()
    expect(chunk).toEqual(before)
  })

  test("ends with an error when the file has become shorter, and has no byte more when it has grown", async () => {
    const short = new CountingSource(LARGE)
    short.left = BLOCK_SIZE + 3
    await expect(run(short, environOf())).rejects.toThrow("shorter")
    expect(short.closed).toBe(1)
    const small = new CountingSource(SMALL)
    small.left = 10
    await expect(run(small, environOf())).rejects.toThrow("shorter")
    const grown = new CountingSource(LARGE)
    grown.left = 2 * LARGE
    expect((await run(grown, environOf())).body.length).toBe(LARGE)
  })
})

describe("conditions", () => {
  const modified = "Sun, 13 Mar 2011 07:06:40 GMT"
  const later = "Sun, 13 Mar 2011 07:06:41 GMT"
  test.each<[headers: Record<string, string>, code: number]>([
    [{ "If-None-Match": 'W/"v1"' }, 304],
    [{ "If-None-Match": "*" }, 304],
    [{ "If-None-Match": '"v2"' }, 200],
    [{ "If-None-Match": '"v2"', "If-Modified-Since": modified }, 200],
    [{ "If-Modified-Since": modified }, 304],
    [{ "If-Unmodified-Since": modified }, 200],
    [{ "If-Match": '"v1"' }, 200],
    [{ "If-Match": 'W/"v1"' }, 412],
    [{ "If-Match": '"v1"', "If-None-Match": '"v1"' }, 304],
    // Preconditions come before the range (RFC 9110 section 13.2.2).
    [{ "If-None-Match": '"v1"', Range: "bytes=9999999-" }, 304],
    [{ "If-Match": '"v2"', Range: "bytes=0-1" }, 412],
    [{ "If-Range": '"v1"', Range: "bytes=0-1" }, 206],
    [{ "If-Range": modified, Range: "bytes=0-1" }, 206],
    [{ "If-Range": later, Range: "bytes=0-1" }, 200],
    [{ "If-Range": 'W/"v1"', Range: "bytes=0-1" }, 200],
    [{ "If-Range": '"v2"', Range: "bytes=9999999-" }, 200],
  ])("%j give %i", async (headers, code) => {
    const result = await run(new CountingSource(SMALL), environOf(headers)).catch((error: HTTPException) => error)
    expect(result.code).toBe(code)
  })

  test("are not looked at when they are switched off, nor for other methods", async () => {
    const headers = { "If-None-Match": '"v1"', Range: "bytes=0-1" }
    const off = await run(new CountingSource(SMALL), environOf(headers), { conditional: false })
    const post = await run(new CountingSource(SMALL), environOf(headers, "POST"))
    expect([off.code, off.body.length, post.code, post.body.length]).toEqual([200, SMALL, 200, SMALL])
    expect(post.headers.has("Accept-Ranges")).toBe(false)
  })

  test("a range means nothing to HEAD", async () => {
    const { code, headers } = await run(new CountingSource(SMALL), environOf({ Range: "bytes=0-1" }, "HEAD"))
    expect([code, headers.get("Content-Length"), headers.has("Content-Range")]).toEqual([200, String(SMALL), false])
  })

  test("a 416 tells the length, a 304 only what belongs there", async () => {
    const error = await run(new CountingSource(SMALL), environOf({ Range: "bytes=5000-" })).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(HTTPException)
    expect(error.getHeaders()).toContainEqual(["Content-Range", `bytes */${SMALL}`])
    const { headers } = await run(new CountingSource(SMALL), environOf({ "If-None-Match": '"v1"' }), {
      headers: [["Vary", "Accept-Encoding"]],
    })
    expect([...headers.keys()].sort()).toEqual(["Accept-Ranges", "Date", "ETag", "Vary"])
  })

  test("a server in front gets a header in place of the body, but not with a 304", async () => {
    const handOver: [string, string] = ["X-Sendfile", "/srv/a"]
    const source = new CountingSource(LARGE)
    const whole = await run(source, environOf({ Range: "bytes=0-1" }), { handOver })
    expect([whole.code, whole.body.length, whole.headers.get("X-Sendfile"), source.closed]).toEqual([
      200,
      0,
      "/srv/a",
      1,
    ])
    const unchanged = await run(new CountingSource(LARGE), environOf({ "If-None-Match": '"v1"' }), { handOver })
    expect([unchanged.code, unchanged.headers.has("X-Sendfile")]).toEqual([304, false])
  })
})
