import { expect, test } from "vitest"
import { inputFrom } from "../../src/environ/input.ts"
import { ClientDisconnected, RequestEntityTooLarge, UnsupportedMediaType } from "../../src/exceptions/statuses.ts"
import { FormDataParser } from "../../src/forms/form-data-parser.ts"
import { MalformedForm } from "../../src/forms/limits.ts"
import { bytes, lines, pieces, text } from "./decoding.ts"

const DISPOSITION = "Content-Disposition: form-data"
const TYPE = "multipart/form-data; boundary=XX"
const BODY = lines(
  "--XX",
  `${DISPOSITION}; name=a`,
  "Content-Type: text/plain; charset=iso-8859-1",
  "",
  "\u00e9",
  "--XX",
  `${DISPOSITION}; name=f; filename=x`,
  "Content-Type: image/png",
  "",
  "0123456789".repeat(10),
  "--XX",
  `${DISPOSITION}; name=b`,
  "",
  "2",
  "--XX--",
  "",
)

const partsOf = (chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, options = {}) =>
  new FormDataParser(options).parts(inputFrom(chunks), TYPE)

test("parts come in order, each with what its head says", async () => {
  const seen: unknown[] = []
  for await (const part of partsOf(pieces(BODY, 10))) {
    seen.push([
      part.name,
      part.filename,
      part.contentType,
      part.headers.get("Content-Type"),
      (await part.bytes()).length,
    ])
  }
  expect(seen).toEqual([
    ["a", undefined, "text/plain; charset=iso-8859-1", "text/plain; charset=iso-8859-1", 2],
    ["f", "x", "image/png", "image/png", 100],
    ["b", undefined, undefined, undefined, 1],
  ])
})

test("a text is decoded as its part says", async () => {
  for await (const part of partsOf([BODY])) {
    expect(await part.text()).toBe("\u00c3\u00a9")
    break
  }
})

test("bytes come as they come, and nothing is asked for before", async () => {
  let asked = 0
  async function* chunks() {
    for (const piece of pieces(BODY, 40)) {
      asked++
      yield piece
    }
  }
  for await (const part of partsOf(chunks())) {
    if (part.filename === undefined) continue
    const stream = part[Symbol.asyncIterator]()
    const before = asked
    await stream.next()
    expect(asked - before).toBeLessThanOrEqual(1)
    expect(part.receivedFileBytes).toBeGreaterThan(0)
    expect(part.receivedFileBytes).toBeLessThan(100)
  }
})

test("what is not read is skipped, and can't be read any more", async () => {
  const kept = []
  for await (const part of partsOf(pieces(BODY, 7))) {
    kept.push(part)
    if (part.filename !== undefined) for await (const chunk of part) if (chunk.length > 0) break
  }
  expect(kept.map(({ name }) => name)).toEqual(["a", "f", "b"])
  for (const part of kept) await expect(part.bytes()).rejects.toThrow(TypeError)
})

test("a part that was read is empty the second time", async () => {
  for await (const part of partsOf([BODY])) {
    await part.bytes()
    expect(await part.bytes()).toEqual(new Uint8Array(0))
  }
})

test("texts are limited in sum, files are not", async () => {
  const read = async (maxFormMemorySize: number) => {
    for await (const part of partsOf(pieces(BODY, 5), { maxFormMemorySize })) void part
  }
  await read(3)
  await expect(read(2)).rejects.toThrow(RequestEntityTooLarge)
  await expect(read(2)).rejects.toThrow("maxFormMemorySize")
})

test("an error comes to every reader, each time", async () => {
  async function* gone() {
    yield BODY.subarray(0, 200)
    throw new ClientDisconnected()
  }
  const parts = partsOf(gone())
  await parts.next()
  const { value: file } = await parts.next()
  await expect(file?.bytes()).rejects.toThrow(ClientDisconnected)
  await expect(file?.bytes()).rejects.toThrow(ClientDisconnected)
  await expect(parts.next()).rejects.toThrow(ClientDisconnected)
  await expect(
    partsOf([BODY.subarray(0, 200)])
      .next()
      .then(({ value }) => value?.name),
  ).resolves.toBe("a")
  const cut = partsOf([BODY.subarray(0, 200)])
  await cut.next()
  await cut.next()
  await expect(cut.next()).rejects.toThrow(MalformedForm)
})

test("a body of another type is no multipart form", async () => {
  for (const type of [undefined, "", "application/x-www-form-urlencoded", "multipart/mixed; boundary=XX"]) {
    const parts = new FormDataParser().parts(inputFrom(BODY), type)
    await expect(parts.next()).rejects.toThrow(UnsupportedMediaType)
  }
})

test("the body is read to its end, so that all of it counts", async () => {
  const body = Buffer.concat([BODY, bytes("x".repeat(1000))])
  const parts = partsOf(pieces(body, 100), { maxContentLength: BODY.length })
  const read = async () => {
    for await (const part of parts) text(await part.bytes())
  }
  await expect(read()).rejects.toThrow(RequestEntityTooLarge)
})
