import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { FileStorage } from "../../src/datastructures/file-storage.ts"
import { inputFrom } from "../../src/environ/input.ts"
import {
  chooseBoundary,
  type EncodedForm,
  encodeForm,
  encodeMultipart,
  encodeUrlencoded,
  type FormEntry,
  MultipartEncoder,
} from "../../src/forms/encode.ts"
import { FormDataParser } from "../../src/forms/form-data-parser.ts"
import { boundaryOf } from "../../src/forms/multipart.ts"
import { bytes, recorded } from "./decoding.ts"

async function bodyOf(form: EncodedForm): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of form.body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe("urlencoded", () => {
  test("is UTF-8 with its length", async () => {
    const form = encodeUrlencoded([
      ["a b", "é"],
      ["c", ""],
      ["a b", "&="],
    ])
    expect([form.contentType, form.contentLength]).toEqual(["application/x-www-form-urlencoded", 24])
    expect(await bodyOf(form)).toBe("a+b=%C3%A9&c=&a+b=%26%3D")
    expect(await bodyOf(encodeUrlencoded([]))).toBe("")
  })

  test("is chosen when there is no file", () => {
    expect(encodeForm([["a", "1"]]).contentType).toBe("application/x-www-form-urlencoded")
    expect(encodeForm([["a", new FileStorage()]]).contentType).toMatch(/^multipart\/form-data; boundary=/)
  })
})

describe("multipart", () => {
  test("has the shape of RFC 7578, and its length", async () => {
    const form = encodeMultipart(
      [
        ["näme", "välue\r\n"],
        [
          "f",
          new FileStorage(bytes("hello"), { filename: "ü.txt", contentType: "text/plain", headers: { "X-A": "1" } }),
        ],
        ["g", new FileStorage(null)],
      ],
      { boundary: "XX" },
    )
    const body = await bodyOf(form)
    expect(body).toBe(
      [
        "--XX",
        'Content-Disposition: form-data; name="näme"',
        "",
        "välue\r\n",
        "--XX",
        'Content-Disposition: form-data; name="f"; filename="ü.txt"',
        "X-A: 1",
        "Content-Type: text/plain",
        "",
        "hello",
        "--XX",
        'Content-Disposition: form-data; name="g"; filename=""',
        "Content-Type: application/octet-stream",
        "",
        "",
        "--XX--",
        "",
      ].join("\r\n"),
    )
    expect([form.contentType, form.contentLength]).toEqual([
      "multipart/form-data; boundary=XX",
      Buffer.byteLength(body),
    ])
  })

  test("takes files of the platform with their name, type and size", async () => {
    const form = encodeForm([
      ["f", new File(["hello"], "ü.txt", { type: "text/css" })],
      ["g", new File(["1"], "a.png")],
      ["h", new Blob(["2"], { type: "text/x" })],
    ])
    expect(form.contentLength).toBe(Buffer.byteLength(await bodyOf(form)))
    const { contentType, body } = encodeForm([
      ["f", new File(["hello"], "ü.txt", { type: "text/css" })],
      ["g", new File(["1"], "a.png")],
      ["h", new Blob(["2"], { type: "text/x" })],
    ])
    const { files } = await new FormDataParser().parse(inputFrom(body), contentType)
    const told = Array.from(files, async ([name, file]) => [name, file.filename, file.contentType, await file.text()])
    expect(await Promise.all(told)).toEqual([
      ["f", "ü.txt", "text/css", "hello"],
      ["g", "a.png", "image/png", "1"],
      ["h", "blob", "text/x", "2"],
    ])
  })

  test("guesses the type of a file from its name, unless it has one", async () => {
    const typed = { filename: "a.png", contentType: "text/css" }
    const entries: FormEntry[] = [
      ["a", new FileStorage(bytes("1"), { filename: "a.png" })],
      ["b", new FileStorage(bytes("1"), typed)],
      ["c", new FileStorage(bytes("1"), { filename: "a.png", headers: { "Content-Type": "text/x" } })],
      ["d", new FileStorage(bytes("1"), { filename: "a.nonsense" })],
      ["e", { ...typed, contentType: "", stream: () => [bytes("1")] }],
    ]
    const body = await bodyOf(encodeForm(entries))
    expect(Array.from(body.matchAll(/Content-Type: (.*)\r/g), ([, type]) => type)).toEqual([
      "image/png",
      "text/css",
      "text/x",
      "application/octet-stream",
      "image/png",
    ])
  })

  test("takes numbers and the like for text, and refuses at once what is neither text nor a file", async () => {
    const entries: FormEntry[] = [
      ["n", 5],
      ["b", true],
      ["i", 7n],
    ]
    expect(await bodyOf(encodeForm(entries))).toBe("n=5&b=true&i=7")
    const { form } = await new FormDataParser().parse(
      inputFrom(encodeMultipart(entries, { boundary: "XX" }).body),
      "multipart/form-data; boundary=XX",
    )
    expect([...form]).toEqual([
      ["n", "5"],
      ["b", "true"],
      ["i", "7"],
    ])
    for (const value of [null, undefined, {}, Symbol("x"), new Date(0), bytes("1")]) {
      expect(() => encodeForm([["n", value as unknown as string]])).toThrow(/"n" is neither text nor a file/)
    }
  })

  test("has no length when that of a file is not known, and asks for its bytes one by one", async () => {
    let asked = 0
    async function* chunks() {
      for (; asked < 3; asked++) yield bytes("x")
    }
    const form = encodeMultipart([["f", new FileStorage(chunks(), { filename: "f" })]])
    expect(form.contentLength).toBe(undefined)
    const body = form.body[Symbol.asyncIterator]()
    await body.next()
    expect(asked).toBe(0)
    await body.next()
    expect(asked).toBe(0)
    await body.next()
    expect(asked).toBe(1)
  })

  test.each([
    ["plain", "plain"],
    ['quo"te', "quo%22te"],
    ["line\r\nbreak", "line%0D%0Abreak"],
    ["100% %20", "100% %20"],
    ["C:\\x", "C:\\x"],
    ["\\\\server\\", "\\\\server\\"],
    ["日本😀", "日本😀"],
  ])("writes the name %j as %j", async (name, written) => {
    expect(await bodyOf(encodeMultipart([[name, "1"]], { boundary: "XX" }))).toContain(`; name="${written}"\r\n`)
  })

  test("quotes a boundary where that is needed, and refuses what can be none", () => {
    expect(encodeMultipart([], { boundary: "a b" }).contentType).toBe('multipart/form-data; boundary="a b"')
    for (const boundary of ["", "a ", "a\r\nb", "a;b", 'a"b', "é", "x".repeat(71)]) {
      expect(() => encodeMultipart([], { boundary })).toThrow(RangeError)
    }
  })

  test("chooses another boundary each time", () => {
    expect(chooseBoundary()).toMatch(/^----FormBoundary[0-9a-f]{32}$/)
    expect(chooseBoundary()).not.toBe(chooseBoundary())
  })

  test("refuses headers that would end the head", () => {
    const send = (headers: [string, string][]) => () =>
      new MultipartEncoder("XX").sendEvent({ type: "field", name: "a", headers })
    expect(send([["X", "a\r\nb: c"]])).toThrow(TypeError)
    expect(send([["X\r\nY", "a"]])).toThrow(TypeError)
    expect(send([["X", "日本"]])).toThrow(TypeError)
  })

  test("writes what Chromium writes", async () => {
    const { contentType, body } = recorded("chromium-multipart")
    const { form, files } = await new FormDataParser().parse(inputFrom(body), contentType)
    // The button stands behind the files.
    const fields = [...form]
    const button = fields.splice(-1)
    const entries: FormEntry[] = [...fields, ...files, ...button]
    const boundary = boundaryOf(contentType)
    const own = await bodyOf(encodeMultipart(entries, { boundary }))
    expect(own).toBe(Buffer.from(body).toString())
  })
})

