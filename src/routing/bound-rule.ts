// A rule as one map understands it: with the map's converters and defaults, in parts for the matcher, and in pieces for
// building URLs. Depends on a small interface that the map satisfies, not on the map.

import { comparableHost, hostIsTrusted } from "../http/hosts.ts"
import { hostToAscii } from "../http/idna.ts"
import { percentDecode } from "../http/percent.ts"
import { dumpQuery } from "../http/urls.ts"
import {
  BaseConverter,
  type Converter,
  type ConverterSource,
  IntegerConverter,
  quotePath,
  ValidationError,
} from "./converters.ts"
import type { Language } from "./language.ts"
import { type PartPiece, RulePart } from "./part.ts"
import { type PatternPiece, type Placeholder, parsePattern } from "./pattern.ts"
import type { RedirectTarget, Rule } from "./rule.ts"
import { REFUSED, type Reader, type ReadValues, readDigits, readText, readValuesOf, type Values } from "./values.ts"
import { isPlain, type PlainKind, type Writer } from "./writers.ts"

/** A converter with what matching needs to know of it. */
export interface ReadyConverter {
  /** What the map calls by its name. */
  readonly source: ConverterSource
  readonly converter: Converter
  readonly language: Language
  readonly write: Writer
  readonly plainKind: PlainKind
  readonly weight: number
  readonly partIsolating: boolean
  /** The same for converters that match alike. */
  readonly key: string
}

/** What a rule needs of its map. */
export interface BindingContext {
  readonly strictSlashes: boolean
  readonly mergeSlashes: boolean
  readonly hostMatching: boolean
  readonly subdomainMatching: boolean
  readonly defaultSubdomain: string
  readonly sortParameters: boolean
  readonly sortKey: ((pair: readonly [name: string, value: unknown]) => string | number) | undefined
  getConverter(placeholder: Placeholder): ReadyConverter
}

/** A static step is its text; a dynamic one is a part. */
export type Step = string | RulePart

/** Why a rule cannot be built with the values that it was given. */
export class Refusal {
  /** What is wrong, as a sentence. */
  readonly reason: string
  /** What the converter threw. */
  readonly cause: unknown

  constructor(reason: string, cause?: unknown) {
    this.reason = reason
    this.cause = cause
  }
}

/** The place of a value in a URL, with the text in front of it. */
interface Slot {
  readonly before: string
  readonly name: string
  readonly plainKind: PlainKind
  readonly write: Writer
}

/** A URL to be filled in. */
interface Template {
  readonly slots: readonly Slot[]
  /** The text behind the last slot. */
  readonly end: string
}

/** Values to build with, by name. A name that `Object.prototype` has counts only as the object's own. */
export type GivenValues = Readonly<Record<string, unknown>>

/** The value of that name; `null` and `undefined` mean that there is no value. */
export function givenValue(values: GivenValues, name: string): unknown {
  if (name in Object.prototype && !Object.hasOwn(values, name)) return undefined
  return values[name] ?? undefined
}

/** What matching a path has captured: where values begin and end, two numbers each. */
export interface Captured {
  readonly domain: string
  readonly domainCaptures: readonly number[]
  readonly path: string
  readonly captures: readonly number[]
}

const NONE: readonly never[] = []

/** A rule in a map. */
export class BoundRule {
  // What a match looks at stands together: in a large map that is one place in memory to go to, not three.
  /** Whether GET is among the methods: most requests ask for that. */
  readonly takesGet: boolean
  readonly websocket: boolean
  #readPath: ReadValues | undefined = undefined
  #readers: readonly Reader[] = NONE
  /** Whether there are values besides those of the path. */
  readonly #isMore: boolean
  /** Whether a match may be answered by a redirect: to `redirectTo`, a shorter rule, or the one that an alias stands for. */
  mayRedirect: boolean
  readonly endpoint: unknown
  readonly rule: Rule
  /** The next rule for the same paths, with other methods. Kept by the matcher. */
  next: BoundRule | undefined = undefined

