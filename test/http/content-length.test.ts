import { expect, test } from "vitest"
import { bodyLength } from "../../src/http/content-length.ts"

test.each<[string | undefined, string | undefined, number | undefined]>([
  [undefined, undefined, undefined],
  [undefined, "gzip", undefined],
  ["5", undefined, 5],
  ["5", "", 5],
  ["5", "gzip", 5],
  ["5", "chunked", undefined],
  ["5", "gzip, ChuNked", undefined],
  ["5", '"chunked"', undefined],
  ["5", "xchunked", 5],
  ["-5", undefined, 0],
  ["+5", undefined, 0],
  ["5, 5", undefined, 0],
  ["0x5", undefined, 0],
  ["99999999999999999999999", undefined, Number.MAX_SAFE_INTEGER],
  ["9007199254740992", undefined, Number.MAX_SAFE_INTEGER],
  ["-99999999999999999999999", undefined, 0],
])("length %j with coding %j is %j", (length, coding, expected) => {
  expect(bodyLength(length, coding)).toBe(expected)
})
