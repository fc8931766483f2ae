import { describe, expect, test } from "vitest"
import { FileStorage } from "../../src/datastructures/file-storage.ts"
import { inputFrom } from "../../src/environ/input.ts"
import { ClientDisconnected, RequestEntityTooLarge } from "../../src/exceptions/statuses.ts"
import { busboyDecoder } from "../../src/forms/busboy.ts"
import { FormDataParser, type FormDataParserOptions, parseFormData } from "../../src/forms/form-data-parser.ts"
import { MalformedForm } from "../../src/forms/limits.ts"
import { MemoryUploadStore, type UploadStore } from "../../src/forms/upload-store.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"
import { expectLinear } from "../support/growth.ts"
import { bytes, lines, pieces, recorded, text } from "./decoding.ts"

const URLENCODED = "application/x-www-form-urlencoded"
const TYPE = "multipart/form-data; boundary=XX"
const DISPOSITION = "Content-Disposition: form-data"

const field = (name: string, value: string) => ["--XX", `${DISPOSITION}; name="${name}"`, "", value]
const file = (name: string, value: string) => ["--XX", `${DISPOSITION}; name="${name}"; filename="f"`, "", value]
const multipart = (...parts: string[][]) => lines(...parts.flat(), "--XX--", "")

async function parse(
  body: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  contentType: string | undefined = TYPE,
  options: FormDataParserOptions = {},
  contentLength?: number,
) {
  const stream = inputFrom(body)
  const { form, files } = await new FormDataParser(options).parse(stream, contentType, contentLength)
  const read: unknown[] = []
  for (const [name, upload] of files) read.push([name, upload.filename, text(await upload.bytes())])
  return { fields: [...form], files: read, stream, form, uploads: files }
}

describe("by type", () => {
  test("urlencoded and multipart are forms", async () => {
    expect((await parse(bytes("a=1&b=2"), URLENCODED)).fields).toEqual([
      ["a", "1"],
      ["b", "2"],
    ])
    expect((await parse(bytes("a=1"), "Application/X-WWW-Form-Urlencoded; charset=utf-7")).fields).toEqual([["a", "1"]])
    const { fields, files } = await parse(multipart(field("a", "1"), file("f", "2"), field("a", "3")))
    expect(fields).toEqual([
      ["a", "1"],
      ["a", "3"],
    ])
    expect(files).toEqual([["f", "f", "2"]])
  })

  test.each([
    undefined,
    "",
    "text/plain",
    "application/json",
    "multipart/mixed; boundary=XX",
    "multipart/form-data junk; boundary=XX",
  ])("%j is none, and is not touched", async (contentType) => {
    const { fields, files, stream } = await parse(bytes("a=1"), contentType ?? "", { maxFormMemorySize: 0 })
    expect([fields, files, text(await stream.read())]).toEqual([[], [], "a=1"])
  })

  test("an environ says it all", async () => {
    const environ = createEnviron({ method: "POST", data: { a: "1", f: [bytes("2"), "x.txt"] } })
    const [stream, form, files] = await parseFormData(environ)
    expect([...form]).toEqual([["a", "1"]])
    expect(files.get("f")?.filename).toBe("x.txt")
    expect(await stream.read()).toHaveLength(0)
  })

  test("a file has the headers of its part", async () => {
    const { uploads } = await parse(
      lines(
        "--XX",
        `${DISPOSITION}; name=f; filename="日本.txt"`,
        "Content-Type: Text/Plain; charset=x",
        "X-A: 1",
        "X-A: 2",
        "",
        "data",
        "--XX--",
      ),
    )
    const upload = uploads.get("f") as FileStorage
    expect(upload).toBeInstanceOf(FileStorage)
    expect([upload.name, upload.filename, upload.mimetype, upload.size]).toEqual(["f", "日本.txt", "text/plain", 4])
    expect(upload.headers.getAll("x-a")).toEqual(["1", "2"])
    expect(upload.contentType).toBe("Text/Plain; charset=x")
  })

  test.each<[charset: string, data: string, value: string]>([
    ["iso-8859-1", "\xe9", "é"],
    ["US-ASCII", "a\xe9", "a\ufffd"],
    ["utf-8", "\xc3\xa9", "é"],
    ['"UTF-8"', "\xc3", "\ufffd"],
    // Those that a client could use to hide something are not known (107).
    ["utf-16", "\xff\xfea\0", "\ufffd\ufffda\0"],
    ["utf-7", "+ADw-", "+ADw-"],
    ["windows-1252", "\x80", "\ufffd"],
    ["base64", "YQ==", "YQ=="],
  ])("a text in %s is read as that, or as UTF-8", async (charset, data, value) => {
    const head = `--XX\r\n${DISPOSITION}; name=a\r\nContent-Type: text/plain; charset=${charset}\r\n\r\n`
    const { fields } = await parse(bytes(`${head}${data}\r\n--XX--`, "latin1"))
    expect(fields).toEqual([["a", value]])
  })
})