describe("the encoder", () => {
  const field = { type: "field", name: "a", headers: [] } as const
  const data = { type: "data", data: bytes("1"), moreData: false } as const
  const epilogue = { type: "epilogue", data: bytes("") } as const
  const preamble = { type: "preamble", data: bytes("hello") } as const

  test.each([
    [[data]],
    [[field, field]],
    [[field, epilogue]],
    [[field, preamble]],
    [[field, { ...data, moreData: true }, field]],
    [[field, data, data]],
    [[epilogue, field]],
  ])("refuses events in the order %j", (events) => {
    const encoder = new MultipartEncoder("XX")
    expect(() => events.map((event) => encoder.sendEvent(event))).toThrow(TypeError)
  })

  test("puts the preamble on lines of its own", () => {
    const encoder = new MultipartEncoder("XX")
    expect(Buffer.concat([encoder.sendEvent(preamble), encoder.sendEvent(epilogue)]).toString()).toBe("hello\r\n--XX--")
  })

  test.each([
    ["", "\r\n--XX--\r\n"],
    ["hello", "hello\r\n--XX--\r\n"],
    ["hello\r\n", "hello\r\n--XX--\r\n"],
  ])("writes the preamble %j if it is told to", async (preamble, written) => {
    const form = encodeMultipart([], { boundary: "XX", preamble })
    expect(await bodyOf(form)).toBe(written)
    expect(form.contentLength).toBe(written.length)
  })
})

test("parsing gives the fields and files back, any bytes, any names", async () => {
  // Of three escapes nobody can tell whether they were in the name, and control characters are no part of a header.
  const name = fc
    .string({ unit: "binary" })
    .filter(
      (candidate) =>
        !/\p{Surrogate}|%(22|0A|0D)/iu.test(candidate) && !/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(candidate),
    )
  const value = fc.string({ unit: "binary" }).filter((candidate) => !/\p{Surrogate}/u.test(candidate))
  const file = fc.record({ filename: name, content: fc.uint8Array({ maxLength: 200 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, fc.oneof(value, file)), { maxLength: 6 }), async (entries) => {
      const encoded = encodeMultipart(
        entries.map(([key, item]) => [key, typeof item === "string" ? item : new FileStorage(item.content, item)]),
      )
      const { form, files } = await new FormDataParser().parse(inputFrom(encoded.body), encoded.contentType)
      const fields = entries.filter(([, item]) => typeof item === "string")
      expect([...form].sort(byKey)).toEqual(fields.sort(byKey))
      const uploaded: [string, unknown][] = []
      for (const [key, { filename, bytes }] of [...files].map(
        ([key, item]) => [key, { filename: item.filename, bytes: () => item.bytes() }] as const,
      )) {
        uploaded.push([key, { filename, content: new Uint8Array(await bytes()) }])
      }
      expect(uploaded.sort(byKey)).toEqual(entries.filter(([, item]) => typeof item !== "string").sort(byKey))
    }),
  )
})

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0
}
