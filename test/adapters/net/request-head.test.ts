import { describe, expect, test } from "vitest"
import { type ParsedHead, parseHead } from "../../../src/adapters/net/request-head.ts"
import { Refusal } from "../../../src/running/environ.ts"

const head = (...lines: string[]) => lines.join("\r\n")

function parsed(...lines: string[]): ParsedHead {
  const found = parseHead(head(...lines))
  if (found instanceof Refusal) throw new Error(found.status)
  return found
}

describe("a head that is right", () => {
  test("has its fields as they came, less white space around the values", () => {
    expect(parsed("GET / HTTP/1.1", "Host: a", "X-A:\t b  c \t", "x-a:", "__proto__: \xe9").fields).toEqual([
      ...["Host", "a"],
      ...["X-A", "b  c"],
      ...["x-a", ""],
      ...["__proto__", "\xe9"],
    ])
  })

  test.each([
    ["HTTP/1.1", [], true],
    ["HTTP/1.1", ["Connection: close"], false],
    ["HTTP/1.1", ["Connection: Close"], false],
    ["HTTP/1.1", ["Connection: x, close , y"], false],
    ["HTTP/1.1", ["Connection: keep-alive", "Connection: close"], false],
    ["HTTP/1.1", ["Connection: closed"], true],
    ["HTTP/1.0", [], false],
    ["HTTP/1.0", ["Connection: keep-alive"], true],
    ["HTTP/1.0", ["Connection: Keep-Alive, x"], true],
    ["HTTP/1.0", ["Connection: keep-alive, close"], false],
  ])("%s with %j: the connection goes on: %s", (version, fields, isKeptAlive) => {
    expect(parsed(`GET / ${version}`, "Host: a", ...fields).isKeptAlive).toBe(isKeptAlive)
  })

  test("says what body there is, and what the client waits for", () => {
    const { contentLength, isChunked, expectsContinue, hasUpgrade } = parsed(
      "POST / HTTP/1.1",
      "Host: a",
      "Content-Length: 05",
      "Expect: 100-Continue",
      "Upgrade: x",
    )
    expect({ contentLength, isChunked, expectsContinue, hasUpgrade }).toEqual({
      contentLength: "05",
      isChunked: false,
      expectsContinue: true,
      hasUpgrade: true,
    })
    expect(parsed("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: Chunked").isChunked).toBe(true)
  })

  test("an expectation of HTTP/1.0 is ignored", () => {
    expect(parsed("POST / HTTP/1.0", "Expect: 100-continue").expectsContinue).toBe(false)
    expect(parsed("POST / HTTP/1.0", "Expect: more").expectsContinue).toBe(false)
  })
})

test.each([
  ["an empty line", "", 400],
  ["no target", "GET HTTP/1.1", 400],
  ["two spaces", "GET  / HTTP/1.1", 400],
  ["a tab", "GET\t/ HTTP/1.1", 400],
  ["a method in lower case", "get / HTTP/1.1", 400],
  ["no method", " / HTTP/1.1", 400],
  ["a control in the target", "GET /\x01 HTTP/1.1", 400],
  ["another alphabet in the target", "GET /\xe9 HTTP/1.1", 400],
  ["HTTP/0.9", "GET / HTTP/0.9", 400],
  ["HTTP/1.2", "GET / HTTP/1.2", 400],
  ["http/1.1", "GET / http/1.1", 400],
  ["a space behind the version", "GET / HTTP/1.1 ", 400],
  ["HTTP/2.0", "GET / HTTP/2.0", 505],
])("a request line with %s is refused", (_what, line, code) => {
  const refusal = parseHead(head(line, "Host: a"))
  expect(refusal).toBeInstanceOf(Refusal)
  expect((refusal as Refusal).code).toBe(code)
})

test.each([
  ["a name without a colon", "Name", 400],
  ["no name", ": x", 400],
  ["a space in a name", "Na me: x", 400],
  ["a space before the colon", "Name : x", 400],
  ["a folded line", " folded: x", 400],
  ["a NUL", "A: \0", 400],
  ["a vertical tab", "A: \x0b", 400],
  ["DEL", "A: \x7f", 400],
  ["a CR alone", "A: b\rc", 400],
  ["a LF alone", "A: b\nC: d", 400],
  ["an empty line among them", "", 400],
  ["a length beyond what is exact", "Content-Length: 9999999999999999", 400],
  ["chunked before another coding", "Transfer-Encoding: chunked, gzip", 400],
  ["chunked twice", "Transfer-Encoding: chunked, chunked", 400],
  ["an expectation that can't be met", "Expect: more", 417],
])("fields with %s are refused", (_what, line, code) => {
  const refusal = parseHead(head("POST / HTTP/1.1", "Host: a", line, "B: c"))
  expect(refusal).toBeInstanceOf(Refusal)
  expect((refusal as Refusal).code).toBe(code)
})

test("HTTP/1.1 without Host is refused, HTTP/1.0 is not", () => {
  expect((parseHead("GET / HTTP/1.1") as Refusal).code).toBe(400)
  expect((parseHead(head("GET / HTTP/1.1", "A: b")) as Refusal).code).toBe(400)
  expect(parsed("GET / HTTP/1.0").fields).toEqual([])
})

test("more names than are remembered are read all the same", () => {
  for (let i = 0; i < 3000; i++) expect(parsed("GET / HTTP/1.1", "Host: a", `N${i}: ${i}`).fields[3]).toBe(String(i))
})