  #shorter: readonly BoundRule[] = NONE
  readonly alias: boolean
  readonly redirectTo: RedirectTarget | undefined
  readonly methods: ReadonlySet<string> | undefined
  readonly strictSlashes: boolean
  readonly mergeSlashes: boolean
  readonly buildOnly: boolean
  readonly defaults: ReadonlyMap<string, unknown>
  readonly arguments: ReadonlySet<string>
  /** The step for the host or subdomain. */
  readonly domain: Step
  /** The steps for the path: one for each segment, from behind the first slash. */
  readonly steps: readonly Step[]
  /** For each step of the path its text for comparing: steps with the same key match alike. */
  readonly domainKey: string
  readonly keys: readonly string[]

  /** How many of the values are the domain's; they come first. */
  readonly #domainSize: number
  readonly #names: readonly string[]
  readonly #converters: readonly Converter[]
  readonly #domainTemplate: Template
  readonly #pathTemplate: Template
  /** How many segments of the rule's own text are dots. */
  readonly #dots: number
  /** The names without a default. */
  readonly needed: readonly string[]
  /** Whether one of these is a name that every object inherits. */
  readonly #isShadowed: boolean
  /**
   * Whether matching may take the values of a built URL for others: where several placeholders share a segment, and where the
   * rest of the path is followed by a slash.
   */
  readonly isAmbiguous: boolean
  /** Whether the path is all that building has to do: no defaults, no values in the domain, nothing to be told apart. */
  readonly isSimple: boolean
  /** Whether another rule may take what this one builds, and the state of the matcher for which that was found. */
  contested = false
  contestedAt = -1

  constructor(rule: Rule, context: BindingContext) {
    this.rule = rule
    this.endpoint = rule.endpoint
    this.methods = rule.methods
    this.takesGet = this.takes("GET")
    this.websocket = rule.websocket
    this.strictSlashes = rule.strictSlashes ?? context.strictSlashes
    this.mergeSlashes = rule.mergeSlashes ?? context.mergeSlashes
    this.alias = rule.alias
    this.buildOnly = rule.buildOnly
    this.redirectTo = rule.redirectTo
    this.mayRedirect = rule.alias || rule.redirectTo !== undefined
    this.defaults = rule.defaults

    const domainPieces = domainPiecesOf(rule, context)
    const pathPieces = this.mergeSlashes ? withMergedSlashes(rule.pieces) : rule.pieces
    const ready = new Map<string, ReadyConverter>()
    for (const piece of [...domainPieces, ...pathPieces]) {
      if (piece.kind === "placeholder")
        ready.set(piece.placeholder.name, converterFor(piece.placeholder, rule, context))
    }
    this.arguments = new Set([...ready.keys(), ...rule.defaults.keys()])
    this.#names = [...ready.keys()]
    this.#domainSize = domainPieces.filter(({ kind }) => kind === "placeholder").length
    this.needed = rule.defaults.size === 0 ? this.#names : this.#names.filter((name) => !rule.defaults.has(name))
    this.#isShadowed = this.needed.some((name) => name in Object.prototype)
    this.#isMore = this.#domainSize > 0 || rule.defaults.size > 0
    this.#converters = Array.from(ready.values(), ({ converter }) => converter)

    const domain = stepsOf(domainPieces, ready)
    this.domain = domain.steps[0] ?? ""
    this.domainKey = domain.keys[0] ?? ""
    // The text begins with a slash: the step in front of it is always empty.
    const path = stepsOf(pathPieces, ready)
    this.steps = path.steps.slice(1)
    this.keys = path.keys.slice(1)
    this.isAmbiguous = this.steps.some((step) => typeof step !== "string" && (step.size > 1 || step.suffixed))

    this.#dots = this.steps.filter((step) => step === "." || step === "..").length
    this.#domainTemplate = templateOf(domainPieces, ready, rule.defaults, (text) => text)
    this.#pathTemplate = templateOf(pathPieces, ready, rule.defaults, quotePath)
    this.isSimple =
      !this.#isMore && !this.#isShadowed && !this.isAmbiguous && !this.websocket && typeof this.domain === "string"
  }

  /** Rules that say the same with a shorter URL, to which a match of this one may redirect. Kept by the map. */
  get shorter(): readonly BoundRule[] {
    return this.#shorter
  }

