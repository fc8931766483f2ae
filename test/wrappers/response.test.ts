import { Readable } from "node:stream"
import fc from "fast-check"
import { describe, expect, expectTypeOf, test } from "vitest"
import { Headers } from "../../src/datastructures/headers.ts"
import { RequestedRangeNotSatisfiable } from "../../src/exceptions/statuses.ts"
import type { Body, Environ, HeaderList, Responder } from "../../src/gateway.ts"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { answer, bytes, environOf, text } from "../support/requests.ts"

/** What goes to the server, untouched. */
function sent(response: Response, environ: Environ = environOf()): { status: string; headers: HeaderList; body: Body } {
  let head: { status: string; headers: HeaderList } | undefined
  const body = response.respond(environ, (status, headers) => {
    head = { status, headers }
    return async () => {}
  })
  return { ...(head as { status: string; headers: HeaderList }), body }
}

const lengthOf = (response: Response, environ?: Environ) =>
  sent(response, environ).headers.find(([name]) => name === "Content-Length")?.[1]

/** A source that notes what becomes of it. */
class Source {
  readonly log: string[] = []
  readonly #chunks: readonly (string | Uint8Array)[]
  constructor(...chunks: (string | Uint8Array)[]) {
    this.#chunks = chunks
  }
  *[Symbol.iterator](): Generator<string | Uint8Array> {
    this.log.push("start")
    try {
      yield* this.#chunks
    } finally {
      this.log.push("over")
    }
  }
  close(): void {
    this.log.push("close")
  }
}

describe("the common response", () => {
  test("is a fresh list of two headers and a plain array of one chunk", () => {
    const { status, headers, body } = sent(new Response("hello"))
    expect(status).toBe("200 OK")
    expect(headers).toEqual([
      ["Content-Type", "text/plain; charset=utf-8"],
      ["Content-Length", "5"],
    ])
    expect(body).toEqual([bytes("hello")])
    expect(Array.isArray(body) && !("close" in body)).toBe(true)
  })

  test("makes no headers: sending it does not touch them", () => {
    let touched = 0
    class Watched extends Response {
      override get headers(): Headers {
        touched++
        return super.headers
      }
    }
    const response = new Watched("hello")
    sent(response)
    expect(touched).toBe(0)
    expect(response.headers.get("content-length")).toBe("5")
    expect(touched).toBe(1)
  })

  test("can be sent any number of times, and editing what was sent changes nothing", () => {
    const response = new Response("hello")
    const first = sent(response)
    first.headers.push(["X", "1"])
    ;(first.headers[0] as [string, string])[1] = "changed"
    expect(sent(response).headers).toEqual([
      ["Content-Type", "text/plain; charset=utf-8"],
      ["Content-Length", "5"],
    ])
  })

  test("is the same whether its headers were looked at or not", () => {
    const looked = new Response("hé", { status: 404, mimetype: "text/html" })
    looked.headers.size
    const unlooked = new Response("hé", { status: 404, mimetype: "text/html" })
    expect(sent(looked)).toEqual(sent(unlooked))
  })

  test("with hooks of a subclass goes through them", () => {
    class Tagged extends Response {
      override getWsgiHeaders(environ: Environ): Headers {
        const headers = super.getWsgiHeaders(environ)
        headers.set("X-Path", environ.PATH_INFO)
        return headers
      }
      override getAppIter(): Body {
        return [bytes("HELLO")]
      }
    }
    const { headers, body } = sent(new Tagged("hello"), environOf("/x"))
    expect(headers).toContainEqual(["X-Path", "/x"])
    expect(body).toEqual([bytes("HELLO")])
    class Replaced extends Response {
      override getWsgiResponse(): [Body, string, HeaderList] {
        return [[], "418 Short", []]
      }
    }
    expect(sent(new Replaced("x"))).toEqual({ status: "418 Short", headers: [], body: [] })
  })
})

