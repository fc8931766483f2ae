import zlib from "node:zlib"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { ContentCoding } from "../../src/files/precompressed.ts"
import type { Application, HeaderList } from "../../src/gateway.ts"
import { type CompressOptions, chooseCoding, compress } from "../../src/middleware/compress.ts"
import { availableCodings, contentCoder } from "../../src/middleware/content-codings.ts"
import { EnvironBuilder } from "../../src/testing/environ-builder.ts"
import { linted } from "../support/lint.ts"
import { get, RawClient, serve, sleep } from "../support/server.ts"
import { answer, call, stream } from "./calling.ts"

const TEXT: HeaderList = [["Content-Type", "text/plain; charset=utf-8"]]
const LONG = "All work and no play makes Jack a dull boy.\n".repeat(100)
const layer =
  (options?: CompressOptions) =>
  (app: Application): Application =>
    compress(app, options)
const accepting = (HTTP_ACCEPT_ENCODING: string) => ({ variables: { HTTP_ACCEPT_ENCODING } })

const decoders: Record<ContentCoding, (bytes: Uint8Array) => Buffer> = {
  gzip: zlib.gunzipSync,
  br: zlib.brotliDecompressSync,
  zstd: (zlib as unknown as { zstdDecompressSync: (bytes: Uint8Array) => Buffer }).zstdDecompressSync,
}

describe.each(availableCodings)("%s", (coding) => {
  test.each([
    ["a short array", answer([LONG.slice(0, 10), LONG.slice(10)])],
    ["a long array", answer(LONG.repeat(20))],
    ["chunks", stream([LONG, "", LONG])],
    ["chunks of noise", stream([noise(300_000), noise(70_000)])],
    ["no chunk at all", stream([])],
  ])("%s comes out as it went in", async (_, app) => {
    const plain = await call((inner) => inner, {}, app)
    const { header, bytes } = await call(layer(), accepting(coding), app)
    expect(header("Content-Encoding")).toBe(coding)
    expect(header("Vary")).toBe("Accept-Encoding")
    expect(decoders[coding](bytes).equals(plain.bytes)).toBe(true)
  })

  test("any chunks come out as they went in, each one before the next is asked for", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 2000 }), { minLength: 1, maxLength: 6 }), async (chunks) => {
        const coder = contentCoder(coding)
        const out: Uint8Array[] = []
        for (const chunk of chunks) {
          const coded = await coder.chunk(chunk)
          // Something that can be decoded comes for each chunk that is not empty.
          expect(coded.length > 0).toBe(chunk.length > 0)
          out.push(coded)
        }
        out.push((await coder.end?.()) as Uint8Array)
        coder.close?.()
        expect(decoders[coding](Buffer.concat(out)).equals(Buffer.concat(chunks))).toBe(true)
      }),
      { numRuns: 30 },
    )
  })
})

function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  let state = size
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    bytes[i] = state >>> 16
  }
  return bytes
}

test("of a compressed array the server sends the length", async () => {
  const { port } = await serve(
    linted(compress(linted(answer(LONG, [...TEXT, ["Content-Length", String(LONG.length)]])))),
  )
  const { header, body } = await get(port, "/", "Accept-Encoding: gzip")
  expect(header("content-length")).toBe(String(body.length))
  expect(zlib.gunzipSync(Buffer.from(body, "latin1")).toString()).toBe(LONG)
})

