import { describe, expect, test } from "vitest"
import { MalformedForm } from "../../src/forms/limits.ts"
import { defaultDecoder } from "../../src/forms/multipart.ts"
import { bytes, partsOf, pieces } from "./decoding.ts"

const HEAD = "Content-Disposition: form-data; name=a"

describe("a body is read, however it is cut, whose first boundary", () => {
  test.each<[claim: string, body: string]>([
    ["ends its line with CRLF", `--XX\r\n${HEAD}\r\n\r\n1\r\n--XX--`],
    ["ends its line with LF", `--XX\n${HEAD}\n\n1\n--XX--`],
    ["stands behind LF", `\n--XX\n${HEAD}\n\n1\n--XX--`],
    ["stands behind CRLF, and ends with LF", `\r\n--XX\n${HEAD}\n\n1\n--XX--`],
    ["has a space behind it", `--XX \r\n${HEAD}\r\n\r\n1\r\n--XX--`],
    ["has a tab behind it", `--XX\t\r\n${HEAD}\r\n\r\n1\r\n--XX--`],
    ["stands behind a preamble", `preamble\r\n--XX\r\n${HEAD}\r\n\r\n1\r\n--XX--`],
  ])("%s", (_, body) => {
    const whole = bytes(body)
    for (let size = 1; size <= whole.length; size++) {
      const parts = partsOf(defaultDecoder("XX", {}), pieces(whole, size))
      expect(parts, `in pieces of ${size}`).toEqual([{ name: "a", headers: [expect.any(String)], data: "1" }])
    }
  })
})

test.each(["", "\r", "\r\n", "--X", "--XX", "\r\n--XX"])(
  "a body that ends before the choice is malformed: %j",
  (body) => {
    expect(() => partsOf(defaultDecoder("XX", {}), [bytes(body)])).toThrow(MalformedForm)
    expect(() => partsOf(defaultDecoder("XX", {}), [])).toThrow(MalformedForm)
  },
)

test("the limits hold for both decoders", () => {
  for (const lineBreak of ["\n", "\r\n"]) {
    const body = bytes(["--XX", HEAD, "", "1", "--XX", HEAD, "", "2", "--XX--"].join(lineBreak))
    expect(partsOf(defaultDecoder("XX", { maxFormParts: 2 }), [body])).toHaveLength(2)
    expect(() => partsOf(defaultDecoder("XX", { maxFormParts: 1 }), [body])).toThrow(/maxFormParts/)
  }
})
