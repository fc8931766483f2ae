// What a placeholder takes, what it means, and how it is written: text of a URL to value and back.
// A converter states its texts as a regular expression, which language.ts runs in linear time; what an expression cannot
// say, `toValue` refuses by throwing ValidationError, and matching goes on with the next rule.

import { percentEncode, safeTable } from "../http/percent.ts"
import { meant } from "../mistakes/options.ts"
import type { ConverterArgument, ConverterArguments } from "./pattern.ts"

/**
 * Thrown by a converter's `toValue` for a text that is no value of it: the rule does not match, the next one is tried.
 * Thrown by `toUrl`: the rule cannot be built with that value, the next one is tried.
 */
export class ValidationError extends Error {
  override get name(): string {
    return "ValidationError"
  }
}

/** What a map asks of a converter; a plain object will do where the rule gives it no arguments. */
export interface Converter<Value = unknown, Input = Value> {
  /**
   * The texts that match, as a regular expression in JavaScript's notation, without anchors. It may hold groups and everything
   * that is regular; look-around and back-references are refused. Default: one segment.
   */
  readonly regex?: string
  /** Lower comes first, when rules are alike but for their converters. Default 100. */
  readonly weight?: number
  /** Whether it takes text of one segment only. Default: unless the expression has a `/` in it. */
  readonly partIsolating?: boolean
  /** The value for a text that the expression accepts. Throws ValidationError to refuse it after all. */
  toValue(text: string): Value
  /** The text for a value, percent-encoded. */
  toUrl(value: Input): string
}

/** What a converter sees of the map that it was made for. */
export interface ConverterMap {
  readonly defaultSubdomain: string
  readonly strictSlashes: boolean
  readonly mergeSlashes: boolean
  readonly hostMatching: boolean
  readonly subdomainMatching: boolean
  /** All converters of the map, by name. */
  readonly converters: ReadonlyMap<string, ConverterSource>
}

/** A class of converters. Each map makes one object for each different call in the text of its rules. */
export type ConverterClass = new (args: ConverterArguments, map: ConverterMap) => Converter<unknown, never>

/** What the `converters` of a map hold by name. */
export type ConverterSource = ConverterClass | Converter<unknown, never>

const PATH_SAFE = safeTable("!$&'()*+,/:;=@")

/** Text in a path: what has to be escaped there is, and a slash stays a slash. */
export function quotePath(text: string): string {
  return percentEncode(text, PATH_SAFE)
}

const NO_ARGUMENTS: ConverterArguments = { positional: [], named: new Map(), words: [] }

/**
 * The arguments by name, those without one in the order of the names given.
 *
 * @throws TypeError for an argument too many, twice, or of an unknown name
 */
function bindArguments(args: ConverterArguments, names: readonly string[]): Map<string, ConverterArgument> {
  const bound = new Map<string, ConverterArgument>()
  if (args.positional.length > names.length)
    throw new TypeError(`Too many converter arguments: ${args.words.join(", ")}`)
  for (const [index, value] of args.positional.entries()) bound.set(names[index] as string, value)
  for (const [written, value] of args.named) {
    const name = written.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (!names.includes(name)) {
      throw new TypeError(`Unknown converter argument ${JSON.stringify(written)}${meant(name, names)}`)
    }
    if (bound.has(name)) throw new TypeError(`Converter argument ${JSON.stringify(written)} is given twice`)
    bound.set(name, value)
  }
  return bound
}

function numberArgument(args: Map<string, ConverterArgument>, name: string): number | undefined {
  const value = args.get(name)
  if (value === undefined || typeof value === "number") return value
  throw new TypeError(`Converter argument ${name} is not a number: ${JSON.stringify(value)}`)
}

function countArgument(args: Map<string, ConverterArgument>, name: string): number | undefined {
  const value = numberArgument(args, name)
  if (value === undefined || (Number.isInteger(value) && value >= 0)) return value
  throw new RangeError(`Converter argument ${name} is not a count: ${value}`)
}

/**
 * The base of converters: one segment, taken and given as text. Extend it, and give the class to a map:
 * `new RuleMap(rules, { converters: { hex: HexConverter } })`.
 *
 * @example
 * class Hex extends BaseConverter { regex = "[0-9a-f]+"; toValue(text) { return Number.parseInt(text, 16) } }
 * new Hex().toValue("ff") // => 255
 * new Hex().toUrl("a/b c") // => "a/b%20c"
 */
export class BaseConverter<Value = string, Input = Value> implements Converter<Value, Input> {
  /** The texts that match. */
  readonly regex: string = "[^/]+"
  /** Lower comes first. */
  readonly weight: number = 100

  /** The map that it was made for; `undefined` for a converter that was made by hand. */
  readonly map: ConverterMap | undefined