describe("recorded bodies", () => {
  test.each(["busboy", "own"])("of Chromium are read by %s", async (name) => {
    const { contentType, body } = recorded("chromium-multipart")
    const options = name === "own" ? {} : { decoder: busboyDecoder }
    const { fields, files } = await parse(pieces(body, 100), contentType, options)
    expect(fields).toEqual([
      ["plain", "text"],
      ["näme 日本 😀", "välue ☃"],
      ['quo"te', '"quoted" \\ %22 100%'],
      ["line\r\nbreak\r\nalone", "one"],
      ["back\\slash", "a\\b"],
      ["empty", ""],
      ["lines", "first\r\nsecond"],
      ["tag", "a"],
      ["tag", "b"],
      ["_charset_", "UTF-8"],
      ["go", "Send"],
    ])
    expect(files).toEqual([
      ["none", "", ""],
      ["nothing", "empty.txt", ""],
      ["some", "ünïcödé 日本.txt", "one\r\n"],
      // The page has %22 there, and a quote before: they are sent alike.
      ["some", 'quo"te back\\slash ".html', "<b>2</b>"],
      ["some", "line\nbreak.bin", "3"],
      ["bytes", "all bytes", text(Uint8Array.from({ length: 512 }, (_, index) => index % 256))],
    ])
  })

  test("of curl are read", async () => {
    const { contentType, body } = recorded("curl-length")
    const { fields, files } = await parse(pieces(body, 1), contentType)
    expect(fields).toEqual([
      ["plain", "text"],
      ["näme 日本", "välue ☃"],
      ['quo"te', 'a "b" \\ c'],
      ["empty", ""],
      ["g", "text from a file"],
    ])
    expect(files).toEqual([
      ["f", "a.txt", "one\r\n"],
      ["f", 'quo"te \\ ü.bin', "\0\r\n--\xff"],
    ])
  })
})