  set shorter(rules: readonly BoundRule[]) {
    this.#shorter = rules
    this.mayRedirect = this.alias || this.redirectTo !== undefined || rules.length > 0
  }

  /** The text that a value of this name has in a URL. */
  toUrl(name: string, value: unknown): string {
    const index = this.#names.indexOf(name)
    return index === -1 ? quotePath(String(value)) : (this.#converters[index] as Converter).toUrl(value)
  }

  /** Whether requests with this method are for this rule. */
  takes(method: string): boolean {
    return this.methods === undefined || this.methods.has(method)
  }

  /** Whether a request of this kind is for this rule. */
  accepts(method: string, websocket: boolean): boolean {
    return this.takes(method) && this.websocket === websocket
  }

  /** The values of the captured texts, or `undefined` when a converter refuses. */
  convert(captured: Captured): Values | undefined {
    const read = this.#readPath ?? this.#prepare()
    const values = read(captured.path, captured.captures, this.#readers)
    return values !== undefined && this.#isMore ? this.#withMore(values, captured) : values
  }

  /** Done at the first match, since most rules of a large map are asked for rarely. */
  #prepare(): ReadValues {
    this.#readers = this.#converters.slice(this.#domainSize).map(readerOf)
    this.#readPath = readValuesOf(this.#names.slice(this.#domainSize), this.#readers)
    return this.#readPath
  }

  /** The values with those of the domain and the defaults. */
  #withMore(values: Values, captured: Captured): Values | undefined {
    let all = values
    if (this.#domainSize > 0) {
      const readers = this.#converters.slice(0, this.#domainSize).map(readerOf)
      const read = readValuesOf(this.#names.slice(0, this.#domainSize), readers)
      const found = read(captured.domain, captured.domainCaptures, readers)
      if (found === undefined) return undefined
      all = Object.assign(found, values)
    }
    for (const [name, value] of this.defaults) all[name] = value
    return all
  }

  /**
   * Whether a URL can be built with these values: all that are needed are there, none contradicts a default.
   */
  suitableFor(values: GivenValues, method: string | undefined): boolean {
    if (method !== undefined && this.methods !== undefined && !this.methods.has(method)) return false
    for (const name of this.needed) {
      const value = values[name]
      if (value === undefined || value === null) return false
    }
    return (this.defaults.size === 0 && !this.#isShadowed) || this.#suits(values)
  }

  #suits(values: GivenValues): boolean {
    if (!this.needed.every((name) => givenValue(values, name) !== undefined)) return false
    for (const [name, value] of this.defaults) {
      const given = givenValue(values, name)
      if (given !== undefined && given !== value) return false
    }
    return true
  }

  /** Whether this rule is the other one with some of its values left out. */
  providesDefaultsFor(other: BoundRule): boolean {
    return (
      this !== other &&
      !this.buildOnly &&
      this.defaults.size > 0 &&
      this.endpoint === other.endpoint &&
      this.arguments.size === other.arguments.size &&
      [...this.arguments].every((name) => other.arguments.has(name))
    )
  }

  /** Whether there is a method that both accept, besides HEAD and OPTIONS. */
  sharesMethods(other: BoundRule): boolean {
    if (this.methods === undefined || other.methods === undefined) return true
    const methods = other.methods
    const shared = [...this.methods].filter((method) => methods.has(method))
    return shared.some((method) => method !== "HEAD" && method !== "OPTIONS") || sameSet(this.methods, methods)
  }

  /** The path with the values. */
  buildPath(values: GivenValues): string | Refusal {
    const { slots, end } = this.#pathTemplate
    let path = ""
    let isPlainPath = true
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index] as Slot
      const value = values[slot.name]
      if (isPlain(value, slot.plainKind)) path += slot.before + value
      else {
        const text = this.#write(slot, value)
        if (typeof text !== "string") return text
        path += slot.before + text
        isPlainPath = false
      }
    }
    path += end
    if (isPlainPath) return path
    // As a whole it would name a host (RFC 3986 section 4.2).
    if (path.startsWith("//")) return new Refusal(`${JSON.stringify(path)} would lead to another host.`)
    // Clients take such segments out, escaped or not (RFC 3986 section 5.2.4), and ask for another path.
    if (dotsIn(path) > this.#dots) {
      return new Refusal(`In ${JSON.stringify(path)} a segment is "." or "..", which clients take out.`)
    }
    return path
  }

  /** The host or subdomain with the values. */
  buildDomain(values: GivenValues): string | Refusal {
    const { slots, end } = this.#domainTemplate
    if (slots.length === 0) return end
    let filled = ""
    for (const slot of slots) {
      const text = this.#write(slot, values[slot.name])
      if (typeof text !== "string") return text
      filled += slot.before + text
    }
    filled += end
    try {
      const domain = comparableHost(hostToAscii(percentDecode(filled, undefined, "replace")))
      if (hostIsTrusted(domain) && DOMAIN.test(domain)) return domain
    } catch {
      // The same as a name that no host has.
    }
    return new Refusal(`${JSON.stringify(filled)} is no name of a host.`)
  }

  #write(slot: Slot, value: unknown): string | Refusal {
    if (value === undefined || value === null) return MISSING
    try {
      return slot.write(value)
    } catch (error) {
      const why = error instanceof Error && error.message !== "" ? `: ${error.message}` : ""
      return new Refusal(`The placeholder <${slot.name}> does not take ${shown(value)}${why}.`, error)
    }
  }

  /** Whether the values that a match gave have the texts that these have. */
  readsAs(found: BoundRule, read: Values, values: GivenValues): boolean {
    if (found.endpoint !== this.endpoint) return false
    for (const name of this.arguments) {
      const value = givenValue(values, name) ?? this.defaults.get(name)
      if (!found.arguments.has(name)) return false
      if (!this.#names.includes(name)) {
        if (read[name] !== value) return false
      } else if (this.toUrl(name, read[name]) !== this.toUrl(name, value)) return false
    }
    return true
  }
}

