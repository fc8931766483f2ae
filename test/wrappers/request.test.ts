import { describe, expect, expectTypeOf, test } from "vitest"
import type { FileStorage } from "../../src/datastructures/file-storage.ts"
import type { ImmutableMultiDict } from "../../src/datastructures/multi-dict.ts"
import { inputFrom } from "../../src/environ/input.ts"
import {
  BadRequest,
  ClientDisconnected,
  RequestEntityTooLarge,
  UnsupportedMediaType,
} from "../../src/exceptions/statuses.ts"
import type { Environ, InputStream } from "../../src/gateway.ts"
import { Request } from "../../src/wrappers/request.ts"
import { bytes, environOf, text } from "../support/requests.ts"

const URLENCODED = { CONTENT_TYPE: "application/x-www-form-urlencoded" }
const JSON_TYPE = { CONTENT_TYPE: "application/json" }
const MULTIPART = { CONTENT_TYPE: "multipart/form-data; boundary=B" }
const part = (head: string, content: string) => `--B\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`
const UPLOAD = `${part('name="a"', "1")}${part('name="f"; filename="x.txt"', "content")}--B--\r\n`

const post = (body: string, variables: Record<string, unknown> = {}) => new Request(environOf("/?q=1", variables, body))
const form = (body: string) => post(body, URLENCODED)
/** A body whose end the server tells, as with chunked requests. */
const endless = (body: string, variables: Record<string, unknown> = {}) => {
  const { CONTENT_LENGTH: _, ...environ } = environOf("/", variables, body)
  return new Request({ ...environ, "wsgi.input_terminated": true } as Environ)
}

describe("reading nothing", () => {
  /** Notes every key that is read. */
  function watched(target?: string): { environ: Environ; reads: string[] } {
    const reads: string[] = []
    const environ = new Proxy(environOf(target), {
      get(object, key) {
        reads.push(String(key))
        return Reflect.get(object, key)
      },
    })
    return { environ, reads }
  }

  test("parses nothing: a new request has not looked at its environ", () => {
    const { environ, reads } = watched()
    new Request(environ)
    expect(reads).toEqual([])
  })

  test("each property reads what it needs, and what was parsed is kept", () => {
    const { environ, reads } = watched("/a?b=c")
    const request = new Request(environ)
    expect(request.args.get("b")).toBe("c")
    expect(request.args).toBe(request.args)
    expect(reads).toEqual(["QUERY_STRING"])
    reads.length = 0
    expect([request.path, request.path]).toEqual(["/a", "/a"])
    expect(reads).toEqual(["PATH_INFO"])
    reads.length = 0
    expect(request.acceptMimetypes).toBe(request.acceptMimetypes)
    expect(request.cookies).toBe(request.cookies)
    expect(reads).toEqual(["HTTP_ACCEPT", "HTTP_COOKIE"])
  })
})

describe("the environ", () => {
  test("gets the request, unless told otherwise or for a shallow one", () => {
    const environ = environOf()
    const request = new Request(environ)
    expect(environ["werkstatt.request"]).toBe(request)
    for (const options of [{ populateRequest: false }, { shallow: true }]) {
      const other = environOf()
      new Request(other, options)
      expect("werkstatt.request" in other).toBe(false)
    }
  })

  test("may be almost empty", async () => {
    const request = new Request({} as Environ)
    expect(request).toMatchObject({ method: "GET", scheme: "http", host: "", path: "/", rootPath: "", queryString: "" })
    expect(request).toMatchObject({
      remoteAddr: undefined,
      remoteUser: undefined,
      server: undefined,
      contentType: undefined,
    })
    expect(request.accessRoute).toEqual([])
    expect((await request.data()).length).toBe(0)
    expect((await request.form()).size).toBe(0)
    expect(request.signal.aborted).toBe(false)
  })

  test("is where the facts come from", () => {
    const signal = AbortSignal.abort()
    const request = new Request(
      environOf("/caf\u00c3\u00a9", {
        REQUEST_METHOD: "made_up",
        SCRIPT_NAME: "/\u00c3\u00bc//",
        REMOTE_USER: "me",
        "wsgi.signal": signal,
      }),
    )
    expect(request).toMatchObject({ method: "MADE_UP", path: "/café", rootPath: "/ü", remoteUser: "me" })
    expect(request).toMatchObject({ signal })
    expect(request.server).toEqual(["localhost", 80])
  })
})