describe("the constructor", () => {
  test.each([
    [404, "404 Not Found", 404],
    ["404", "404 Not Found", 404],
    ["200 TEA POT", "200 TEA POT", 200],
    [588, "588 Unknown", 588],
  ])("takes the status %j for %j", (status, line, code) => {
    const response = new Response(null, { status })
    expect([response.status, response.statusCode]).toEqual([line, code])
    response.status = 200
    response.status = status
    expect([response.status, response.statusCode]).toEqual([line, code])
  })

  test.each(["", "200 OK\r\nX: y", "200 a\0", 2.5, Number.NaN])("refuses the status %j", (status) => {
    expect(() => new Response(null, { status })).toThrow()
    const response = new Response()
    expect(() => Object.assign(response, { status })).toThrow()
    expect(response.status).toBe("200 OK")
  })

  test("keeps Headers by identity, and copies what is none", () => {
    const headers = new Headers({ A: "1" })
    expect(new Response("", { headers }).headers).toBe(headers)
    const pairs: [string, string][] = [["A", "1"]]
    const response = new Response("", { headers: pairs })
    response.headers.set("A", "2")
    expect(pairs).toEqual([["A", "1"]])
    expect(new Response("", { headers: { Vary: ["a", "b"] } }).headers.getAll("vary")).toEqual(["a", "b"])
    expect(new Response("", { headers: new globalThis.Headers({ a: "1" }) }).headers.get("a")).toBe("1")
  })

  test("takes the type from contentType, mimetype, the headers, the class, in this order", () => {
    const headers = { "Content-Type": "a/b" }
    expect(new Response("", { headers }).contentType).toBe("a/b")
    expect(new Response("", { headers, mimetype: "text/css" }).contentType).toBe("text/css; charset=utf-8")
    expect(new Response("", { mimetype: "text/css", contentType: "c/d" }).contentType).toBe("c/d")
    class Html extends Response {
      static override readonly defaultMimetype = "text/html"
      static override readonly defaultStatus = 202
    }
    expect(new Html("")).toMatchObject({ contentType: "text/html; charset=utf-8", statusCode: 202 })
    class Untyped extends Response {
      static override readonly defaultMimetype = undefined
    }
    expect(new Untyped("").headers.toList()).toEqual([["Content-Length", "0"]])
    expect(sent(new Untyped("a")).headers).toEqual([["Content-Length", "1"]])
    expect(new Response("", { mimetype: "text/html; charset=x" }).contentType).toBe("text/html; charset=x")
  })

  test.each(["text/html\r\nX: y", "text/html\n", "a\0b"])("refuses the type %j", (type) => {
    expect(() => new Response("", { contentType: type })).toThrow(TypeError)
    expect(() => new Response("", { mimetype: type })).toThrow(TypeError)
  })

  test.each([5, true, () => "x", new Date(), new Uint16Array(2), {}, Symbol("x")])("refuses the body %s", (body) => {
    expect(() => new Response(body as never)).toThrow(TypeError)
  })
})

describe("Content-Length", () => {
  test("is there at once for text and bytes, in bytes, also when empty", () => {
    expect(new Response("é").contentLength).toBe(2)
    expect(new Response(bytes("abc")).contentLength).toBe(3)
    expect(new Response("").contentLength).toBe(0)
  })

  test("of an array is told when it is sent, of a stream never", () => {
    const response = new Response(["é", bytes("abc")])
    expect(response.contentLength).toBeUndefined()
    expect(lengthOf(response)).toBe("5")
    expect(lengthOf(new Response())).toBe("0")
    expect(lengthOf(new Response(new Source("a")))).toBeUndefined()
  })

  test("that was set stays; switched off, none is set", () => {
    expect(lengthOf(new Response(["abc"], { headers: { "Content-Length": "7" } }))).toBe("7")
    class Lengthless extends Response {
      override automaticallySetContentLength = false
    }
    expect(lengthOf(new Lengthless("abc"))).toBeUndefined()
    expect(lengthOf(new Lengthless(["abc"]))).toBeUndefined()
    expect(new Lengthless("abc").contentLength).toBeUndefined()
  })

  test.each([100, 103, 204, 304])("does not stand beside %i, and there is no body", (status) => {
    for (const content of ["abc", ["abc"]]) {
      const { headers, body } = sent(new Response(content, { status }))
      expect(headers.map(([name]) => name)).not.toContain("Content-Length")
      expect(body).toEqual([])
    }
  })

  test("stays on the answer to HEAD, which has no body", () => {
    const head = environOf("/", { REQUEST_METHOD: "HEAD" })
    for (const content of ["abc", ["abc"]]) {
      expect(lengthOf(new Response(content), head)).toBe("3")
      expect(sent(new Response(content), head).body).toEqual([])
    }
  })
})

test("a 304 loses what describes the body, and keeps the rest", () => {
  const headers = {
    Allow: "GET",
    "Content-Language": "en",
    "Last-Modified": "x",
    Expires: "y",
    "Content-Location": "/z",
    ETag: '"a"',
    Vary: "b",
  }
  expect(sent(new Response("abc", { status: 304, headers })).headers).toEqual([
    ["Expires", "y"],
    ["Content-Location", "/z"],
    ["ETag", '"a"'],
    ["Vary", "b"],
  ])
})

