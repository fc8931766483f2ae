import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { FaultyRequest } from "../../../src/adapters/cgi/variables.ts"
import { UwsgiParser } from "../../../src/adapters/uwsgi/parser.ts"
import { pieces, variablePairs } from "../../support/chunks.ts"
import { uwsgiHead } from "../../support/front-server.ts"

const bytes = (text: string) => Buffer.from(text, "latin1")

function parse(chunks: readonly Buffer[], maxBytes = 64 * 1024): unknown {
  const parser = new UwsgiParser(maxBytes)
  for (const [index, chunk] of chunks.entries()) {
    const parsed = parser.push(chunk)
    if (parsed === undefined) continue
    if (typeof parsed === "string") return parsed
    if (parsed instanceof FaultyRequest) return `${parsed.code} ${parsed.why}`
    return { pairs: parsed.pairs, rest: Buffer.concat([parsed.rest, ...chunks.slice(index + 1)]).toString("latin1") }
  }
  return undefined
}

test.each([
  ["", undefined],
  ["\0\x01", undefined],
  ["\0\x08\0\0\x01\0a", undefined],
  ["\0\0\0\0", { pairs: [], rest: "" }],
  ["\0\x06\0\0\x01\0a\x01\0bxyz", { pairs: ["a", "b"], rest: "xyz" }],
  ["\0\x05\0\0\x01\0a\0\0x", { pairs: ["a", ""], rest: "x" }],
  ["\x05\0\0\0", "modifier1 is 5; a request for an application has 0"],
  ["GET / HTTP/1.1\r\n", "modifier1 is 71; a request for an application has 0"],
  ["\0\x03\0\0\x01\0a", "the length of a variable goes beyond the block"],
  ["\0\x06\0\0\x01\0a\x02\0b", "the length of a variable goes beyond the block"],
  ["\0\x04\0\0\x01\0ab", "the length of a variable goes beyond the block"],
])("%j: %j", (text, expected) => {
  expect(parse([bytes(text)])).toEqual(expected)
  expect(parse(Array.from(text, bytes))).toEqual(expected)
})

test("the limit is that of the variables", () => {
  const head = uwsgiHead([["a", "b"]])
  expect(parse([head], 6)).toMatchObject({ rest: "" })
  expect(parse([head.subarray(0, 4)], 5)).toBe("431 the variables have more than 5 bytes")
})

describe("in pieces of any size", () => {
  test("the same variables come, and the rest is what stands behind them", () => {
    fc.assert(
      fc.property(variablePairs, fc.string({ unit: "binary-ascii" }), pieces, (variables, body, cut) => {
        const parsed = parse(cut(Buffer.concat([uwsgiHead(variables), bytes(body)])))
        expect(parsed).toEqual({ pairs: variables.flat(), rest: body })
      }),
    )
  })

  test("a byte that is changed gives other variables or a fault, never a throw", () => {
    fc.assert(
      fc.property(variablePairs, fc.nat(), fc.nat(255), pieces, (variables, at, byte, cut) => {
        const head = uwsgiHead(variables)
        head[at % head.length] = byte
        expect(parse(cut(head))).toEqual(parse([head]))
      }),
    )
  })
})