describe("limits", () => {
  const many = (count: number, part: string[]) => bytes(`${`${part.join("\r\n")}\r\n`.repeat(count)}--XX--`)
  async function* endless(start: string, filler: string) {
    yield bytes(start)
    const chunk = bytes(filler.repeat(Math.ceil(65536 / filler.length)))
    for (;;) yield chunk
  }
  const form = (name: string, value: string) => `--XX\r\n${DISPOSITION}; name=${name}\r\n\r\n${value}`

  // Rows 89-99 of what has hurt others. The bodies that never end show that nothing is buffered before the answer.
  test.each<
    [
      what: string,
      body: () => Uint8Array | AsyncIterable<Uint8Array>,
      limit: string,
      options?: FormDataParserOptions,
      type?: string,
    ]
  >([
    ["200 000 empty parts", () => many(200_000, field("a", "")), "maxFormParts"],
    ["5000 empty files", () => many(5000, file("a", "")), "maxFormParts"],
    ["the 1001st part", () => many(1001, field("a", "1")), "maxFormParts"],
    ["a field of 100 MB", () => endless(form("a", ""), "x"), "maxFormMemorySize"],
    ["1000 fields of 600 KB", () => endless("", `${form("a", "x".repeat(600_000))}\r\n`), "maxFormMemorySize"],
    ["two fields that are too large together", () => many(2, field("a", "x".repeat(300_000))), "maxFormMemorySize"],
    ["a head without an end", () => endless("--XX\r\nX: ", "x"), "maxPartHeaderSize"],
    ["5000 headers", () => bytes(`--XX\r\n${"x: y\r\n".repeat(5000)}\r\n--XX--`), "maxPartHeaderSize"],
    [
      "a preamble without an end",
      () => endless("", "preamble\r\n"),
      "maxContentLength",
      { maxContentLength: 10_000_000 },
    ],
    [
      "an epilogue without an end",
      () => endless("--XX--", "\r\n--XX\r\n"),
      "maxContentLength",
      { maxContentLength: 10_000_000 },
    ],
    ["an urlencoded field of 100 MB", () => endless("a=", "x"), "maxFormMemorySize", {}, URLENCODED],
    ["a million urlencoded fields", () => bytes("a=1&".repeat(100_000)), "maxFormParts", {}, URLENCODED],
    [
      "an urlencoded body above the total",
      () => endless("a=", "x"),
      "maxContentLength",
      { maxContentLength: 1000 },
      URLENCODED,
    ],
    [
      "a file above the total",
      () => endless(`--XX\r\n${DISPOSITION}; name=f; filename=f\r\n\r\n`, "x"),
      "maxContentLength",
      { maxContentLength: 1_000_000 },
    ],
  ])("%s gives 413", async (_what, body, limit, options, type) => {
    const error = await parse(body(), type ?? TYPE, options).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(RequestEntityTooLarge)
    expect((error as RequestEntityTooLarge).code).toBe(413)
    expect((error as RequestEntityTooLarge).description).toContain(limit)
  })

  test.each<[limit: string, options: FormDataParserOptions, culprit: string]>([
    ["maxFormMemorySize", { maxFormMemorySize: 9 }, 'the field "b"'],
    ["maxFormParts", { maxFormParts: 3 }, 'the file "f" in the field "two"'],
    ["maxFileSize", { maxFileSize: 9 }, 'the file "f" in the field "two"'],
    ["maxFiles", { maxFiles: 1 }, 'the file "f" in the field "two"'],
    [
      "maxUploadMemorySize",
      { uploadStore: new MemoryUploadStore({ maxUploadMemorySize: 14 }) },
      'the file "f" in the field "two"',
    ],
  ])("beyond %s the 413 names the limit, the field and the file", async (limit, options, culprit) => {
    const parts = [field("a", "12345"), file("one", "12345"), field("b", "67890"), file("two", "1234567890")]
    const body = multipart(...parts)
    for (const chunks of [[body], pieces(body, 7)]) {
      const error = await parse(chunks, TYPE, options).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(RequestEntityTooLarge)
      expect((error as RequestEntityTooLarge).description).toContain(`${limit} allows`)
      expect((error as RequestEntityTooLarge).description).toContain(culprit)
    }
    const exactly = { maxFormMemorySize: 10, maxFormParts: 4, maxFileSize: 10, maxFiles: 2 }
    expect((await parse(body, TYPE, exactly)).fields).toHaveLength(2)
  })

  test("a file that was not chosen counts as none, unless it has bytes", async () => {
    const none = (value: string) => ["--XX", `${DISPOSITION}; name=f; filename=""`, "", value]
    const body = multipart(none(""), file("f", ""), none(""))
    expect((await parse(body, TYPE, { maxFiles: 1 })).files).toHaveLength(3)
    await expect(parse(body, TYPE, { maxFiles: 0 })).rejects.toThrow("maxFiles")
    await expect(parse(multipart(none("1")), TYPE, { maxFiles: 0 })).rejects.toThrow("maxFiles")
  })

  test("a file that is too large is not read to its end, and what was stored is closed", async () => {
    let taken = 0
    function* counted() {
      for (const piece of pieces(multipart(file("f", "1"), file("g", "x".repeat(1_000_000))), 1000)) {
        taken += piece.length
        yield piece
      }
    }
    await expect(parse(counted(), TYPE, { maxFileSize: 10_000 })).rejects.toThrow("maxFileSize")
    expect(taken).toBeLessThan(20_000)
  })

  test("the whole body is limited unless that is lifted", async () => {
    const announced = 128 * 1024 * 1024 + 1
    await expect(parse(bytes(""), TYPE, {}, announced)).rejects.toThrow("maxContentLength")
    const lifted = parse(bytes(""), TYPE, { maxContentLength: Number.POSITIVE_INFINITY }, announced)
    await expect(lifted).rejects.toThrow(MalformedForm)
  })

  test("meeting a limit exactly is fine", async () => {
    const body = multipart(field("a", "12345"), field("b", "67890"))
    const most = (options: FormDataParserOptions) => parse(body, TYPE, options)
    expect((await most({ maxFormMemorySize: 10, maxFormParts: 2, maxContentLength: body.length })).fields).toHaveLength(
      2,
    )
    await expect(most({ maxFormMemorySize: 9 })).rejects.toThrow("maxFormMemorySize")
    await expect(most({ maxFormParts: 1 })).rejects.toThrow("maxFormParts")
    await expect(most({ maxContentLength: body.length - 1 })).rejects.toThrow(RequestEntityTooLarge)
    expect((await parse(bytes("a=1"), URLENCODED, { maxFormMemorySize: 3, maxContentLength: 3 })).fields).toHaveLength(
      1,
    )
  })

  test("an announced length that is too large is refused before anything is read", async () => {
    const untouched = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.reject(new Error("somebody read"))
    }
    for (const [type, options, limit] of [
      [TYPE, { maxContentLength: 99 }, "maxContentLength"],
      [URLENCODED, { maxContentLength: 99 }, "maxContentLength"],
      [URLENCODED, { maxFormMemorySize: 99 }, "maxFormMemorySize"],
    ] as const) {
      const parsing = parse(untouched(), type, options, 100)
      await expect(parsing).rejects.toThrow(RequestEntityTooLarge)
      await expect(parsing).rejects.toThrow(limit)
    }
  })

  test("files don't count as text", async () => {
    const { files } = await parse(multipart(file("f", "x".repeat(600_000))), TYPE, { maxFormMemorySize: 0 })
    expect(files).toHaveLength(1)
  })

  test("what is too much is not read to its end", async () => {
    const body = many(200_000, field("a", ""))
    let taken = 0
    function* counted() {
      for (const piece of pieces(body, 65536)) {
        taken += piece.length
        yield piece
      }
    }
    await expect(parse(counted())).rejects.toThrow("maxFormParts")
    expect(taken).toBeLessThan(2 * 65536)
  })

  test("names full of escapes take time in proportion", async () => {
    await expectLinear((count) => {
      const body = many(200, ["--XX", `${DISPOSITION}; name="${"\\\\".repeat(count)}"`, "", ""])
      return () => parse(body)
    }, 500)
  })
})