describe("bodies", () => {
  const kinds: [string, () => ConstructorParameters<typeof Response>[0]][] = [
    ["text", () => "añb"],
    ["bytes", () => bytes("añb")],
    ["an array", () => ["a", bytes("ñ"), "", "b"]],
    ["a sync iterable", () => new Source("a", bytes("ñ"), "", "b")],
    ["a set", () => new Set(["a", "ñ", "b"])],
    [
      "an async generator",
      async function* () {
        yield "a"
        yield bytes("ñb")
      },
    ].map((item) => (typeof item === "function" ? () => (item as () => AsyncGenerator<string>)() : item)) as never,
    ["a web stream", () => ReadableStream.from(["a", bytes("ñ"), "b"]) as never],
    ["a stream of Node's", () => Readable.from([bytes("a"), bytes("ñb")])],
  ]

  test.each(kinds)("%s is sent as bytes", async (_, make) => {
    expect((await answer(new Response(make()))).text).toBe("añb")
  })

  test.each(kinds)("%s can be had as data and as text", async (_, make) => {
    expect(await new Response(make()).text()).toBe("añb")
    expect(text(await new Response(make()).data())).toBe("añb")
  })

  test.each(kinds)("%s can be asked for in part", async (_, make) => {
    const environ = environOf("/", { HTTP_RANGE: "bytes=1-2" })
    const response = new Response(make()).makeConditional(environ, { acceptRanges: true, completeLength: 4 })
    const answered = await answer(response, environ)
    expect([answered.status, answered.text]).toEqual(["206 Partial Content", "ñ"])
    expect(answered.headers).toContainEqual(["Content-Range", "bytes 1-2/4"])
    expect(answered.headers).toContainEqual(["Content-Length", "2"])
  })

  test("nothing is nothing", async () => {
    for (const nothing of [null, undefined]) {
      const response = new Response(nothing)
      expect(await answer(response)).toMatchObject({ text: "", headers: [expect.anything(), ["Content-Length", "0"]] })
      expect([response.isSequence, response.isStreamed, await response.text()]).toEqual([true, false, ""])
    }
  })

  test("a chunk that is neither text nor bytes is an error, and the source is ended and closed", async () => {
    const source = new Source("a", 5 as never)
    await expect(answer(new Response(source))).rejects.toThrow(TypeError)
    expect(source.log).toEqual(["start", "over", "close"])
    expect(() => sent(new Response([5 as never]))).toThrow(TypeError)
  })
})

describe("the body", () => {
  test("is what was given; replaced, the length follows or goes", () => {
    const response = new Response("abc")
    expect(response.body).toBe("abc")
    response.body = "é"
    expect(response.contentLength).toBe(2)
    const source = new Source("x")
    response.body = source
    expect(response.body).toBe(source)
    expect(response.contentLength).toBeUndefined()
    response.setData(bytes("hello"))
    expect([response.contentLength, lengthOf(response)]).toEqual([5, "5"])
    expect(() => Object.assign(response, { body: 5 })).toThrow(TypeError)
  })

  test("replaced before the headers were asked for has the right length too", () => {
    const response = new Response("abc")
    response.setData("hello")
    expect(sent(response)).toMatchObject({
      headers: [expect.anything(), ["Content-Length", "5"]],
      body: [bytes("hello")],
    })
  })

  test("can be wrapped in what is made of it", async () => {
    const response = new Response("hello")
    const chunks = response.iterEncoded()
    async function* shouting() {
      for await (const chunk of chunks) yield text(chunk).toUpperCase()
    }
    response.body = shouting()
    expect((await answer(response)).text).toBe("HELLO")
  })

  test("of a stream is an array after it was read", async () => {
    const response = new Response(new Source("a", "b"))
    expect([response.isStreamed, response.calculateContentLength()]).toEqual([true, undefined])
    const [data, again] = await Promise.all([response.text(), response.text()])
    expect([data, again, response.isSequence, response.calculateContentLength()]).toEqual(["ab", "ab", true, 2])
    expect((await answer(response)).text).toBe("ab")
  })

  test("is not read where that was forbidden", async () => {
    class Strict extends Response {
      override implicitSequenceConversion = false
    }
    const strict = new Strict(new Source("a"))
    await expect(strict.data()).rejects.toThrow("makeSequence")
    await strict.makeSequence()
    expect(await strict.text()).toBe("a")
    const passed = new Response(new Source("a"), { directPassthrough: true })
    await expect(passed.data()).rejects.toThrow(TypeError)
  })

  test("that the server knows reaches it untouched, unless something has to happen when it is closed", () => {
    const body: Body = new Set([bytes("a")])
    expect(sent(new Response(body, { directPassthrough: true })).body).toBe(body)
    const watched = new Response(body, { directPassthrough: true })
    watched.callOnClose(() => {})
    expect(sent(watched).body).not.toBe(body)
    expect(sent(new Response(body)).body).not.toBe(body)
  })

  test("can be written to", async () => {
    const response = new Response("a")
    expect(response.contentLength).toBe(1)
    expect(await response.stream.write("é")).toBe(2)
    await response.stream.writeLines([bytes("b"), "c"])
    expect(await response.stream.tell()).toBe(5)
    expect(response.contentLength).toBeUndefined()
    expect(response.stream).toBe(response.stream)
    expect(await answer(response)).toMatchObject({
      text: "aébc",
      headers: [expect.anything(), ["Content-Length", "5"]],
    })
    response.stream.close()
    await expect(response.stream.write("x")).rejects.toThrow(TypeError)
  })
})