describe("the readers of the body", () => {
  test("data gives the bytes, again and again, and leaves the form to be parsed", async () => {
    const request = form("a=1")
    expect(text(await request.data())).toBe("a=1")
    expect(text(await request.data())).toBe("a=1")
    expect((await request.form()).get("a")).toBe("1")
    expect(text(await request.data())).toBe("a=1")
  })

  test("data that parses the form first gives what is no form, and nothing of what is", async () => {
    const request = form("a=1")
    expect(text(await request.data({ parseFormData: true }))).toBe("")
    expect((await request.form()).get("a")).toBe("1")
    expect(text(await post("raw", { CONTENT_TYPE: "text/plain" }).data({ parseFormData: true }))).toBe("raw")
    expect(text(await post("raw").data({ parseFormData: true }))).toBe("raw")
  })

  test("calls that overlap take their turns in the order in which they were made", async () => {
    const first = form("a=1")
    const [data, fields] = await Promise.all([first.data(), first.form()])
    expect([text(data), fields.get("a")]).toEqual(["a=1", "1"])
    const second = form("a=1")
    const [parsed, rest] = await Promise.allSettled([second.form(), second.data()])
    expect(parsed.status).toBe("fulfilled")
    expect(rest).toMatchObject({ reason: { message: expect.stringContaining("by form()") } })
    const third = form("a=1")
    const [drained, empty] = await Promise.allSettled([third.data({ cache: false }), third.form()])
    expect(drained.status).toBe("fulfilled")
    expect(empty).toMatchObject({ reason: { message: expect.stringContaining("by data()") } })
    const fourth = post("text", { CONTENT_TYPE: "text/plain" })
    const [none, data4] = await Promise.all([fourth.form(), fourth.data()])
    expect([none.size, text(data4)]).toEqual([0, "text"])
  })

  test("form and files are parsed once, together", async () => {
    const request = post(UPLOAD, MULTIPART)
    const [fields, files] = await Promise.all([request.form(), request.files()])
    expect(fields.get("a")).toBe("1")
    expect(files.get("f")?.filename).toBe("x.txt")
    expect(await request.form()).toBe(fields)
    expect(await request.files()).toBe(files)
    await request.close()
  })

  test.each(["DELETE", "PATCH", "MADE_UP", "GET"])(
    "a %s request with a Content-Type has its form parsed",
    async (method) => {
      const request = post("a=1", { ...URLENCODED, REQUEST_METHOD: method })
      expect(request.wantFormDataParsed).toBe(true)
      expect((await request.form()).get("a")).toBe("1")
    },
  )

  test("without a Content-Type nothing is taken for a form", async () => {
    const request = post("a=1")
    expect(request.wantFormDataParsed).toBe(false)
    expect((await request.form()).size).toBe(0)
    expect(text(await request.data())).toBe("a=1")
  })

  test("values are the query and then the form; those of a GET leave the body alone", async () => {
    const values = await form("q=2&a=3").values()
    expect([values.getAll("q"), values.get("a")]).toEqual([["1", "2"], "3"])
    const request = post("a=1", { ...URLENCODED, REQUEST_METHOD: "GET" })
    expect([...(await request.values())]).toEqual([["q", "1"]])
    expect(text(await request.stream.read())).toBe("a=1")
  })

  test("text is UTF-8, with U+FFFD for what is not", async () => {
    expect(await post("é").text()).toBe("é")
    expect(await new Request(environOf("/", {}, Uint8Array.of(0x61, 0xff))).text()).toBe("a\ufffd")
    expect(await new Request(environOf("/", {}, Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).text()).toBe("\ufeffa")
  })

  test("the stream can be replaced, and feeds what is read afterwards", async () => {
    const request = form("a=1")
    request.stream = inputFrom(bytes("a=2"))
    expect((await request.form()).get("a")).toBe("2")
  })

  test("the server's own stream is there too, unguarded", async () => {
    const request = post("hello", { CONTENT_LENGTH: "2" })
    expect(text(await request.stream.read())).toBe("he")
    expect(text(await request.inputStream.read())).toBe("llo")
  })

  test("a shallow request leaves its body alone", async () => {
    const request = new Request(environOf("/", URLENCODED, "a=1"), { shallow: true })
    expect(() => request.stream).toThrow(TypeError)
    for (const read of ["data", "text", "form", "files", "values"] as const)
      await expect(request[read]()).rejects.toThrow(TypeError)
    await expect(request.json({ force: true })).rejects.toThrow(TypeError)
    await request.close()
    expect(request.path).toBe("/")
  })

  test("a body that is cut short is an error for every reader", async () => {
    for (const read of ["data", "form"] as const) {
      const request = post("a=1", { ...URLENCODED, CONTENT_LENGTH: "10" })
      await expect(request[read]()).rejects.toThrow(ClientDisconnected)
    }
  })
})

describe("limits", () => {
  class Small extends Request {
    override maxContentLength = 5
  }
  const readers = {
    data: (request: Request) => request.data(),
    text: (request: Request) => request.text(),
    json: (request: Request) => request.json({ force: true }),
    "json, silently": (request: Request) => request.json({ force: true, silent: true }),
    form: (request: Request) => request.form(),
    files: (request: Request) => request.files(),
    values: (request: Request) => request.values(),
    stream: async (request: Request) => request.stream.read(),
    lines: async (request: Request) => request.stream.readLines(),
    chunks: async (request: Request) => {
      for await (const _ of request.stream);
    },
  }

  describe.each(Object.entries(readers))("%s", (_, read) => {
    test("of an announced length above the limit is refused, each time", async () => {
      const request = new Small(environOf("/", URLENCODED, "a=1234"))
      for (let i = 0; i < 2; i++) await expect(read(request)).rejects.toThrow(RequestEntityTooLarge)
    })

    test("of an unknown length above the limit is refused, each time", async () => {
      const request = endless("a=1234", URLENCODED)
      request.maxContentLength = 5
      for (let i = 0; i < 2; i++) await expect(read(request)).rejects.toThrow(RequestEntityTooLarge)
    })

    test("of exactly the limit is read", async () => {
      const request = endless("12345", URLENCODED)
      request.maxContentLength = 5
      await read(request)
      await read(new Small(environOf("/", URLENCODED, "12345")))
    })
  })

  test.each(Object.entries(readers))("%s has a limit by default, with any announced length", async (_, read) => {
    for (const length of ["134217729", "9".repeat(40)]) {
      const request = post("a=1", { ...URLENCODED, CONTENT_LENGTH: length })
      for (let i = 0; i < 2; i++) await expect(read(request)).rejects.toThrow(RequestEntityTooLarge)
    }
  })

  test("maxDataSize holds for what is held in memory, and names itself; no limit is undefined", async () => {
    const most = 4 * 1024 * 1024
    for (const of of [post, endless]) {
      for (const read of [readers.data, readers.text, readers.json]) {
        const request = of(`"${"x".repeat(most)}"`)
        for (let i = 0; i < 2; i++) await expect(read(request)).rejects.toThrow("maxDataSize")
        const lifted = of(`"${"x".repeat(most)}"`)
        lifted.maxDataSize = undefined
        expect(await read(lifted)).toHaveLength(read === readers.json ? most : most + 2)
        const smaller = of("123456")
        smaller.maxContentLength = 5
        await expect(read(smaller)).rejects.toThrow("maxContentLength")
      }
      expect(await of("x".repeat(most)).data()).toHaveLength(most)
      expect(await of("x".repeat(most + 1)).stream.read()).toHaveLength(most + 1)
    }
  })

  test("they hold for a stream that takes the place of the body", async () => {
    const replaced = (maxDataSize: number, maxContentLength: number) => {
      const request = form("a=1")
      Object.assign(request, { maxDataSize, maxContentLength })
      request.stream = inputFrom([bytes("a=12"), bytes("345678")])
      return request
    }
    await expect(replaced(9, 100).data()).rejects.toThrow("maxDataSize")
    await expect(replaced(100, 9).data()).rejects.toThrow("maxContentLength")
    await expect(replaced(100, 9).form()).rejects.toThrow("maxContentLength")
    await expect(replaced(100, 9).stream.read()).rejects.toThrow("maxContentLength")
    expect(await replaced(10, 10).text()).toBe("a=12345678")
  })

  test("one that is no limit is a mistake of the program, which names it", async () => {
    for (const limit of [-1, Number.NaN, 1.5, "5"]) {
      const request = form("a=1")
      Object.assign(request, { maxContentLength: limit })
      await expect(request.data()).rejects.toThrow(/^maxContentLength must be/)
    }
    const request = form("a=1")
    request.maxContentLength = Number.POSITIVE_INFINITY
    request.maxDataSize = Number.POSITIVE_INFINITY
    expect(await request.text()).toBe("a=1")
  })

  test("maxFileSize and maxFiles hold for the files of a form", async () => {
    for (const limits of [{ maxFileSize: 6 }, { maxFiles: 0 }]) {
      const request = Object.assign(post(UPLOAD, MULTIPART), limits)
      await expect(request.files()).rejects.toThrow(
        /(maxFileSize|maxFiles) allows, which is [06], with the file "x.txt" in the field "f"/,
      )
      const parts = Object.assign(post(UPLOAD, MULTIPART), limits).parts()
      const all = async () => {
        for await (const part of parts) await part.bytes()
      }
      await expect(all()).rejects.toThrow(RequestEntityTooLarge)
    }
    const exact = Object.assign(post(UPLOAD, MULTIPART), { maxFileSize: 7, maxFiles: 1 })
    expect((await exact.files()).size).toBe(1)
    await exact.close()
  })

  test("a form has at most 500 kB of text by default, and as large a one is read", async () => {
    const most = "x".repeat(500_000)
    expect((await post(`a=${most.slice(2)}`, URLENCODED).form()).get("a")).toHaveLength(499_998)
    await expect(post(`a=${most}`, URLENCODED).form()).rejects.toThrow(RequestEntityTooLarge)
  })

  test("maxFormMemorySize and maxFormParts hold for forms; no limit is undefined", async () => {
    const memory = form("a=123456789")
    memory.maxFormMemorySize = 5
    await expect(memory.form()).rejects.toThrow(RequestEntityTooLarge)
    await expect(memory.data()).rejects.toThrow(RequestEntityTooLarge)
    const parts = post(UPLOAD, MULTIPART)
    parts.maxFormParts = 1
    await expect(parts.form()).rejects.toThrow(RequestEntityTooLarge)
    const large = form(`a=${"x".repeat(600_000)}`)
    await expect(large.form()).rejects.toThrow(RequestEntityTooLarge)
    const unlimited = form(`a=${"x".repeat(600_000)}`)
    unlimited.maxFormMemorySize = undefined
    expect((await unlimited.form()).get("a")).toHaveLength(600_000)
  })
})

describe("a body that was read before", () => {
  const readForm = async (request: Request) => (await request.form()).get("a")
  const part = async (request: Request) => {
    for await (const { name } of request.parts()) return name
    return undefined
  }
  // Each reads a part or the whole of one multipart form; what it gives shows that it had the body.
  const once: Record<string, (request: Request) => Promise<unknown>> = {
    "data()": async (request) => (await request.data({ cache: false })).length,
    "text()": async (request) => (await request.text({ cache: false })).length,
    "json()": async (request) => request.json({ cache: false, force: true, silent: true }).then(() => "read"),
    "form()": readForm,
    "files()": async (request) => (await request.files()).size,
    "values()": async (request) => (await request.values()).get("a"),
    "parts()": part,
    stream: async (request) => text(await request.stream.read(1)),
    "wsgi.input": async (request) => text(await request.environ["wsgi.input"].read(1)),
  }
  const upload = () => post(UPLOAD, MULTIPART)
  const sharesWith: Record<string, string[]> = {
    "form()": ["files()", "values()"],
    "files()": ["form()", "values()"],
    "values()": ["form()", "files()"],
  }
  const pairs = Object.keys(once).flatMap((first) =>
    Object.keys(once)
      .filter((second) => second !== "wsgi.input" && !sharesWith[first]?.includes(second))
      .filter((second) => first !== second || !/form|files|values|stream/.test(first))
      .map((second) => [first, second] as const),
  )

  test.each(pairs)("by %s is a mistake for %s, which names the first", async (first, second) => {
    const request = upload()
    expect(await once[first]?.(request)).toBeTruthy()
    for (let time = 0; time < 2; time++) {
      const error = await once[second]?.(request).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toContain(`by ${first}, `)
    }
  })

  test.each(["data", "text"] as const)("by %s() was kept, and is there for each other reader", async (first) => {
    const readers = { ...once, stream: async (request: Request) => text(await request.stream.read()) }
    for (const [second, read] of Object.entries(readers)) {
      if (second === "wsgi.input") continue
      const request = upload()
      const { stream } = request
      await request[first]()
      expect(await read(request), second).toBeTruthy()
      expect(await read(request).then(String), second).toBeDefined()
      if (second === "stream") expect(text(await stream.read())).toBe("")
    }
    const request = upload()
    await request[first]()
    expect(text(await request.stream.read())).toBe(UPLOAD)
  })

  test("is one for another request that is made of the same environ, which names the reader", async () => {
    const request = form("a=1")
    await request.form()
    await expect(new Request(request.environ).json({ force: true })).rejects.toThrow("by form()")
    const environ = { ...request.environ, "wsgi.input": inputFrom(bytes("a=2")) }
    expect(await readForm(new Request(environ))).toBe("2")
  })

  test("was not, when what asked for it found no form in it", async () => {
    const request = post("[1]", JSON_TYPE)
    expect((await request.values()).get("a")).toBeUndefined()
    await expect(request.parts().next()).rejects.toThrow(UnsupportedMediaType)
    expect(request.stream).toBe(request.stream)
    expect(await request.json()).toEqual([1])
  })

  test("is there again when another stream takes its place, which may be made of it", async () => {
    const request = form("a=1")
    await request.form()
    request.stream = inputFrom(bytes("[2]"))
    expect(await request.json({ force: true })).toEqual([2])
    const other = form("a=1")
    const { stream } = other
    other.stream = inputFrom(
      (async function* () {
        for await (const chunk of stream) yield bytes(text(chunk).replace("1", "3"))
      })(),
    )
    expect(await readForm(other)).toBe("3")
  })
})

describe("an error that is awaited late", () => {
  const malformed = () => endless("{bad", JSON_TYPE)
  const cut = () => post(UPLOAD.slice(0, 70), { ...MULTIPART, CONTENT_LENGTH: "1000" })
  const readers: [name: string, request: () => Request, read: (request: Request) => Promise<unknown>][] = [
    ["json()", malformed, (request) => request.json()],
    ["data()", cut, (request) => request.data()],
    ["data({ cache: false })", cut, (request) => request.data({ cache: false })],
    ["data({ parseFormData: true })", cut, (request) => request.data({ parseFormData: true })],
    ["text()", cut, (request) => request.text()],
    ["form()", cut, (request) => request.form()],
    ["files()", cut, (request) => request.files()],
    ["values()", cut, (request) => request.values()],
    ["parts()", () => endless("--", MULTIPART), (request) => request.parts().next()],
    ["stream.read()", cut, (request) => request.stream.read()],
    ["stream.readLine()", () => post("", { CONTENT_LENGTH: "1000" }), (request) => request.stream.readLine()],
    ["stream.readLines()", cut, (request) => request.stream.readLines()],
    ["wsgi.input", cut, (request) => brokenInput(request).read()],
  ]
  // All of it is in memory, so whatever fails has done so after some turns of the loop.
  const settled = async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  const brokenInput = (request: Request) => {
    request.environ["wsgi.input"] = inputFrom({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new ClientDisconnected()) }),
    })
    return request.environ["wsgi.input"]
  }

  test.each(readers)("of %s ends no process, and reaches those who await it, each time", async (_, make, read) => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on("unhandledRejection", note)
    try {
      const request = make()
      const late = read(request)
      await settled()
      for (let time = 0; time < 2; time++) await expect(late).rejects.toThrow(Error)
      // Forgotten altogether.
      read(make())
      await settled()
    } finally {
      process.off("unhandledRejection", note)
    }
    expect(unhandled).toEqual([])
  })

  test("of a step of an iteration likewise", async () => {
    const request = cut()
    const chunks = request.stream[Symbol.asyncIterator]()
    await chunks.next()
    const [late, parts] = [chunks.next(), cut().parts()]
    const { value } = await parts.next()
    const steps = [
      late,
      parts.next(),
      parts.next(),
      value?.bytes(),
      value?.text(),
      value?.[Symbol.asyncIterator]().next(),
    ]
    await settled()
    await expect(late).rejects.toThrow(ClientDisconnected)
    const outcomes = await Promise.allSettled(steps)
    expect(outcomes.filter(({ status }) => status === "rejected").length).toBeGreaterThan(3)
  })

  test("of form() and files() of one body is the same", async () => {
    const request = cut()
    const [form, files] = [request.form(), request.files()]
    const error = await form.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ClientDisconnected)
    await expect(files).rejects.toBe(error)
    await expect(request.form()).rejects.toBe(error)
  })
})

