// A rule: one URL pattern and what it leads to. Only a description, never changed and bound to nothing, so that the same
// rule may stand in several maps; `bound-rule.ts` holds what a map makes of it. Its type remembers its text.

import { setInspection } from "../datastructures/inspection.ts"
import { isPlainObject } from "../mistakes/describe.ts"
import { checkOptions, meant, type OptionNames } from "../mistakes/options.ts"
import type {
  ConverterTable,
  Default,
  DefaultConverters,
  Facts,
  MatchedValues,
  Nothing,
  RuleSpec,
} from "./inference.ts"
import { checkText, type PatternPiece, parsePattern } from "./pattern.ts"
import { targetNames } from "./redirect-target.ts"
import type { CheckedEndpoint, CheckedText } from "./text-mistakes.ts"

/** Where an old URL has moved: a target with placeholders, or a function that makes it. */
export type RedirectTarget = string | ((adapter: RedirectAdapter, values: Record<string, unknown>) => string)

/** What a function given as `redirectTo` sees of the bound map. */
export interface RedirectAdapter {
  readonly serverName: string
  readonly scriptName: string
  readonly urlScheme: string
  /** The URL of another endpoint. */
  build(endpoint: unknown, values?: Record<string, unknown>): string
}

/** Options of a rule. */
export interface RuleOptions {
  /** Values that the URL does not spell out, by name. */
  readonly defaults?: Readonly<Record<string, unknown>> | undefined
  /** The subdomain; may hold placeholders. Default: that of the map. */
  readonly subdomain?: string | undefined
  /** The host with its port, in maps that match hosts; may hold placeholders. */
  readonly host?: string | undefined
  /** The methods; GET brings HEAD. Default: any. */
  readonly methods?: Iterable<string> | undefined
  /** Never matches, but can be built. */
  readonly buildOnly?: boolean | undefined
  /** Whether a missing slash at the end is answered by a redirect. Default: as the map says. */
  readonly strictSlashes?: boolean | undefined
  /** Whether repeated slashes are answered by a redirect. Default: as the map says. */
  readonly mergeSlashes?: boolean | undefined
  /** Redirects there instead of matching. */
  readonly redirectTo?: RedirectTarget | undefined
  /** Redirects to the rule of the same endpoint that is no alias. */
  readonly alias?: boolean | undefined
  /** Matches WebSocket handshakes instead of other requests. */
  readonly websocket?: boolean | undefined
}

type DomainOf<Options> = Options extends { readonly subdomain: infer Text extends string }
  ? Text
  : Options extends { readonly host: infer Text extends string }
    ? Text
    : ""
type DefaultsOf<Options> = Options extends { readonly defaults: infer Values extends object }
  ? { [Name in keyof Values]: Default<Name, Values[Name]> }[keyof Values]
  : never

/** Forbids unknown options, which a type parameter would let through. */
type OnlyKnown<Options> = { readonly [Name in Exclude<keyof Options, keyof RuleOptions>]: never }

/** What `rule` remembers of its arguments. */
export type SpecOf<Path extends string, Endpoint, Options> = Facts<
  Path,
  DomainOf<Options>,
  Endpoint,
  DefaultsOf<Options>
>

/**
 * What a map takes: a rule, or something that makes rules of others.
 */
export interface RuleFactory<Spec extends RuleSpec = RuleSpec> {
  /** For the compiler only; there is no such member at run time. */
  readonly "~spec": Spec
  /** The rules, in order. */
  getRules(): Iterable<Rule<Spec>>
}

/** What `with` changes in a copy. */
export interface RuleChanges extends RuleOptions {
  readonly rule?: string
  readonly endpoint?: unknown
}

const WEBSOCKET_METHODS = new Set(["GET", "HEAD", "OPTIONS"])

/**
 * One URL pattern. Made by `rule`. A subclass takes the same three arguments; with options of its own it also overrides
 * `getOptions`, so that the factories (`submount`, ...) keep them.
 */
export class Rule<Spec extends RuleSpec = RuleSpec> implements RuleFactory<Spec> {
  /** For the compiler only; there is no such member at run time. */
  declare readonly "~spec": Spec