describe("JSON", () => {
  test("is made and read", async () => {
    const response = Response.json({ a: "é" }, { status: 201 })
    expectTypeOf(response).toEqualTypeOf<Response>()
    expect(response).toMatchObject({ status: "201 Created", mimetype: "application/json", isJson: true })
    expect(await response.json()).toEqual({ a: "é" })
    expect(await answer(response)).toMatchObject({ text: '{"a":"é"}' })
    expect(Response.json([], { mimetype: "application/problem+json" }).isJson).toBe(true)
    class Mine extends Response {}
    expect(Mine.json(1)).toBeInstanceOf(Mine)
  })

  test("of a value that has none is a mistake", () => {
    for (const value of [undefined, () => {}, 1n]) expect(() => Response.json(value)).toThrow(TypeError)
  })

  test("of another type is nothing, unless forced; what is none throws, unless silent", async () => {
    expect(await new Response("1").json()).toBeUndefined()
    expect(await new Response("1").json({ force: true })).toBe(1)
    const broken = new Response("{", { mimetype: "application/json" })
    await expect(broken.json()).rejects.toThrow(SyntaxError)
    expect(await broken.json({ silent: true })).toBeUndefined()
  })
})

describe("closing", () => {
  test("happens to the source and then to the callbacks, once, when the body was sent", async () => {
    const source = new Source("a")
    const response = new Response(source)
    expect(response.callOnClose(() => void source.log.push("one"))).toBeTypeOf("function")
    response.callOnClose(async () => void source.log.push("two"))
    await answer(response)
    await response.close()
    expect(source.log).toEqual(["start", "over", "close", "one", "two"])
  })

  const environs: [string, Environ, number][] = [
    ["HEAD", environOf("/", { REQUEST_METHOD: "HEAD" }), 200],
    ["204", environOf(), 204],
    ["304", environOf(), 304],
  ]
  test.each(environs)("happens for %s too, where the source is not read", async (_, environ, status) => {
    const source = new Source("a")
    const response = new Response(source, { status })
    response.callOnClose(() => void source.log.push("callback"))
    expect((await answer(response, environ)).text).toBe("")
    expect(source.log).toEqual(["close", "callback"])
    const whole = new Response("a", { status })
    const log: string[] = []
    whole.callOnClose(() => void log.push("callback"))
    await answer(whole, environ)
    expect(log).toEqual(["callback"])
  })

  test("happens when the body is left early, and when it was never begun", async () => {
    const source = new Source("a", "b", "c")
    const { body } = sent(new Response(source))
    for await (const _ of body) break
    await body.close?.()
    expect(source.log).toEqual(["start", "over", "close"])
    const unread = new Source("a")
    await sent(new Response(unread)).body.close?.()
    expect(unread.log).toEqual(["close"])
  })

  test("cancels a web stream: before, during and after it was read", async () => {
    for (const chunks of [0, 1, 5]) {
      const log: string[] = []
      const stream = new ReadableStream<string>({
        pull(controller) {
          log.push("pull")
          controller.enqueue("x")
          if (log.length === 3) controller.close()
        },
        cancel: () => void log.push("cancel"),
      })
      const { body } = sent(new Response(stream))
      const iterator = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
      let done = false
      for (let i = 0; i < chunks && !done; i++) done = (await iterator.next()).done === true
      if (chunks > 0 && !done) await iterator.return?.()
      await body.close?.()
      expect(log.includes("cancel"), `after ${chunks} chunks`).toBe(!done)
      expect(stream.locked).toBe(false)
    }
  })

  test("destroys a stream of Node's", async () => {
    const stream = Readable.from(["a", "b"])
    await sent(new Response(stream)).body.close?.()
    expect(stream.destroyed).toBe(true)
  })

  test("keeps the source of an array that was read from it", async () => {
    const source = new Source("a")
    const response = new Response(source)
    await response.makeSequence()
    expect(source.log).toEqual(["start", "over"])
    await answer(response)
    expect(source.log).toEqual(["start", "over", "close"])
  })

  test("goes on when something fails, and says so", async () => {
    const log: string[] = []
    const response = new Response("a")
    response.callOnClose(() => {
      throw new Error("first")
    })
    response.callOnClose(() => void log.push("second"))
    await expect(answer(response)).rejects.toThrow("first")
    expect(log).toEqual(["second"])
  })

  test("is what await using does", async () => {
    const source = new Source("a")
    {
      await using _ = new Response(source)
    }
    expect(source.log).toEqual(["close"])
  })

  test("a subclass that overrides it is called, also for a plain text", async () => {
    let closed = 0
    class Counting extends Response {
      override async close(): Promise<void> {
        closed++
        await super.close()
      }
    }
    await answer(new Counting("a"))
    expect(closed).toBe(1)
  })
})

