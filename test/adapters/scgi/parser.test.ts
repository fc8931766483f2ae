import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { ParsedHead } from "../../../src/adapters/cgi/single-connection.ts"
import { FaultyRequest } from "../../../src/adapters/cgi/variables.ts"
import { ScgiParser } from "../../../src/adapters/scgi/parser.ts"
import { pieces, variablePairs } from "../../support/chunks.ts"
import { scgiHead } from "../../support/front-server.ts"
import { expectLinear } from "../../support/growth.ts"

const bytes = (text: string) => Buffer.from(text, "latin1")

/** What comes of the pieces: variables and rest, what is wrong, or nothing yet. */
function parse(chunks: readonly Buffer[], maxBytes = 64 * 1024): unknown {
  const parser = new ScgiParser(maxBytes)
  for (const [index, chunk] of chunks.entries()) {
    const parsed = parser.push(chunk)
    if (parsed === undefined) continue
    if (typeof parsed === "string") return parsed
    if (parsed instanceof FaultyRequest) return `${parsed.code} ${parsed.why}`
    const rest = Buffer.concat([parsed.rest, ...chunks.slice(index + 1)])
    return { pairs: (parsed as ParsedHead).pairs, rest: rest.toString("latin1") }
  }
  return undefined
}

test("the example of the specification is read", () => {
  const netstring = "70:CONTENT_LENGTH\x0027\0SCGI\x001\0REQUEST_METHOD\0POST\0REQUEST_URI\0/deepthought\0,"
  expect(parse([bytes(`${netstring}What is the answer to life?`)])).toEqual({
    pairs: ["CONTENT_LENGTH", "27", "SCGI", "1", "REQUEST_METHOD", "POST", "REQUEST_URI", "/deepthought"],
    rest: "What is the answer to life?",
  })
})

test.each([
  ["", undefined],
  ["12", undefined],
  ["12:abc", undefined],
  [":", "it does not begin with the length of a netstring"],
  ["GET / HTTP/1.1\r\n", "it does not begin with the length of a netstring"],
  ["-1:", "it does not begin with the length of a netstring"],
  ["1 :", "it does not begin with the length of a netstring"],
  ["05:", "the length of the netstring has a leading zero"],
  ["00:,", "the length of the netstring has a leading zero"],
  ["4:a\0b\0;", "the netstring does not end with a comma"],
  ["3:a\0b,", "the variables do not end with a NUL"],
  ["2:a\0,", "the last variable has no value"],
  ["6:a\0b\0c\0,", "the last variable has no value"],
  ["0:,", "400 there is no CONTENT_LENGTH"],
  ["4:a\0b\0,", "400 there is no CONTENT_LENGTH"],
  ["65537:", "431 the variables have more than 65536 bytes"],
  ["99999999999999999999999999", "431 the variables have more than 65536 bytes"],
])("%j: %s", (text, expected) => {
  expect(parse([bytes(text)])).toEqual(expected)
  expect(parse(Array.from(text, bytes))).toEqual(expected)
})

test("the limit is that of the variables", () => {
  const head = scgiHead([["CONTENT_LENGTH", "0"]])
  expect(parse([head], 24)).toMatchObject({ rest: "" })
  expect(parse([head], 23)).toMatch(/^431/)
})

describe("in pieces of any size", () => {
  test("the same variables come, and the rest is what stands behind them", () => {
    fc.assert(
      fc.property(variablePairs, fc.string({ unit: "binary-ascii" }), pieces, (variables, body, cut) => {
        const all = [["CONTENT_LENGTH", String(body.length)], ...variables] as [string, string][]
        const parsed = parse(cut(Buffer.concat([scgiHead(all), bytes(body)])))
        expect(parsed).toEqual({ pairs: ["SCGI", "1", ...all.flat()], rest: body })
      }),
    )
  })

  test("a byte that is changed gives other variables or a fault, never a throw", () => {
    fc.assert(
      fc.property(variablePairs, fc.nat(), fc.nat(255), pieces, (variables, at, byte, cut) => {
        const head = scgiHead([["CONTENT_LENGTH", "0"], ...variables])
        head[at % head.length] = byte
        const parsed = parse(cut(head))
        expect(parse([head])).toEqual(parsed)
        expect(["undefined", "string", "object"]).toContain(typeof parsed)
      }),
    )
  })

  test("time grows with the length", async () => {
    await expectLinear((size) => {
      const head = scgiHead([["CONTENT_LENGTH", "x".repeat(size)]])
      const chunks = Array.from(head, (byte) => Buffer.of(byte))
      return () => parse(chunks, size * 2)
    }, 500)
  })
})
