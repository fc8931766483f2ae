import { expect, test } from "vitest"
import type { Application } from "../../src/gateway.ts"
import { bodyLimit } from "../../src/middleware/body-limit.ts"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { linted } from "../support/lint.ts"
import { parseAnswer, RawClient, serve, talk } from "../support/server.ts"

const echo: Application = Request.application(async (request) => new Response(await request.data()))
const limited = (maxBytes: number) => linted(bodyLimit(linted(echo), { maxBytes }))

const withLength = (body: string) =>
  `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const chunked = (...chunks: string[]) =>
  `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${[...chunks, ""]
    .map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
    .join("")}`

test.each([
  ["no body", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "200"],
  ["a length at the limit", withLength("12345"), "200"],
  ["a length beyond it", withLength("123456"), "413"],
  ["chunks up to the limit", chunked("123", "45"), "200"],
  ["chunks beyond it", chunked("123", "456"), "413"],
])("%s", async (_, request, code) => {
  const { port, errors } = await serve(limited(5))
  expect(parseAnswer(await talk(port, request)).status).toContain(` ${code} `)
  expect(errors).toEqual([])
})

test("a client that waits for 100 Continue is answered 413 without one", async () => {
  const { port } = await serve(limited(5))
  const client = new RawClient(port)
  client.send(
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2147483648\r\n\r\n",
  )
  const received = await client.end()
  expect(received).toMatch(/^HTTP\/1\.1 413 /)
})

test.each([-1, 1.5, Number.NaN, undefined])("maxBytes can't be %s", (maxBytes) => {
  expect(() => bodyLimit(echo, { maxBytes: maxBytes as number })).toThrow(RangeError)
})
