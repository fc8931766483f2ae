import { describe, expect, test } from "vitest"
import type { Application, HeaderList } from "../../src/gateway.ts"
import { textTransform, transformBody } from "../../src/middleware/transform-body.ts"
import { EnvironBuilder } from "../../src/testing/environ-builder.ts"
import { linted } from "../support/lint.ts"
import { get, serve } from "../support/server.ts"
import { answer, call, stream } from "./calling.ts"

const HTML: HeaderList = [["Content-Type", "text/html; charset=utf-8"]]
const shouting = (app: Application) =>
  transformBody(app, { transform: () => textTransform((text) => text.toUpperCase()) })

describe("bytes", () => {
  test.each([
    ["an array", answer(["<b>a", "b</b>"], HTML)],
    ["an empty array", answer([], HTML)],
    ["chunks", stream(["<b>a", "b</b>"], HTML)],
    ["characters in pieces", stream([Buffer.from([0xc3]), Buffer.from([0xa4, 0x61])], HTML)],
    ["a character that lacks its end", stream([Buffer.from([0x61, 0xc3])], HTML)],
    ["a promise of an array", async (environ, start) => answer("x", HTML)(environ, start)],
  ] as [string, Application][])("%s", async (_, app) => {
    const plain = await call((inner) => inner, {}, app)
    const changed = await call(shouting, {}, app)
    expect(changed.text).toBe(plain.text.toUpperCase())
  })

  test("an array stays one, so that the server sends its new length", async () => {
    const twice = (app: Application) =>
      transformBody(app, { transform: () => ({ chunk: (bytes) => Buffer.concat([bytes, bytes]) }) })
    const { port } = await serve(linted(twice(linted(answer("four", [...HTML, ["Content-Length", "4"]])))))
    const { header, body } = await get(port, "/")
    expect([header("content-length"), body]).toEqual(["8", "fourfour"])
  })

  test("chunk() and end() may be asynchronous", async () => {
    const late = (app: Application) =>
      transformBody(app, { transform: () => ({ chunk: async (bytes) => bytes, end: async () => Buffer.from("!") }) })
    for (const app of [answer("a", HTML), stream(["a"], HTML)]) expect((await call(late, {}, app)).text).toBe("a!")
  })

  test("what goes through write() is changed, too", async () => {
    const pushing: Application = async (_environ, startResponse) => {
      const write = startResponse("200 OK", [...HTML])
      await write(Buffer.from("a"))
      return [Buffer.from("b")]
    }
    expect((await call(shouting, {}, pushing)).text).toBe("AB")
  })

  test("a chunk is given for each that is taken", async () => {
    const taken: string[] = []
    const app: Application = async function* (_: unknown, start: Parameters<Application>[1]) {
      start("200 OK", [...HTML])
      for (const text of ["a", "b", "c"]) {
        taken.push(text)
        yield Buffer.from(text)
      }
    } as unknown as Application
    const body = await linted(shouting(app))(new EnvironBuilder().getEnviron(), () => async () => undefined)
    const iterator = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    expect((await iterator.next()).value).toEqual(new Uint8Array([65]))
    expect(taken).toEqual(["a"])
    await iterator.return?.()
    await body.close?.()
  })
})

describe("headers", () => {
  test("what described the old bytes goes, a strong ETag becomes weak", async () => {
    const app = answer("<b>", [
      ...HTML,
      ["Content-Length", "3"],
      ["ETag", '"a"'],
      ["Accept-Ranges", "bytes"],
      ["Content-MD5", "x"],
      ["Repr-Digest", "sha-256=:x:"],
      ["Last-Modified", "Sun, 13 Mar 2011 07:06:40 GMT"],
    ])
    const expected = [
      ["content-type", "text/html; charset=utf-8"],
      ["etag", 'W/"a"'],
      ["last-modified", "Sun, 13 Mar 2011 07:06:40 GMT"],
    ]
    for (const method of ["GET", "HEAD"]) {
      const { headers } = await call(shouting, { method }, app)
      expect(
        headers.map(([name, value]) => [name.toLowerCase(), value]),
        method,
      ).toEqual(expected)
    }
  })

  test("ranges are not asked for", async () => {
    const variables = { HTTP_RANGE: "bytes=0-1", HTTP_IF_RANGE: '"a"' }
    const { environ: seen } = await call(shouting, { variables }, answer("<b>", HTML))
    expect(seen).not.toHaveProperty("HTTP_RANGE")
    expect(seen).not.toHaveProperty("HTTP_IF_RANGE")
  })
})