  /**
   * @param _args what the rule's text has between the parentheses
   * @param map the map that makes it
   */
  constructor(_args: ConverterArguments = NO_ARGUMENTS, map?: ConverterMap) {
    this.map = map
  }

  /** Whether it takes text of one segment only: unless the expression has a `/` outside of `[^/]`. */
  get partIsolating(): boolean {
    return isPartIsolating(this.regex)
  }

  /** The value for a text. */
  toValue(text: string): Value {
    return text as Value
  }

  /** The text for a value, percent-encoded but for what a path may hold, such as `!$&'()*+,/:;=@`. */
  toUrl(value: Input): string {
    return quotePath(plainText(value))
  }
}

/** Whether an expression keeps to one segment. A slash in a negated class does not let one through. */
export function isPartIsolating(regex: string): boolean {
  return !regex.replace(/\[\^[^\]]*\]/g, "").includes("/")
}

function plainText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value
    case "number":
    case "bigint":
    case "boolean":
      return String(value)
    default:
      throw new TypeError(
        `Cannot put ${Array.isArray(value) ? "an array" : `a value of type ${typeof value}`} into a URL`,
      )
  }
}

/**
 * `string`, and `default` where a placeholder names no converter: text without a slash, at least one character.
 * Arguments: `minlength` (1), `maxlength`, `length` (both at once), counted in characters.
 */
export class StringConverter extends BaseConverter<string, string | number> {
  override readonly regex: string

  constructor(args: ConverterArguments = NO_ARGUMENTS, map?: ConverterMap) {
    super(args, map)
    const bound = bindArguments(args, ["minlength", "maxlength", "length"])
    const length = countArgument(bound, "length")
    const min = length ?? countArgument(bound, "minlength") ?? 1
    const max = length ?? countArgument(bound, "maxlength")
    if (max !== undefined && max < min) throw new RangeError(`maxlength ${max} is less than minlength ${min}`)
    this.regex = min === 1 && max === undefined ? "[^/]+" : `[^/]{${min},${max ?? ""}}`
  }
}

/**
 * `any(one, two)`: one of the words, in their order. A word of other characters than letters, digits, `_` and `.` is quoted.
 */
export class AnyConverter extends BaseConverter<string> {
  override readonly regex: string
  /** The words. */
  readonly items: readonly string[]

  constructor(args: ConverterArguments = NO_ARGUMENTS, map?: ConverterMap) {
    super(args, map)
    bindArguments({ ...args, positional: [] }, [])
    this.items = args.words
    const words = args.words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"))
    this.regex = words.length === 0 ? "[^\\s\\S]" : `(?:${words.join("|")})`
  }

  /** Never takes more than its segment: a word with a slash matches nothing. */
  override get partIsolating(): boolean {
    return true
  }

  /**
   * @throws RangeError for what is not one of the words
   */
  override toUrl(value: string): string {
    if (this.items.includes(value)) return quotePath(value)
    const valid = this.items.toSorted().map((item) => JSON.stringify(item))
    throw new RangeError(`${JSON.stringify(value)} is not one of ${valid.join(", ")}`)
  }
}

/**
 * `path`: the rest of the path or a piece of it, slashes included; does not start with one.
 */
export class PathConverter extends BaseConverter<string> {
  override readonly regex = "[^/].*?"
  override readonly weight = 200

  constructor(args: ConverterArguments = NO_ARGUMENTS, map?: ConverterMap) {
    super(args, map)
    bindArguments(args, [])
  }

  override get partIsolating(): boolean {
    return false
  }
}

/** What `int` and `float` have in common. Arguments: `min`, `max`, `signed` (no sign unless it is true). */
abstract class NumberConverter<Input> extends BaseConverter<number, Input> {
  override readonly weight = 50
  /** The least value that matches. */
  readonly min: number | undefined
  /** The greatest value that matches. */
  readonly max: number | undefined
  /** Whether a minus sign matches. */
  readonly signed: boolean

  constructor(args: ConverterArguments, map: ConverterMap | undefined, bound: Map<string, ConverterArgument>) {
    super(args, map)
    this.min = numberArgument(bound, "min")
    this.max = numberArgument(bound, "max")
    this.signed = bound.get("signed") === true
  }

  protected checkRange(value: number): number {
    if ((this.min !== undefined && value < this.min) || (this.max !== undefined && value > this.max)) {
      throw new ValidationError(`${value} is out of range`)
    }
    return value
  }
}

/**
 * `int`: ASCII digits, as a number. What is beyond the safe integers does not match.
 * Arguments: `fixedDigits` (exactly so many, with leading zeros), `min`, `max`, `signed`.
 */
export class IntegerConverter extends NumberConverter<number | bigint> {
  override readonly regex: string
  /** How many digits there are; 0 for any number of them. */
  readonly fixedDigits: number