describe("malformed bodies", () => {
  const truncated = lines(...field("a", "1"), "--XX")

  test("are errors of the client", async () => {
    await expect(parse(truncated)).rejects.toThrow(MalformedForm)
    await expect(parse(bytes(""), "multipart/form-data")).rejects.toThrow("boundary")
    await expect(parse(bytes(""), `${TYPE}; boundary=YY`)).rejects.toThrow("two boundaries")
  })

  test("are empty forms if asked for, but for limits and lost clients", async () => {
    expect(await parse(truncated, TYPE, { silent: true })).toMatchObject({ fields: [], files: [] })
    expect(await parse(truncated, "multipart/form-data", { silent: true })).toMatchObject({ fields: [] })
    await expect(parse(truncated, TYPE, { silent: true, maxFormParts: 0 })).rejects.toThrow(RequestEntityTooLarge)
    async function* gone() {
      yield truncated
      throw new ClientDisconnected()
    }
    await expect(parse(gone(), TYPE, { silent: true })).rejects.toThrow(ClientDisconnected)
  })
})

describe("upload stores", () => {
  test("take each file as a stream, and slow the client down", async () => {
    let sent = 0
    async function* slowly() {
      for (const piece of pieces(multipart(file("f", "x".repeat(10_000)), file("g", "y")), 100)) {
        sent += piece.length
        yield piece
      }
    }
    const stored: unknown[] = []
    const uploadStore: UploadStore = {
      async store(part) {
        const stream = part[Symbol.asyncIterator]()
        await stream.next()
        const before = sent
        await new Promise((resolve) => setTimeout(resolve, 20))
        expect(sent).toBe(before)
        stored.push([part.name, part.filename])
        // It may leave the rest.
        return bytes(`stored ${part.name}`)
      },
    }
    const { files } = await parse(slowly(), TYPE, { uploadStore })
    expect(stored).toEqual([
      ["f", "f"],
      ["g", "f"],
    ])
    expect(files).toEqual([
      ["f", "f", "stored f"],
      ["g", "f", "stored g"],
    ])
  })

  test.each<[what: string, body: () => AsyncIterable<Uint8Array> | Uint8Array, error: new () => Error]>([
    ["is malformed", () => lines(...file("f", "1"), ...file("g", "2"), "--XX"), MalformedForm],
    ["is too large", () => multipart(file("f", "1"), file("g", "2"), field("a", "12345678901")), RequestEntityTooLarge],
    [
      "never comes",
      async function* () {
        yield lines(...file("f", "1"), ...file("g", "2"), "--XX")
        throw new ClientDisconnected()
      },
      ClientDisconnected,
    ],
  ])("get back what they stored when the rest of the form %s", async (_what, body, error) => {
    const closed: string[] = []
    const uploadStore: UploadStore = {
      async store(part) {
        const content = await part.bytes()
        const { name } = part
        return {
          size: content.length,
          stream: async function* () {},
          bytes: async () => content,
          close: async () => void closed.push(name),
        }
      },
    }
    await expect(parse(body(), TYPE, { uploadStore, maxFormMemorySize: 10 })).rejects.toThrow(error)
    expect(closed).toContain("f")
    expect(new Set(closed).size).toBe(closed.length)
  })

  test("may refuse", async () => {
    const uploadStore: UploadStore = { store: () => Promise.reject(new Error("full")) }
    await expect(parse(multipart(file("f", "1")), TYPE, { uploadStore })).rejects.toThrow("full")
  })
})

test("names of a client are data", async () => {
  const before = Object.getOwnPropertyNames(Object.prototype)
  const names = ["__proto__", "constructor", "toString", "a[__proto__]", "length", "0"]
  const parts = names.flatMap((name) => [
    field(name, name),
    ["--XX", `${DISPOSITION}; name="${name}"; filename="${name}"`, `${name.replace(/\W/g, "x")}: y`, "", name],
  ])
  const { form, uploads } = await parse(multipart(...parts))
  for (const name of names) {
    expect(form.getAll(name)).toEqual([name])
    expect(uploads.get(name)?.filename).toBe(name)
  }
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
})