  /** The text. */
  readonly rule: string
  /** What it leads to. */
  readonly endpoint: Spec["endpoint"]
  /** Values that the URL does not spell out. */
  readonly defaults: ReadonlyMap<string, unknown>
  /** The subdomain; `undefined` for that of the map. */
  readonly subdomain: string | undefined
  /** The host, in maps that match hosts. */
  readonly host: string | undefined
  /** The methods in capitals; `undefined` for any. */
  readonly methods: ReadonlySet<string> | undefined
  /** Whether it never matches. */
  readonly buildOnly: boolean
  /** Whether a missing slash is answered by a redirect; `undefined` for what the map says. */
  readonly strictSlashes: boolean | undefined
  /** Whether repeated slashes are answered by a redirect; `undefined` for what the map says. */
  readonly mergeSlashes: boolean | undefined
  /** Where it redirects to. */
  readonly redirectTo: RedirectTarget | undefined
  /** Whether it redirects to another rule of its endpoint. */
  readonly alias: boolean
  /** Whether it matches WebSocket handshakes. */
  readonly websocket: boolean
  /** The names of its placeholders and defaults. */
  readonly arguments: ReadonlySet<string>
  /** The pieces of the text. */
  readonly pieces: readonly PatternPiece[]

  /** @throws TypeError for a text that is not a rule's, or options that contradict each other */
  constructor(text: string, endpoint: Spec["endpoint"], options: RuleOptions = {}) {
    checkText(text)
    if (isMisplaced(endpoint)) {
      throw new TypeError(
        `The second argument of a rule is its endpoint: write rule(${JSON.stringify(text)}, endpoint, options)`,
      )
    }
    // A subclass may have further options.
    if (new.target === Rule) checkOptions("rule", options, OPTIONS)
    this.rule = text
    this.endpoint = endpoint
    this.defaults = new Map(Object.entries(options.defaults ?? {}))
    this.subdomain = options.subdomain
    this.host = options.host
    this.websocket = options.websocket ?? false
    this.methods = methodsOf(options.methods)
    if (this.websocket && this.methods && ![...this.methods].every((method) => WEBSOCKET_METHODS.has(method))) {
      throw new TypeError(`A WebSocket rule has no methods but GET, HEAD and OPTIONS: ${JSON.stringify(text)}`)
    }
    this.buildOnly = options.buildOnly ?? false
    this.strictSlashes = options.strictSlashes
    this.mergeSlashes = options.mergeSlashes
    this.redirectTo = options.redirectTo
    this.alias = options.alias ?? false
    this.pieces = parsePattern(text)
    const domain = options.host ?? options.subdomain ?? ""
    const domainPieces = parsePattern(domain)
    if (domain.includes("/")) throw new TypeError(`A host has no slash: ${JSON.stringify(domain)}`)
    const names = new Set<string>()
    for (const piece of [...domainPieces, ...this.pieces]) {
      if (piece.kind !== "placeholder") continue
      const { name } = piece.placeholder
      if (names.has(name)) throw new TypeError(`The placeholder <${name}> stands twice in ${JSON.stringify(text)}`)
      names.add(name)
    }
    for (const name of this.defaults.keys()) names.add(name)
    this.arguments = names
    if (typeof this.redirectTo === "string") checkTarget(this.redirectTo, text, names)
  }

  /** Whether the URL does not end in a slash. */
  get isLeaf(): boolean {
    return !this.rule.endsWith("/")
  }

  /** Whether the URL ends in a slash. */
  get isBranch(): boolean {
    return this.rule.endsWith("/")
  }

  /** The rule itself. */
  *getRules(): Iterable<Rule<Spec>> {
    yield this
  }

  /**
   * A copy with changes, of the same class; what is not named stays.
   */
  with(changes: RuleChanges): Rule {
    const { rule: text = this.rule, endpoint = this.endpoint, ...options } = { ...this.getOptions(), ...changes }
    const ruleClass = this.constructor as new (text: string, endpoint: unknown, options: RuleOptions) => Rule
    return new ruleClass(text, endpoint, options)
  }