test("events reach the client when they are given", async () => {
  let release = () => {}
  const app: Application = async function* (_: unknown, start: Parameters<Application>[1]) {
    start("200 OK", [["Content-Type", "text/event-stream"]])
    yield Buffer.from("data: 1\n\n")
    await new Promise<void>((resolve) => {
      release = resolve
    })
    yield Buffer.from("data: 2\n\n")
  } as unknown as Application
  const { port } = await serve(linted(compress(linted(app))))
  const client = new RawClient(port)
  client.send("GET / HTTP/1.0\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
  const decoded = () => {
    const body = client.received.split("\r\n\r\n").slice(1).join("\r\n\r\n")
    return zlib.gunzipSync(Buffer.from(body, "latin1"), { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString()
  }
  await client.until((text) => text.includes("\r\n\r\n") && !text.endsWith("\r\n\r\n"))
  await sleep(20)
  expect(decoded()).toBe("data: 1\n\n")
  release()
  await client.end()
  expect(decoded()).toBe("data: 1\n\ndata: 2\n\n")
})

describe("headers", () => {
  const described: HeaderList = [
    ...TEXT,
    ["Content-Length", String(LONG.length)],
    ["ETag", '"a"'],
    ["Accept-Ranges", "bytes"],
    ["Vary", "Cookie"],
  ]

  test.each(["GET", "HEAD"])("of a compressed response to %s", async (method) => {
    const { header, headers } = await call(
      layer({ codings: ["gzip"] }),
      { method, ...accepting("gzip") },
      answer(LONG, described),
    )
    expect([header("ETag"), header("Vary"), header("Content-Encoding")]).toEqual([
      'W/"a"',
      "Cookie, Accept-Encoding",
      "gzip",
    ])
    expect(headers.map(([name]) => name.toLowerCase())).not.toContain("content-length")
    expect(headers.map(([name]) => name.toLowerCase())).not.toContain("accept-ranges")
  })

  test("of one that might have been compressed", async () => {
    const { header, text } = await call(layer(), {}, answer(LONG, described))
    expect([header("ETag"), header("Vary"), header("Content-Encoding"), text]).toEqual([
      '"a"',
      "Cookie, Accept-Encoding",
      undefined,
      LONG,
    ])
  })

  test.each([
    ['W/"a"', 'W/"a"'],
    ['"a"', '"a"'],
    ['"b", W/"a"', 'W/"a"'],
    [undefined, '"a"'],
  ])("of a 304 to If-None-Match %s", async (HTTP_IF_NONE_MATCH, etag) => {
    const variables = { HTTP_ACCEPT_ENCODING: "gzip", HTTP_IF_NONE_MATCH }
    const { header } = await call(layer(), { variables }, answer([], [["ETag", '"a"']], "304 Not Modified"))
    expect([header("ETag"), header("Vary")]).toEqual([etag, "Accept-Encoding"])
  })
})

test.each([
  ["a picture", answer(LONG, [["Content-Type", "image/png"]])],
  ["no type", answer([], [])],
  ["coded bytes", answer(LONG, [...TEXT, ["Content-Encoding", "br"]])],
  ["no-transform", answer(LONG, [...TEXT, ["Cache-Control", "No-Transform"]])],
  [
    "part of a range",
    answer(LONG, [...TEXT, ["Content-Range", `bytes 0-${LONG.length - 1}/99999`]], "206 Partial Content"),
  ],
  ["a short text", answer("short", [...TEXT, ["Content-Length", "5"]])],
  ["204", answer([], [], "204 No Content")],
])("%s is left alone", async (_, app) => {
  const plain = await call((inner) => inner, {}, app)
  const { text, headers } = await call(layer(), accepting("gzip, br, zstd"), app)
  expect([text, headers]).toEqual([plain.text, plain.headers])
})

test.each([
  ["gzip", "gzip"],
  ["br, gzip", "br"],
  ["gzip, br;q=0.9", "gzip"],
  ["*", "br"],
  ["br;q=0, *", "gzip"],
  ["GZIP", "gzip"],
  ["gzip;q=0", undefined],
  ["identity", undefined],
  ["identity;q=0.5, gzip;q=0.4", undefined],
  ["identity;q=0.5, gzip;q=0.5", "gzip"],
  ["identity;q=0, gzip;q=0.1", "gzip"],
  ["deflate", undefined],
  ["", undefined],
  [undefined, undefined],
])("of Accept-Encoding %j comes %j", (header, coding) => {
  expect(chooseCoding(header, ["br", "gzip"])).toBe(coding)
})

test("types, levels and the least length can be chosen", async () => {
  const picture = answer(LONG, [
    ["Content-Type", "image/x-own"],
    ["Content-Length", String(LONG.length)],
  ])
  const size = async (options: CompressOptions) => (await call(layer(options), accepting("gzip"), picture)).bytes.length
  expect(await size({})).toBe(LONG.length)
  expect(await size({ types: ["image/*"], levels: { gzip: 0 } })).toBeGreaterThan(LONG.length)
  expect(await size({ types: ["image/*"] })).toBeLessThan(LONG.length / 10)
  expect(await size({ types: ["image/*"], minBytes: LONG.length + 1 })).toBe(LONG.length)
})

test("a coding that Node can't make is refused", () => {
  expect(() => compress(answer("a"), { codings: ["deflate" as ContentCoding] })).toThrow(RangeError)
})

test("a client that leaves in the middle frees the coder", async () => {
  const app = linted(compress(linted(stream([LONG, LONG, LONG]))))
  const environ = new EnvironBuilder({ environOverrides: { HTTP_ACCEPT_ENCODING: "gzip" } }).getEnviron()
  const body = await app(environ, () => async () => undefined)
  const iterator = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  expect((await iterator.next()).done).toBe(false)
  await iterator.return?.()
  await body.close?.()
})