const MISSING = new Refusal("A value is missing.")

// Escaped too: for the URL Standard "%2e" is a dot in such a segment.
const DOTS = /\/(?:\.|%2e){1,2}(?=\/|$)/gi

function dotsIn(path: string): number {
  if (!path.includes("/.") && !path.includes("/%2")) return 0
  return path.match(DOTS)?.length ?? 0
}

// RFC 1035 section 2.3.4: a label has 1 to 63 characters.
const DOMAIN = /^[^.:]{1,63}(?:\.[^.:]{1,63})*(?::[0-9]+)?$/

/** A value for people. */
function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : Array.isArray(value) ? "an array" : String(value)
  return text.length > 80 ? `${text.slice(0, 80)}...` : text
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((each) => b.has(each))
}

/** How a converter reads a piece of text. The commonest have a shorter way than a piece of text of their own. */
function readerOf(converter: Converter): Reader {
  if (converter.toValue === BaseConverter.prototype.toValue) return readText
  if (converter instanceof IntegerConverter && converter.isPlain) return readDigits
  return (text, from, to) => {
    try {
      return converter.toValue(text.slice(from, to))
    } catch (error) {
      if (error instanceof ValidationError) return REFUSED
      throw error
    }
  }
}

/** The converter, or the error with the rule that asks for it. */
function converterFor(placeholder: Placeholder, rule: Rule, context: BindingContext): ReadyConverter {
  try {
    return context.getConverter(placeholder)
  } catch (error) {
    if (error instanceof Error) error.message += ` It stands in the rule ${JSON.stringify(rule.rule)}.`
    throw error
  }
}

function domainPiecesOf(rule: Rule, context: BindingContext): readonly PatternPiece[] {
  if (context.hostMatching) return parsePattern(rule.host ?? "")
  return context.subdomainMatching ? parsePattern(rule.subdomain ?? context.defaultSubdomain) : []
}

function withMergedSlashes(pieces: readonly PatternPiece[]): PatternPiece[] {
  return pieces.filter(({ kind }, index) => kind !== "slash" || pieces[index - 1]?.kind !== "slash")
}

