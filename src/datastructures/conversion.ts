// Reading a value as something else than it is stored as: `form.get("page", { type: int, default: 1 })`.
// A converter says that a text is not of its kind by throwing or by giving undefined or NaN; the caller then falls back
// on the default. Knows neither the dictionaries nor the headers that use it.

import { parseInteger } from "../http/numbers.ts"
import { stripSpace } from "../http/tokens.ts"

/** Makes a `T` of a value, or says that it can't: by `undefined`, `NaN`, a TypeError, RangeError or SyntaxError. */
export type TypeConverter<V, T> = (value: V) => T

/** What `get` does besides looking up. */
export interface GetOptions<V, T, D> {
  /** Makes something else of the value: {@link int}, {@link float}, `BigInt`, `JSON.parse`, a function of your own. */
  type?: TypeConverter<V, T> | undefined
  /** What comes back when the key is missing or its value can't be converted; `undefined` when left out. */
  default?: D
}

/** What `getAll` does besides looking up. */
export interface GetAllOptions<V, T> {
  /** Makes something else of each value; those that can't be converted are left out. */
  type?: TypeConverter<V, T> | undefined
}

/**
 * The converted value, or `undefined` when it is not of the converter's kind. Errors that are no judgement on the value
 * (anything but TypeError, RangeError and SyntaxError) come through.
 *
 * @example
 * convert("42", int) // => 42
 * convert("x", Number) // => undefined
 * convert("{", JSON.parse) // => undefined
 */
export function convert<V, T>(value: V, type: TypeConverter<V, T>): Exclude<T, undefined> | undefined {
  let result: T
  try {
    result = type(value)
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) return undefined
    throw error
  }
  return Number.isNaN(result) ? undefined : (result as Exclude<T, undefined>)
}

/**
 * An integer in ASCII digits with an optional minus, within the safe range.
 *
 * @example
 * int("42") // => 42
 * int("4.2") // => undefined
 */
export function int(text: string): number | undefined {
  return parseInteger(text)
}

// float = [ "-" ] 1*DIGIT [ "." 1*DIGIT ]
const FLOAT = /^-?[0-9]+(?:\.[0-9]+)?$/

/**
 * A decimal number in ASCII digits, without exponent; never infinite.
 *
 * @example
 * float("-4.2") // => -4.2
 * float("1e3") // => undefined
 */
export function float(text: string): number | undefined {
  const digits = stripSpace(text)
  const value = FLOAT.test(digits) ? Number(digits) : undefined
  return value !== undefined && Number.isFinite(value) ? value : undefined
}
