import { describe, expect, test } from "vitest"
import { multipartRanges } from "../../src/files/byte-ranges.ts"
import { lengthOf } from "../../src/files/file-body.ts"

describe("several ranges", () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

  test("are parts of one body, each with its type and place", () => {
    const ranges: [number, number][] = [
      [0, 2],
      [990, 1000],
    ]
    const parts = multipartRanges(ranges, 1000, "text/plain")
    const boundary = /^multipart\/byteranges; boundary=([0-9a-f-]{36})$/.exec(parts?.contentType ?? "")?.[1]
    expect(parts?.segments.map((segment) => (segment instanceof Uint8Array ? text(segment) : segment))).toEqual([
      `--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/1000\r\n\r\n`,
      [0, 2],
      `\r\n--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 990-999/1000\r\n\r\n`,
      [990, 1000],
      `\r\n--${boundary}--\r\n`,
    ])
    expect(lengthOf(parts?.segments ?? [])).toBeLessThan(1000)
  })

  test("that would make more than the file are not sent in parts", () => {
    expect(
      multipartRanges(
        [
          [0, 1],
          [2, 3],
        ],
        100,
        "text/plain",
      ),
    ).toBeUndefined()
  })
})