describe("Location", () => {
  const redirecting = (location: string) => new Response("", { status: 302, headers: { Location: location } })
  const locationOf = (response: Response, environ?: Environ) =>
    sent(response, environ).headers.find(([name]) => name === "Location")?.[1]

  test.each([
    ["/é", "/%C3%A9"],
    ["http://bücher.example/x", "http://xn--bcher-kva.example/x"],
    ["/\\evil.example", "/%5Cevil.example"],
    ["\\\\evil.example", "%5C%5Cevil.example"],
    ["itms-services://?action=x", "itms-services://?action=x"],
    ["/a%20b?c=%26", "/a%20b?c=%26"],
    ["//evil.example", "//evil.example"],
  ])("%j is sent as %s", (location, uri) => {
    const response = redirecting(location)
    expect(locationOf(response)).toBe(uri)
    expect(response.location).toBe(location)
  })

  test("an IRI in any script can be set", () => {
    const response = new Response("", { status: 302 })
    response.location = "/日本"
    response.contentLocation = "/日本"
    expect(sent(response).headers.slice(2)).toEqual([
      ["Location", "/%E6%97%A5%E6%9C%AC"],
      ["Content-Location", "/%E6%97%A5%E6%9C%AC"],
    ])
  })

  test.each([
    ["other", "http://localhost/app/dir/other"],
    ["/root", "http://localhost/root"],
    ["?q", "http://localhost/app/dir/page?q"],
    ["../up", "http://localhost/app/up"],
    ["//elsewhere/x", "http://elsewhere/x"],
    ["https://elsewhere/x", "https://elsewhere/x"],
  ])("%j is made absolute on demand: %s", (location, url) => {
    const response = redirecting(location)
    response.autocorrectLocationHeader = true
    expect(locationOf(response, environOf("/dir/page?a=b", { SCRIPT_NAME: "/app" }))).toBe(url)
  })

  test.each([
    ["", "/evil.test/page"],
    ["next", "/evil.test/next"],
    ["/next", "/next"],
    ["/..//evil.test", "/.//evil.test"],
    ["https://elsewhere/x", "https://elsewhere/x"],
  ])("%j stays a path where no host is known: %s", (location, url) => {
    for (const host of ["", "a b", "evil.test/x"]) {
      const response = redirecting(location)
      response.autocorrectLocationHeader = true
      expect(locationOf(response, environOf("//evil.test/page", { HTTP_HOST: host }))).toBe(url)
    }
  })
})

