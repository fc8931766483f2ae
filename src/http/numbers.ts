// Numbers in headers, URLs and forms: ASCII digits and an optional minus, nothing else.
// `parseInt` and `Number` take more (`+1`, `1e3`, `0x10`, `1_0`, an empty text), so that two servers on the way may disagree.

import { stripSpace } from "./tokens.ts"

const NO_DIGIT = 99

/**
 * The integer that the text spells, or `undefined`. White space around it is ignored.
 * Beyond the safe range (2^53 - 1) it is `undefined` too: a rounded number would be another one.
 *
 * @param base 16 reads hexadecimal digits, as in the size of a chunk
 * @example
 * parseInteger(" 42 ") // => 42
 * parseInteger("-1") // => -1
 * parseInteger("+1") // => undefined
 * parseInteger("ff", 16) // => 255
 */
export function parseInteger(text: string, base: 10 | 16 = 10): number | undefined {
  const digits = stripSpace(text)
  const negative = digits.charCodeAt(0) === 0x2d
  let index = negative ? 1 : 0
  if (index === digits.length) return undefined
  let value = 0
  for (; index < digits.length; index++) {
    const digit = digitOf(digits.charCodeAt(index))
    if (digit >= base) return undefined
    value = value * base + digit
    if (value > Number.MAX_SAFE_INTEGER) return undefined
  }
  return negative && value !== 0 ? -value : value
}

/**
 * A length, an age or a position: digits as a number, and 2^53 - 1 for all that are beyond it. Too large a number is still a
 * large one; if it were refused, a limit would not hold against it (RFC 9111 section 1.2.2 says so for seconds).
 *
 * @example
 * parseCount("42") // => 42
 * parseCount("99999999999999999999") // => 9007199254740991
 * parseCount("-1") // => undefined
 */
export function parseCount(text: string): number | undefined {
  const digits = stripSpace(text)
  return /^[0-9]+$/.test(digits) ? (parseInteger(digits) ?? Number.MAX_SAFE_INTEGER) : undefined
}

const DIGITS = new Uint8Array(128).fill(NO_DIGIT)
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16)
  DIGITS[digit.charCodeAt(0)] = value
  DIGITS[digit.toUpperCase().charCodeAt(0)] = value
}

/** The value of a digit's character code, up to 15, and 99 for any other character. */
export function digitOf(code: number): number {
  return code < 128 ? (DIGITS[code] as number) : NO_DIGIT
}
