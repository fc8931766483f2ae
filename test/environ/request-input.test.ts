import { expect, test } from "vitest"
import { emptyInput, inputFrom } from "../../src/environ/input.ts"
import { LimitedStream } from "../../src/environ/limited-stream.ts"
import { getContentLength, getInputStream } from "../../src/environ/request-input.ts"
import { RequestEntityTooLarge } from "../../src/exceptions/statuses.ts"
import type { Environ } from "../../src/gateway.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (chunk: Uint8Array) => new TextDecoder().decode(chunk)
const environ = (content: string, variables: Partial<Environ> = {}): Environ =>
  ({ "wsgi.input": inputFrom(bytes(content)), ...variables }) as Environ

test.each([
  [{ CONTENT_LENGTH: "12" }, 12],
  [{}, undefined],
  [{ CONTENT_LENGTH: "12", HTTP_TRANSFER_ENCODING: "chunked" }, undefined],
  [{ CONTENT_LENGTH: "-6" }, 0],
  [{ CONTENT_LENGTH: "1_23" }, 0],
  [{ CONTENT_LENGTH: "\u0661" }, 0],
])("the length of %o is %s", (variables, length) => {
  expect(getContentLength(variables)).toBe(length)
})

test("a body is cut at its announced length", async () => {
  expect(text(await getInputStream(environ("hello world", { CONTENT_LENGTH: "5" })).read())).toBe("hello")
})

test("without a length, and without an end of its own, a body counts as empty", async () => {
  expect(getInputStream(environ("hello"))).toBe(emptyInput)
  expect(getInputStream(environ("hello", { CONTENT_LENGTH: "x" }))).toBe(emptyInput)
  expect(getInputStream({} as Environ)).toBe(emptyInput)
  expect(text(await getInputStream(environ("hello"), { safeFallback: false }).read())).toBe("hello")
})

test("a body that ends by itself is given as it is, with any announced length", async () => {
  const raw = environ("hello", { "wsgi.input_terminated": true, CONTENT_LENGTH: "2" })
  expect(getInputStream(raw)).toBe(raw["wsgi.input"])
})

test("a length above the limit is refused at once, and nothing was read", async () => {
  const raw = environ("hello", { CONTENT_LENGTH: "5" })
  expect(() => getInputStream(raw, { maxContentLength: 4 })).toThrow(RequestEntityTooLarge)
  expect(text(await (raw["wsgi.input"] as NonNullable<Environ["wsgi.input"]>).read())).toBe("hello")
  expect(text(await getInputStream(environ("hello", { CONTENT_LENGTH: "5" }), { maxContentLength: 5 }).read())).toBe(
    "hello",
  )
})

test("a length that no number can hold is above every limit", () => {
  const raw = environ("hello", { CONTENT_LENGTH: "99999999999999999999" })
  expect(() => getInputStream(raw, { maxContentLength: 5 })).toThrow(RequestEntityTooLarge)
  expect(() => getInputStream({ ...raw, "wsgi.input_terminated": true }, { maxContentLength: 5 })).toThrow(
    RequestEntityTooLarge,
  )
})

test.each([
  ["that ends by itself", { "wsgi.input_terminated": true as const }, {}],
  ["that is taken on trust", {}, { safeFallback: false }],
])("a body of unknown length %s meets the limit while it is read", async (_, variables, options) => {
  const stream = (maxContentLength: number) =>
    getInputStream(environ("hello", variables), { ...options, maxContentLength })
  expect(text(await stream(5).read())).toBe("hello")
  expect(stream(4)).toBeInstanceOf(LimitedStream)
  await expect(stream(4).read()).rejects.toThrow(RequestEntityTooLarge)
})