describe("makeConditional", () => {
  const modified = "Mon, 06 May 2024 07:08:09 GMT"
  const before = "Mon, 06 May 2024 07:08:08 GMT"
  const later = "Mon, 06 May 2024 07:08:10 GMT"

  /** Condition variables, the response's headers, and what comes of it. */
  const table: [name: string, Record<string, string>, Record<string, string>, number][] = [
    ["no condition", {}, { ETag: '"a"' }, 200],
    ["If-None-Match equal", { IF_NONE_MATCH: '"a"' }, { ETag: '"a"' }, 304],
    ["If-None-Match weakly equal", { IF_NONE_MATCH: 'W/"a"' }, { ETag: '"a"' }, 304],
    ["If-None-Match equal to a weak tag", { IF_NONE_MATCH: '"a"' }, { ETag: 'W/"a"' }, 304],
    ["If-None-Match * with a tag", { IF_NONE_MATCH: "*" }, { ETag: '"a"' }, 304],
    ["If-None-Match * without a tag", { IF_NONE_MATCH: "*" }, {}, 200],
    ["If-None-Match different", { IF_NONE_MATCH: '"b"' }, { ETag: '"a"' }, 200],
    [
      "If-None-Match different wins over a date",
      { IF_NONE_MATCH: '"b"', IF_MODIFIED_SINCE: modified },
      { ETag: '"a"', "Last-Modified": modified },
      200,
    ],
    ["If-Modified-Since equal", { IF_MODIFIED_SINCE: modified }, { "Last-Modified": modified }, 304],
    ["If-Modified-Since later", { IF_MODIFIED_SINCE: later }, { "Last-Modified": modified }, 304],
    ["If-Modified-Since earlier", { IF_MODIFIED_SINCE: before }, { "Last-Modified": modified }, 200],
    ["If-Modified-Since malformed", { IF_MODIFIED_SINCE: "yesterday" }, { "Last-Modified": modified }, 200],
    ["If-Match equal", { IF_MATCH: '"a"' }, { ETag: '"a"' }, 200],
    ["If-Match one of several", { IF_MATCH: '"b", "a"' }, { ETag: '"a"' }, 200],
    ["If-Match different", { IF_MATCH: '"b"' }, { ETag: '"a"' }, 412],
    ["If-Match weak", { IF_MATCH: 'W/"a"' }, { ETag: '"a"' }, 412],
    ["If-Match of a weak tag", { IF_MATCH: '"a"' }, { ETag: 'W/"a"' }, 412],
    ["If-Match *", { IF_MATCH: "*" }, { ETag: '"a"' }, 200],
    ["If-Unmodified-Since equal", { IF_UNMODIFIED_SINCE: modified }, { "Last-Modified": modified }, 200],
    ["If-Unmodified-Since earlier", { IF_UNMODIFIED_SINCE: before }, { "Last-Modified": modified }, 412],
    ["If-Match passes, If-None-Match matches", { IF_MATCH: '"a"', IF_NONE_MATCH: '"a"' }, { ETag: '"a"' }, 304],
  ]

  const conditions = (headers: Record<string, string>, method = "GET") =>
    environOf("/", {
      REQUEST_METHOD: method,
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [`HTTP_${name}`, value])),
    })

  test.each(table)("%s", async (_, request, headers, status) => {
    for (const method of ["GET", "HEAD"]) {
      const environ = conditions(request, method)
      const response = new Response("hello", { headers }).makeConditional(environ)
      expect(response.statusCode, method).toBe(status)
      const answered = await answer(response, environ)
      expect(answered.text).toBe(method === "HEAD" || status === 304 ? "" : "hello")
      expect(answered.headers.map(([name]) => name)).toContain("Date")
    }
    expect(new Response("hello", { headers }).makeConditional(conditions(request, "PUT")).statusCode).toBe(200)
  })

  test("leaves any status but 2xx alone, and everything but GET and HEAD", () => {
    const environ = conditions({ IF_NONE_MATCH: '"a"', RANGE: "bytes=0-1" })
    for (const status of [301, 404, 500]) {
      const response = new Response("hello", { status, headers: { ETag: '"a"' } })
      expect(response.makeConditional(environ, { acceptRanges: true, completeLength: 5 }).statusCode).toBe(status)
    }
    const put = new Response("hello").makeConditional(conditions({}, "PUT"))
    expect(put.headers.has("Date")).toBe(false)
  })

  test("never overrides Date, and takes a request as well", () => {
    const response = new Response("x", { headers: { Date: modified, ETag: '"a"' } })
    expect(response.makeConditional(new Request(conditions({ IF_NONE_MATCH: '"a"' })))).toBe(response)
    expect([response.status, response.headers.get("Date")]).toEqual(["304 Not Modified", modified])
  })

  test("sets the length of what is there, and leaves a stream unread", () => {
    expect(new Response(["ab"]).makeConditional(environOf()).contentLength).toBe(2)
    const source = new Source("ab")
    expect(new Response(source).makeConditional(environOf()).contentLength).toBeUndefined()
    expect(source.log).toEqual([])
  })

  describe("ranges", () => {
    const partial = (range: string | undefined, options = {}, headers = {}, variables = {}) => {
      const environ = environOf("/", { ...(range === undefined ? {} : { HTTP_RANGE: range }), ...variables })
      const response = new Response("0123456789", { headers })
      return answer(response.makeConditional(environ, { acceptRanges: true, completeLength: 10, ...options }), environ)
    }

    test.each([
      ["bytes=0-0", "0", "bytes 0-0/10"],
      ["bytes=2-5", "2345", "bytes 2-5/10"],
      ["bytes=0-9", "0123456789", "bytes 0-9/10"],
      ["bytes=0-", "0123456789", "bytes 0-9/10"],
      ["bytes=7-100", "789", "bytes 7-9/10"],
      ["bytes=-3", "789", "bytes 7-9/10"],
      ["bytes=-100", "0123456789", "bytes 0-9/10"],
      ["BYTES=2-5", "2345", "bytes 2-5/10"],
    ])("%s gives %s", async (range, content, contentRange) => {
      const answered = await partial(range)
      expect([answered.status, answered.text]).toEqual(["206 Partial Content", content])
      expect(answered.headers).toContainEqual(["Content-Range", contentRange])
      expect(answered.headers).toContainEqual(["Content-Length", String(content.length)])
      expect(answered.headers).toContainEqual(["Accept-Ranges", "bytes"])
    })

    test.each(["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=5-2", "bytes=abc", "bytes=", "bytes=--1"])(
      "%s is a 416",
      (range) => {
        const response = new Response("0123456789")
        const run = () =>
          response.makeConditional(environOf("/", { HTTP_RANGE: range }), { acceptRanges: true, completeLength: 10 })
        expect(run).toThrow(RequestedRangeNotSatisfiable)
        expect(run).toThrow(expect.objectContaining({ length: 10 }))
      },
    )

    test.each(["bytes=0-1,4-5", "bytes=0-0,-1", "items=0-1", "0-1", "none"])(
      "%s is answered with the whole",
      async (range) => {
        const answered = await partial(range)
        expect([answered.status, answered.text]).toEqual(["200 OK", "0123456789"])
        expect(answered.headers).toContainEqual(["Accept-Ranges", "bytes"])
      },
    )

    test("are offered without being asked for, and not given where that is off or the length unknown", async () => {
      expect((await partial(undefined)).headers).toContainEqual(["Accept-Ranges", "bytes"])
      for (const options of [
        { acceptRanges: false },
        { completeLength: undefined },
        { completeLength: 0 },
        { acceptRanges: "items" },
      ]) {
        expect((await partial("bytes=0-1", options)).status).toBe("200 OK")
      }
      expect((await partial(undefined, { acceptRanges: "none" })).headers).toContainEqual(["Accept-Ranges", "none"])
      const offered = { "Accept-Ranges": "bytes" }
      expect((await partial("bytes=0-1", { acceptRanges: false }, offered)).status).toBe("200 OK")
    })

    test.each([
      ['"a"', 206],
      ['"b"', 200],
      ['W/"a"', 200],
      [modified, 206],
      [before, 200],
      [later, 200],
      ["junk", 200],
    ])("with If-Range %s: %i", async (ifRange, status) => {
      const answered = await partial(
        "bytes=0-1",
        {},
        { ETag: '"a"', "Last-Modified": modified },
        { HTTP_IF_RANGE: ifRange },
      )
      expect(answered.status.slice(0, 3)).toBe(String(status))
    })

    test("come after the preconditions, and are for GET alone", async () => {
      const tagged = { ETag: '"a"' }
      expect((await partial("bytes=0-1", {}, tagged, { HTTP_IF_NONE_MATCH: '"a"' })).status).toBe("304 Not Modified")
      expect((await partial("bytes=0-1", {}, tagged, { HTTP_IF_MATCH: '"b"' })).status).toBe("412 Precondition Failed")
      expect((await partial("bytes=0-1", {}, tagged, { REQUEST_METHOD: "HEAD" })).status).toBe("200 OK")
    })

    test("of a body that can seek are read from there, and it is closed", async () => {
      const log: string[] = []
      let position = 0
      const file = {
        seekable: () => true,
        seek: (to: number) => {
          log.push(`seek ${to}`)
          position = to
        },
        *[Symbol.iterator]() {
          for (; position < 10; position++) yield bytes(String(position))
        },
        close: () => void log.push("close"),
      }
      const environ = environOf("/", { HTTP_RANGE: "bytes=4-6" })
      const response = new Response(file, { directPassthrough: true })
      response.makeConditional(environ, { acceptRanges: true, completeLength: 10 })
      expect((await answer(response, environ)).text).toBe("456")
      expect(log).toEqual(["seek 4", "close"])
    })

    test("of a stream close it, once, though it is not read to its end", async () => {
      const source = new Source("01", "23", "45", "67")
      const environ = environOf("/", { HTTP_RANGE: "bytes=1-2" })
      const response = new Response(source).makeConditional(environ, { acceptRanges: true, completeLength: 8 })
      expect((await answer(response, environ)).text).toBe("12")
      expect(source.log).toEqual(["start", "over", "close"])
    })

    test("are slices of the body, of every kind", async () => {
      const pieces = fc.array(fc.string({ maxLength: 5 }), { minLength: 1, maxLength: 5 })
      await fc.assert(
        fc.asyncProperty(pieces, fc.nat(20), fc.nat(20), fc.boolean(), async (parts, start, length, stream) => {
          const whole = bytes(parts.join(""))
          fc.pre(start < whole.length)
          const environ = environOf("/", { HTTP_RANGE: `bytes=${start}-${start + length}` })
          const response = new Response(stream ? new Source(...parts) : parts)
          response.makeConditional(environ, { acceptRanges: true, completeLength: whole.length })
          expect(await response.data()).toEqual(whole.slice(start, start + length + 1))
        }),
      )
    })
  })
})

