// For tests of parsers: bytes in whatever pieces they may come, and CGI variables.

import fc from "fast-check"

/** Cuts bytes into pieces, some of them of one byte. */
export const pieces: fc.Arbitrary<(bytes: Buffer) => Buffer[]> = fc
  .array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 20 })
  .map((sizes) => (bytes) => {
    const found: Buffer[] = []
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const size = sizes[i % sizes.length] as number
      found.push(bytes.subarray(at, at + size))
      at += size
    }
    return found
  })

const latin1 = (min: number) =>
  fc.string({ unit: fc.integer({ min, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 200 })

/** Names and values without NUL, which SCGI can't say. */
export const variablePairs: fc.Arbitrary<[string, string][]> = fc.array(fc.tuple(latin1(1), latin1(1)), {
  maxLength: 8,
})