describe("json", () => {
  test("gives the value, parsed once", async () => {
    const request = post('{"a": [1, "é"]}', JSON_TYPE)
    const value = await request.json()
    expect(value).toEqual({ a: [1, "é"] })
    expect(await request.json()).toBe(value)
    expect(await request.json({ silent: true })).toBe(value)
  })

  test.each([
    ["application/json", true],
    ["application/problem+json; charset=utf-8", true],
    ["APPLICATION/JSON", true],
    ["text/json", false],
    ["application/jsonlines", false],
    ["application/json\ta", false],
    [" application/json", true],
    ["application/json garbage", false],
    ["text/plain; application/json", false],
    ["application/json, text/plain", false],
  ])("of the type %j is JSON: %s", async (type, isJson) => {
    const request = post("1", { CONTENT_TYPE: type })
    expect(request.isJson).toBe(isJson)
    if (isJson) expect(await request.json()).toBe(1)
    else await expect(request.json()).rejects.toThrow(UnsupportedMediaType)
  })

  test("of another type is a 415, unless forced or silent", async () => {
    const request = post("[1]", { CONTENT_TYPE: "text/plain" })
    await expect(request.json()).rejects.toThrow(UnsupportedMediaType)
    expect(await request.json({ silent: true })).toBeUndefined()
    expect(await request.json({ force: true })).toEqual([1])
    expect(await request.json()).toEqual([1])
  })

  test.each(["", "{", "nope", "{'a': 1}"])("a body of %j is a 400, unless silent", async (body) => {
    const request = post(body, JSON_TYPE)
    await expect(request.json()).rejects.toThrow(BadRequest)
    expect(await request.json({ silent: true })).toBeUndefined()
    await expect(request.json()).rejects.toThrow(BadRequest)
  })

  test("bytes that are not UTF-8 are no JSON", async () => {
    const request = new Request(environOf("/", JSON_TYPE, Uint8Array.of(0x22, 0xff, 0x22)))
    await expect(request.json()).rejects.toThrow(BadRequest)
  })

  test("that is not kept drains the body", async () => {
    const request = post("[1]", JSON_TYPE)
    expect(await request.json({ cache: false })).toEqual([1])
    await expect(request.json()).rejects.toThrow("by json()")
  })

  test("after the form there is none left", async () => {
    const request = form("a=1")
    await request.form()
    for (const silent of [true, false]) {
      await expect(request.json({ force: true, silent } as { silent: true })).rejects.toThrow(TypeError)
    }
  })

  test("the hook for failures decides what comes instead", async () => {
    class Tolerant extends Request {
      override onJsonLoadingFailed(error: unknown): unknown {
        return error === undefined ? "type" : "body"
      }
    }
    expect(await new Tolerant(environOf("/", JSON_TYPE, "{")).json()).toBe("body")
    expect(await new Tolerant(environOf("/", {}, "{}")).json()).toBe("type")
  })

  test("another parser may take the place of JSON", async () => {
    class Shouting extends Request {
      override jsonModule = { parse: (text: string) => text.toUpperCase(), stringify: String }
    }
    expect(await new Shouting(environOf("/", JSON_TYPE, "hi")).json()).toBe("HI")
  })

  test("__proto__ is a key like any other", async () => {
    const value = (await post('{"__proto__": {"a": 1}}', JSON_TYPE).json()) as object
    expect(Object.hasOwn(value, "__proto__")).toBe(true)
    expect(({} as { a?: number }).a).toBeUndefined()
  })
})