describe("freeze and entity tags", () => {
  test("a tag is made of the content, and only where there is none", async () => {
    const [one, other, third] = [new Response("a"), new Response(["a"]), new Response("b")]
    for (const response of [one, other, third]) await response.addEtag()
    expect(one.getEtag()).toEqual(other.getEtag())
    expect(one.getEtag()).not.toEqual(third.getEtag())
    expect(one.getEtag()[1]).toBe(false)
    one.setEtag("mine", true)
    await one.addEtag()
    expect(one.getEtag()).toEqual(["mine", true])
    await one.addEtag({ overwrite: true, weak: true })
    expect(one.getEtag()).toEqual([other.getEtag()[0], true])
  })

  test("a frozen response can be kept: it is an array with length and tag, for all switches", async () => {
    class Strict extends Response {
      override implicitSequenceConversion = false
      override automaticallySetContentLength = false
    }
    const response = new Strict(new Source("a", "b"))
    await response.freeze()
    expect(response).toMatchObject({ isSequence: true, contentLength: 2 })
    expect(response.getEtag()[0]).toBeTypeOf("string")
    for (let i = 0; i < 2; i++) expect((await answer(response)).text).toBe("ab")
  })
})

describe("making one of another", () => {
  class Mine extends Response {
    static override readonly defaultMimetype = "text/html"
    mine = true
  }
  const app = (_environ: Environ, startResponse: (status: string, headers: HeaderList) => unknown): Body => {
    startResponse("201 Created", [["X", "1"]])
    return [bytes("from app")]
  }

  test("fromApp gives what an application answers", async () => {
    const response = await Mine.fromApp(app as never, environOf(), { buffered: true })
    expectTypeOf(response).toEqualTypeOf<Mine>()
    expect(response).toBeInstanceOf(Mine)
    expect(response).toMatchObject({ status: "201 Created", mine: true, contentType: undefined })
    expect(response.headers.toList()).toEqual([["X", "1"]])
    expect(await response.text()).toBe("from app")
  })

  test("forceType adds no type of its own", async () => {
    const untyped = new Response("a")
    untyped.contentType = undefined
    expect((await Mine.forceType(untyped)).headers.toList()).toEqual([["Content-Length", "1"]])
  })

  test("forceType gives the same object, another class of response, or an application's answer", async () => {
    const mine = new Mine("a")
    expect(await Mine.forceType(mine)).toBe(mine)
    const source = new Source("a")
    const plain = new Response(source, { status: 404, headers: { X: "1" } })
    const forced = await Mine.forceType(plain)
    expect(forced).toBeInstanceOf(Mine)
    expect(forced).toMatchObject({ status: "404 Not Found", contentType: "text/plain; charset=utf-8" })
    expect((await answer(forced)).text).toBe("a")
    expect(source.log.filter((entry) => entry === "close")).toHaveLength(1)
    expect(await (await Mine.forceType(app as never, environOf())).text()).toBe("from app")
    const responder: Responder = { respond: app as never }
    expect((await Mine.forceType(responder, environOf())).status).toBe("201 Created")
    await expect(Mine.forceType(responder)).rejects.toThrow(TypeError)
  })
})