  constructor(args: ConverterArguments = NO_ARGUMENTS, map?: ConverterMap) {
    const bound = bindArguments(args, ["fixedDigits", "min", "max", "signed"])
    super(args, map, bound)
    this.fixedDigits = countArgument(bound, "fixedDigits") ?? 0
    const digits = this.fixedDigits === 0 ? "[0-9]+" : `[0-9]{${this.fixedDigits}}`
    this.regex = this.signed ? `-?${digits}` : digits
  }

  /** Whether every text of digits is its value, as far as integers are safe, and nothing was overridden. */
  get isPlain(): boolean {
    const { min, max, regex, toValue } = this
    const isOwn = toValue === IntegerConverter.prototype.toValue && /^\[0-9\](?:\+|\{[0-9]+\})$/.test(regex)
    return isOwn && min === undefined && max === undefined
  }

  /** Whether every safe integer from 0 on is written as it is. */
  get isPlainlyWritten(): boolean {
    return this.isPlain && this.regex === "[0-9]+" && this.toUrl === IntegerConverter.prototype.toUrl
  }

  override toValue(text: string): number {
    const value = Number(text)
    if (!Number.isSafeInteger(value)) throw new ValidationError(`${text} is not a safe integer`)
    // -0 is no integer of its own
    return this.checkRange(value === 0 ? 0 : value)
  }

  /** @throws TypeError for what is not an integer */
  override toUrl(value: number | bigint): string {
    const text = typeof value === "number" && Number.isInteger(value) ? BigInt(value).toString() : String(value)
    if (!/^-?[0-9]+$/.test(text) || typeof value === "object") throw new TypeError(`Not an integer: ${text}`)
    const digits = text.replace("-", "").padStart(this.fixedDigits, "0")
    return text.startsWith("-") ? `-${digits}` : digits
  }
}

/**
 * `float`: digits, a point, digits, as a number; no exponent. Arguments: `min`, `max`, `signed`.
 *
 * @example
 * new FloatConverter().toUrl(1) // => "1.0"
 * new FloatConverter().toUrl(1e-7) // => "0.0000001"
 */
export class FloatConverter extends NumberConverter<number> {
  override readonly regex: string

  constructor(args: ConverterArguments = NO_ARGUMENTS, map?: ConverterMap) {
    super(args, map, bindArguments(args, ["min", "max", "signed"]))
    this.regex = this.signed ? "-?[0-9]+\\.[0-9]+" : "[0-9]+\\.[0-9]+"
  }

  override toValue(text: string): number {
    const value = Number(text)
    if (!Number.isFinite(value)) throw new ValidationError(`${text} is too large`)
    return this.checkRange(value)
  }

  /** @throws TypeError for what is not a finite number */
  override toUrl(value: number): string {
    const number = typeof value === "string" && /^-?[0-9]+(?:\.[0-9]+)?$/.test(value) ? Number(value) : value
    if (typeof number !== "number" || !Number.isFinite(number))
      throw new TypeError(`Not a finite number: ${String(value)}`)
    // Without a sign there is one zero.
    return decimal(number === 0 && !this.signed ? 0 : number)
  }
}

/** The shortest decimal that means the number, without an exponent and with a digit behind the point. */
function decimal(value: number): string {
  const [, sign, whole, fraction = "", exponent = "0"] = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:e([+-][0-9]+))?$/.exec(
    Object.is(value, -0) ? "-0" : String(value),
  ) as RegExpExecArray
  const digits = `${whole}${fraction}`
  const point = (whole as string).length + Number(exponent)
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`
  const padded = digits.padEnd(point, "0")
  return `${sign}${padded.slice(0, point)}.${padded.slice(point) || "0"}`
}

/**
 * `uuid`: a UUID with its hyphens, in any case; the value is in lower case.
 *
 * @example
 * new UUIDConverter().toValue("A8098C1A-F86E-11DA-BD1A-00112444BE1E") // => "a8098c1a-f86e-11da-bd1a-00112444be1e"
 */
export class UUIDConverter extends BaseConverter<string> {
  override readonly regex = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"

  constructor(args: ConverterArguments = NO_ARGUMENTS, map?: ConverterMap) {
    super(args, map)
    bindArguments(args, [])
  }

  override toValue(text: string): string {
    return text.toLowerCase()
  }

  override toUrl(value: string): string {
    return super.toUrl(value).toLowerCase()
  }
}

/**
 * The converters of every map, by name. A map's `converters` come first; this one is never changed.
 */
export const defaultConverters: {
  readonly default: typeof StringConverter
  readonly string: typeof StringConverter
  readonly any: typeof AnyConverter
  readonly path: typeof PathConverter
  readonly int: typeof IntegerConverter
  readonly float: typeof FloatConverter
  readonly uuid: typeof UUIDConverter
} = Object.freeze({
  default: StringConverter,
  string: StringConverter,
  any: AnyConverter,
  path: PathConverter,
  int: IntegerConverter,
  float: FloatConverter,
  uuid: UUIDConverter,
})