describe("closing", () => {
  test("closes the files of the form, if there were any", async () => {
    const request = post(UPLOAD, MULTIPART)
    expect(request.needsClose).toBe(false)
    const file = (await request.files()).get("f") as FileStorage
    let closed = 0
    file.close = async () => void closed++
    expect(request.needsClose).toBe(true)
    {
      await using _ = request
    }
    expect(closed).toBe(1)
    const plain = form("a=1")
    await plain.form()
    expect(plain.needsClose).toBe(false)
  })

  test("does not parse a form for that", async () => {
    const request = form("a=1")
    await request.close()
    expect(text(await request.data())).toBe("a=1")
  })

  test("of a form that failed does nothing", async () => {
    const request = form("a=1")
    request.maxContentLength = 1
    await expect(request.form()).rejects.toThrow()
    await request.close()
  })
})

test("an inspector shows URL and method, and never fails", () => {
  expect(String(new Request(environOf("/caf\u00c3\u00a9?a=b")))).toBe("<Request 'http://localhost/café?a=b' [GET]>")
  const request = new Request(environOf())
  request.trustedHosts = ["example.com"]
  expect(String(request)).toMatch(/^<Request \(invalid URL: .*\) \[GET\]>$/)
})

test("types: what a view touches is typed", () => {
  const request = new Request(environOf())
  expectTypeOf(request.args).toEqualTypeOf<ImmutableMultiDict<string>>()
  expectTypeOf(request.args.get("a")).toEqualTypeOf<string | undefined>()
  expectTypeOf(request.args.get("a", { type: Number, default: 0 })).toEqualTypeOf<number>()
  expectTypeOf(request.form).returns.resolves.toEqualTypeOf<ImmutableMultiDict<string>>()
  expectTypeOf(request.files).returns.resolves.toEqualTypeOf<ImmutableMultiDict<FileStorage>>()
  expectTypeOf(request.stream).toEqualTypeOf<InputStream>()
  expectTypeOf(request.data).returns.resolves.toEqualTypeOf<Uint8Array>()
  expectTypeOf(request.headers.get("x")).toEqualTypeOf<string | undefined>()
  expectTypeOf(request.json).toBeCallableWith({ force: true })
  const loud = () => request.json()
  const typed = () => request.json<{ a: number }>()
  const silent = () => request.json<{ a: number }>({ silent: true })
  expectTypeOf(loud).returns.resolves.toBeUnknown()
  expectTypeOf(typed).returns.resolves.toEqualTypeOf<{ a: number }>()
  expectTypeOf(silent).returns.resolves.toEqualTypeOf<{ a: number } | undefined>()
})