test.each(["foo-no-transform", "no-transform-x", 'private="no-transform"', 'a="b, no-transform, c"', "x=no-transform"])(
  "%s does not forbid it",
  async (control) => {
    const app = answer("<b>", [...HTML, ["Cache-Control", control]])
    expect((await call(shouting, {}, app)).text).toBe("<B>")
  },
)

test.each([
  ["another type", answer("ab", [["Content-Type", "text/plain"]])],
  ["no type", answer([], [])],
  ["coded bytes", answer("ab", [...HTML, ["Content-Encoding", "gzip"]])],
  ["no-transform", answer("ab", [...HTML, ["Cache-Control", "max-age=1, no-transform"]])],
  ["no-transform with an argument", answer("ab", [...HTML, ["Cache-Control", "No-Transform=0"]])],
  [
    "no-transform in the second of two fields",
    answer("ab", [...HTML, ["Cache-Control", "a"], ["Cache-Control", "no-transform"]]),
  ],
  ["no-transform beside a quote that is not closed", answer("ab", [...HTML, ["Cache-Control", 'a="b, no-transform']])],
  ["part of a range", answer("ab", [...HTML, ["Content-Range", "bytes 0-1/9"]], "206 Partial Content")],
  ["304", answer([], [["ETag", '"a"']], "304 Not Modified")],
])("%s is left alone", async (_, app) => {
  const plain = await call((inner) => inner, {}, app)
  const changed = await call(shouting, {}, app)
  expect([changed.text, changed.headers]).toEqual([plain.text, plain.headers])
})

test("identity is no coding", async () => {
  expect((await call(shouting, {}, answer("a", [...HTML, ["Content-Encoding", "identity"]]))).text).toBe("A")
})

test("transform may say that it leaves a response, having seen its head", async () => {
  const heads: unknown[] = []
  const layer = (app: Application) =>
    transformBody(app, {
      types: ["text/*"],
      transform: ({ status, environ: { PATH_INFO } }) => {
        heads.push([status, PATH_INFO])
        return undefined
      },
    })
  expect((await call(layer, { path: "/x" })).text).toBe("Hello")
  expect(heads).toEqual([["200 OK", "/x"]])
})

test("an array that is left alone is the very same, without a wait", () => {
  const body = [Buffer.from("a")]
  const app = transformBody(
    (_environ, startResponse) => {
      startResponse("200 OK", [["Content-Type", "image/png"]])
      return body
    },
    { transform: () => textTransform((text) => text) },
  )
  expect(app({} as Parameters<Application>[0], () => async () => undefined)).toBe(body)
})

test("a transform that fails closes the body, and its own close() is called once", async () => {
  let [closedBody, closedTransform] = [0, 0]
  const failing = (app: Application) =>
    transformBody(app, {
      transform: () => ({
        chunk: () => {
          throw new Error("no")
        },
        close: () => void closedTransform++,
      }),
    })
  const close = () => void closedBody++
  const array = answer("a", HTML)
  const app: Application = (environ, start) => Object.assign(array(environ, start) as Uint8Array[], { close })
  await expect(call(failing, {}, app)).rejects.toThrow("no")
  const chunks: Application = (environ, start) => Object.assign(stream(["a"], HTML)(environ, start), { close })
  await expect(call(failing, {}, chunks)).rejects.toThrow("no")
  expect([closedBody, closedTransform]).toEqual([2, 2])
})

test("an application that fails after its start and begins anew gets a new transform", async () => {
  const app: Application = (_environ, startResponse) => {
    startResponse("200 OK", [...HTML])
    startResponse("500 Internal Server Error", [["Content-Type", "text/plain"]], new Error("late"))
    return [Buffer.from("sorry")]
  }
  const { status, text } = await call(shouting, {}, app)
  expect([status, text]).toEqual(["500 Internal Server Error", "sorry"])
})

test("without a function it can't be made", () => {
  expect(() => transformBody(answer("a"), {} as Parameters<typeof transformBody>[1])).toThrow(TypeError)
  expect(() => transformBody(answer("a"), { types: "text/html", transform: () => undefined })).toThrow(TypeError)
})