test("an inspector shows length and status", () => {
  expect(String(new Response("é"))).toBe("<Response 2 bytes [200 OK]>")
  expect(String(new Response(new Source("a"), { status: 404 }))).toBe("<Response streamed [404 Not Found]>")
})

describe("a copy", () => {
  test("has class, status, headers, body and settings of the response, and shares none of them", async () => {
    class Mine extends Response {
      note = "mine"
    }
    const response = new Mine(["a", "b"], { status: "404 Gone Fishing", headers: { "X-A": "1", "Set-Cookie": "a=1" } })
    response.automaticallySetContentLength = false
    response.note = "changed"
    const copy = response.copy()
    expectTypeOf(copy).toEqualTypeOf<Mine>()
    expect(copy).toBeInstanceOf(Mine)
    expect([copy.status, copy.note, copy.automaticallySetContentLength]).toEqual(["404 Gone Fishing", "changed", false])
    expect(copy.headers.toList()).toEqual(response.headers.toList())
    copy.headers.set("X-A", "2")
    copy.statusCode = 200
    await copy.stream.write("c")
    expect([response.status, response.headers.get("X-A"), await response.text()]).toEqual([
      "404 Gone Fishing",
      "1",
      "ab",
    ])
    expect(await copy.text()).toBe("abc")
  })

  test.each<[string, () => Response]>([
    ["text", () => new Response("hällo")],
    ["bytes", () => new Response(bytes("hi"))],
    ["nothing", () => new Response()],
    ["nothing, with a status that has no body", () => new Response(null, { status: 304 })],
    ["HTML", () => new Response("<p>", { mimetype: "text/html" })],
    ["JSON", () => Response.json({ a: 1 })],
    ["no type", () => new Response("a", { headers: new Headers({ "Content-Type": "a/b" }) })],
  ])("answers as the response does: %s", async (_, make) => {
    const response = make()
    const copy = response.copy()
    expect(await answer(copy)).toEqual(await answer(make()))
    expect(await answer(response)).toEqual(await answer(make()))
  })

  test("of one without a type has none", () => {
    const response = new Response("a")
    response.contentType = undefined
    expect(response.copy().contentType).toBeUndefined()
  })

  test("is not closed with the response, nor tells code that waits for its end", async () => {
    let closed = 0
    const response = new Response("a")
    response.callOnClose(() => void closed++)
    const copy = response.copy()
    await copy.close()
    expect(closed).toBe(0)
    await response.close()
    expect(closed).toBe(1)
  })

  test("of a stream there is none, until it was read", async () => {
    const response = new Response(new Source("a"))
    expect(() => response.copy()).toThrow(
      new TypeError("a response with a stream as body cannot be copied; await makeSequence() first"),
    )
    await response.makeSequence()
    expect(await response.copy().text()).toBe("a")
  })
})