/** The steps of a path or host, and for each a key: steps with the same key match the same texts. */
function stepsOf(
  pieces: readonly PatternPiece[],
  ready: ReadonlyMap<string, ReadyConverter>,
): { steps: Step[]; keys: string[] } {
  const steps: Step[] = []
  const keys: string[] = []
  let open = new OpenStep()
  for (const piece of pieces) {
    if (piece.kind === "static") open.addStatic(piece.text)
    else if (piece.kind === "placeholder") open.addConverter(ready.get(piece.placeholder.name) as ReadyConverter)
    else if (open.final) open.addSlash()
    else {
      steps.push(open.close(false))
      keys.push(open.key)
      open = new OpenStep()
    }
  }
  // What takes slashes would take the last one too; it is looked at apart, for the redirect to the URL with a slash.
  const suffixed = open.final && pieces.at(-1)?.kind === "slash"
  steps.push(open.close(suffixed))
  keys.push(open.key)
  if (suffixed) {
    steps.push("")
    keys.push("=")
  }
  return { steps, keys }
}

/** A step while its pieces come in. */
class OpenStep {
  final = false
  key = ""
  readonly #pieces: PartPiece[] = []
  readonly #keys: string[] = []
  readonly #statics: number[] = []
  readonly #converters: number[] = []

  addStatic(text: string): void {
    this.#statics.push(text.length)
    this.#addText(text)
  }

  addSlash(): void {
    this.#addText("/")
  }

  #addText(text: string): void {
    const last = this.#pieces.at(-1)
    if (typeof last === "string") {
      this.#pieces.push(`${this.#pieces.pop()}${text}`)
      this.#keys.pop()
    } else this.#pieces.push(text)
    this.#keys.push(JSON.stringify(this.#pieces.at(-1)))
  }

  addConverter({ language, weight, partIsolating, key }: ReadyConverter): void {
    this.#pieces.push(language)
    this.#keys.push(key)
    this.#converters.push(weight)
    if (!partIsolating) this.final = true
  }

  close(suffixed: boolean): Step {
    const pieces = [...this.#pieces]
    if (this.#converters.length === 0) {
      this.key = `=${pieces[0] ?? ""}`
      return (pieces[0] as string | undefined) ?? ""
    }
    this.key = `${suffixed ? "~/" : "~"}${this.#keys.join(" ")}`
    if (suffixed) {
      const text = (pieces.pop() as string).slice(0, -1)
      if (text !== "") pieces.push(text)
    }
    return new RulePart(pieces, { statics: this.#statics, converters: this.#converters }, this.final, suffixed)
  }
}

/** What building fills in. What a default says is in the text already. */
function templateOf(
  pieces: readonly PatternPiece[],
  ready: ReadonlyMap<string, ReadyConverter>,
  defaults: ReadonlyMap<string, unknown>,
  quote: (text: string) => string,
): Template {
  const slots: Slot[] = []
  let before = ""
  for (const piece of pieces) {
    if (piece.kind === "slash") before += "/"
    else if (piece.kind === "static") before += quote(piece.text)
    else {
      const { name } = piece.placeholder
      const { converter, write, plainKind } = ready.get(name) as ReadyConverter
      if (defaults.has(name)) before += converter.toUrl(defaults.get(name))
      else {
        slots.push({ before, name, plainKind, write })
        before = ""
      }
    }
  }
  return { slots, end: before }
}

type QueryOrder = Pick<BindingContext, "sortParameters" | "sortKey">

/**
 * The query for the values. A list gives a pair for each of its members; `null` and `undefined` give none.
 * With `sortParameters` the pairs are sorted by `sortKey`, by default by name and then by value.
 */
export function encodeQuery(values: Iterable<readonly [string, unknown]>, order: QueryOrder): string {
  const pairs: (readonly [name: string, value: string])[] = []
  for (const [name, value] of values) {
    const list = typeof value === "object" && value !== null && Symbol.iterator in value
    for (const each of list ? (value as Iterable<unknown>) : [value]) {
      if (each !== null && each !== undefined) pairs.push([name, String(each)])
    }
  }
  if (order.sortParameters) {
    const { sortKey } = order
    if (sortKey) pairs.sort((a, b) => compare(sortKey(a), sortKey(b)))
    else pairs.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
  }
  return dumpQuery(pairs)
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0
}