  /** The options that make such a rule again. A subclass with options of its own adds them, so that copies keep them. */
  getOptions(): RuleOptions {
    return {
      defaults: Object.fromEntries(this.defaults),
      subdomain: this.subdomain,
      host: this.host,
      methods: this.methods,
      buildOnly: this.buildOnly,
      strictSlashes: this.strictSlashes,
      mergeSlashes: this.mergeSlashes,
      redirectTo: this.redirectTo,
      alias: this.alias,
      websocket: this.websocket,
    }
  }

  /**
   * Whether the other rule has the same text, with the same host or subdomain.
   */
  equals(other: Rule): boolean {
    return this.rule === other.rule && this.subdomain === other.subdomain && this.host === other.host
  }

  /**
   * The rule for people.
   *
   * @example
   * String(rule("/<x>", "show", { methods: ["GET"] })) // => "<Rule '/<x>' (GET, HEAD) -> show>"
   */
  toString(): string {
    const domain = this.host ?? this.subdomain
    const methods = this.methods ? ` (${[...this.methods].sort().join(", ")})` : ""
    return `<Rule '${domain ? `${domain}|` : ""}${this.rule}'${methods} -> ${endpointName(this.endpoint)}>`
  }

  static {
    // What `console.log` shows.
    setInspection(Rule.prototype, Rule.prototype.toString)
  }
}

/** An endpoint for people: text as it is, a function by its name. */
export function endpointName(endpoint: unknown): string {
  return typeof endpoint === "function" && endpoint.name !== "" ? endpoint.name : String(endpoint)
}

/** Checked when the rule is made: a redirect to a value that is never there would send clients round in a circle. */
function checkTarget(target: string, text: string, names: ReadonlySet<string>): void {
  for (const name of targetNames(target)) {
    if (names.has(name)) continue
    throw new TypeError(
      `The rule ${JSON.stringify(text)} has no placeholder <${name}>, which its redirectTo ${JSON.stringify(target)} asks for${meant(name, [...names])}`,
    )
  }
}

const OPTIONS: OptionNames<RuleOptions> = {
  defaults: true,
  subdomain: true,
  host: true,
  methods: true,
  buildOnly: true,
  strictSlashes: true,
  mergeSlashes: true,
  redirectTo: true,
  alias: true,
  websocket: true,
}

/** An object that was meant as the options: `rule("/x", { endpoint: "x" })`. */
function isMisplaced(endpoint: unknown): endpoint is Record<string, unknown> {
  if (!isPlainObject(endpoint)) return false
  const names = Object.keys(endpoint as object)
  return names.includes("endpoint") || (names.length > 0 && names.every((name) => Object.hasOwn(OPTIONS, name)))
}

function methodsOf(methods: Iterable<string> | undefined): ReadonlySet<string> | undefined {
  if (methods === undefined) return undefined
  if (typeof methods === "string")
    throw new TypeError(`methods is a list of methods, not the text ${JSON.stringify(methods)}`)
  const found = new Set<string>()
  for (const method of methods) found.add(method.toUpperCase())
  if (found.has("GET")) found.add("HEAD")
  return found
}

/**
 * A rule: a URL pattern, what it leads to, and options. The compiler takes the values from the text.
 *
 * @param text static text and placeholders: `<name>`, `<converter:name>`, `<converter(arguments):name>`
 * @param endpoint a name, or any other value: a view function, a symbol
 * @throws TypeError for a text that is not a rule's, an unknown option, options that contradict each other, or a `redirectTo`
 * with a placeholder that the rule has not
 * @example
 * rule("/<int:year>/<slug>", "article").arguments.has("year") // => true
 * rule("/<x>/<x>", "twice") // throws TypeError
 */
export function rule<const Path extends string, const Endpoint, const Options extends RuleOptions = Nothing>(
  text: Path & CheckedText<Path>,
  endpoint: Endpoint & CheckedEndpoint<Endpoint, RuleOptions>,
  options?: Options & OnlyKnown<Options>,
): Rule<SpecOf<Path, Endpoint, Options>> {
  return new Rule(text, endpoint, options)
}

/** The values that a rule gives, with the converters of its map. */
export type RuleValues<Made extends Rule, Table extends ConverterTable = DefaultConverters> = MatchedValues<
  Made["~spec"],
  Table
>
