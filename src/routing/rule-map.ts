// The rules of an application, in both directions: requests to endpoints, endpoints to URLs. Holds what no request
// changes: rules, converters, options. Bound to a host it becomes a MapAdapter, which matches and builds.

import { setInspection } from "../datastructures/inspection.ts"
import { getHost } from "../environ/host.ts"
import { BadHost } from "../exceptions/statuses.ts"
import type { Environ } from "../gateway.ts"
import { comparableHost } from "../http/hosts.ts"
import { hostToAscii } from "../http/idna.ts"
import { byteStringToText } from "../http/urls.ts"
import { describe } from "../mistakes/describe.ts"
import { checkOptions, meant, type OptionNames } from "../mistakes/options.ts"
import { type BindingContext, BoundRule, type ReadyConverter } from "./bound-rule.ts"
import {
  type Converter,
  type ConverterClass,
  type ConverterSource,
  defaultConverters,
  isPartIsolating,
} from "./converters.ts"
import { DuplicateRuleError } from "./errors.ts"
import type { ConverterTable, Nothing } from "./inference.ts"
import { languageOf } from "./language.ts"
import { MapAdapter, type QueryArguments } from "./map-adapter.ts"
import { type MatchListener, ON_MATCH_KEY } from "./match-listener.ts"
import { Matcher } from "./matcher.ts"
import { type ConverterArguments, type Placeholder, parseConverterArguments } from "./pattern.ts"
import { endpointName, type Rule, type RuleFactory } from "./rule.ts"
import type { CheckedConverters } from "./text-mistakes.ts"
import { plainKindOf, writerOf } from "./writers.ts"

/** Options of a map. */
export interface RuleMapOptions<Table extends ConverterTable = ConverterTable> {
  /** The subdomain of rules that do not name one, and of requests for another host. Default: the host itself. */
  readonly defaultSubdomain?: string | undefined
  /** Whether the URL of a branch without its slash redirects to the one with it. Default true; otherwise both match. */
  readonly strictSlashes?: boolean | undefined
  /** Whether a path with repeated slashes redirects to the one without, if that matches. Default true. */
  readonly mergeSlashes?: boolean | undefined
  /** Whether a URL that spells out a default redirects to the shorter one, and an alias to its rule. Default true. */
  readonly redirectDefaults?: boolean | undefined
  /** Converters by name, besides those that every map has, or in their place. */
  readonly converters?: Table | undefined
  /** Whether the pairs of a built query are sorted. Default false. */
  readonly sortParameters?: boolean | undefined
  /** What to sort them by, in place of name and value. */
  readonly sortKey?: ((pair: readonly [name: string, value: unknown]) => string | number) | undefined
  /** Whether rules match by their `host`, in place of subdomains. Default false. */
  readonly hostMatching?: boolean | undefined
  /** Whether subdomains count at all. Default true, unless hosts are matched. */
  readonly subdomainMatching?: boolean | undefined
}

/** Options of `bind`. */
export interface BindOptions {
  /** Where the application is mounted. Default `/`. */
  readonly scriptName?: string | undefined
  /** The subdomain of the request. Default: that of the map. */
  readonly subdomain?: string | undefined
  /** Default `http`; empty for URLs that begin with `//`. */
  readonly urlScheme?: string | undefined
  /** The method when `match` gets no method. Default `GET`. */
  readonly defaultMethod?: string | undefined
  /** The path when `match` gets no path; decoded. Default `/`. */
  readonly pathInfo?: string | undefined
  /** The query that redirects keep. */
  readonly queryArgs?: QueryArguments | undefined
}

/** Options of `bindToEnviron`. */
export interface BindToEnvironOptions {
  /** The host below which subdomains are counted. Default: that of the request, which then has no subdomain. */
  readonly serverName?: string | undefined
  /** The subdomain, in place of that of the request's host. */
  readonly subdomain?: string | undefined
}

/** A request, as far as it is needed: its `host` may refuse hosts that are not trusted. */
export interface RequestLike {
  readonly environ: Environ
  readonly host: string
}

type Rules = readonly RuleFactory[]

/** Both tables; where both have a name, what the second one has. */
type Merged<Table, More> = {
  [Name in keyof Table | keyof More]: Name extends keyof More ? More[Name] : Table[Name & keyof Table]
}

/**
 * The rules of an application.
 *
 *     const urls = new RuleMap([rule("/", "index"), rule("/<int:year>/", "archive")])
 *     urls.bind("example.com").match("/2026/").values      // { year: 2026 }
 *     urls.bind("example.com").build("archive", { year: 2026 })    // "/2026/"
 */
export class RuleMap<const Made extends Rules = Rules, Table extends ConverterTable = Nothing>
  implements BindingContext
{
  /** The subdomain of rules that do not name one. */
  readonly defaultSubdomain: string
  /** Whether a missing slash at the end is answered by a redirect. */
  readonly strictSlashes: boolean
  /** Whether repeated slashes are answered by a redirect. */
  readonly mergeSlashes: boolean
  /** Whether URLs that spell out a default, and aliases, are answered by a redirect. */
  readonly redirectDefaults: boolean
  /** Whether the pairs of a built query are sorted. */
  readonly sortParameters: boolean
  /** What they are sorted by. */
  readonly sortKey: ((pair: readonly [name: string, value: unknown]) => string | number) | undefined
  /**
   * Whether rules match by their `host`: a pattern like that of a path, over the host and its port.
   */
  readonly hostMatching: boolean
  /**
   * Whether subdomains count. If not, rules match on every host, and URLs are built as paths.
   */
  readonly subdomainMatching: boolean
  /** All converters by name. What is set here is there for rules that are added from then on; see also `addConverters`. */
  readonly converters: Map<string, ConverterSource>
  /** What finds the rule of a request; throws nothing and knows no URLs. */
  readonly matcher: Matcher

  readonly #rules: BoundRule[] = []
  readonly #byEndpoint: Map<unknown, BoundRule[]> = new Map()
  readonly #ready: Map<string, ReadyConverter> = new Map()
  readonly #classIds: Map<ConverterSource, number> = new Map()
  #sorted = true
  #warned = false
  #lastHost = ""
  #lastAscii = ""

  /** @throws TypeError, RangeError, DuplicateRuleError for rules that cannot be */
  constructor(rules?: Made & CheckedConverters<Made[number]["~spec"], Table>, options: RuleMapOptions<Table> = {}) {
    if (isFactory(options)) throw new TypeError("A RuleMap takes a list of rules: new RuleMap([rule(...), rule(...)])")
    checkOptions("RuleMap", options, OPTIONS)
    this.defaultSubdomain = options.defaultSubdomain ?? ""
    this.strictSlashes = options.strictSlashes ?? true
    this.mergeSlashes = options.mergeSlashes ?? true
    this.redirectDefaults = options.redirectDefaults ?? true
    this.sortParameters = options.sortParameters ?? false
    this.sortKey = options.sortKey
    this.hostMatching = options.hostMatching ?? false
    this.subdomainMatching = !this.hostMatching && (options.subdomainMatching ?? true)
    this.converters = new Map<string, ConverterSource>(Object.entries(defaultConverters))
    this.#addConverters(options.converters ?? {})
    this.matcher = new Matcher(this.mergeSlashes)
    if (rules !== undefined && !Array.isArray(rules)) {
      throw new TypeError("A RuleMap takes a list of rules: new RuleMap([rule(...)])")
    }
    for (const factory of rules ?? []) this.#add(factory)
  }

  /**
   * Adds rules, at any time. The map itself is returned, with a type that knows them.
   *
   * @throws TypeError, RangeError, DuplicateRuleError for a rule that cannot be
   */
  add<const Factory extends RuleFactory>(
    factory: Factory & CheckedConverters<Factory["~spec"], Table>,
  ): RuleMap<readonly [...Made, Factory], Table> {
    this.#add(factory)
    return this as unknown as RuleMap<readonly [...Made, Factory], Table>
  }

  #add(factory: RuleFactory): void {
    if (!isFactory(factory)) {
      const hint = typeof factory === "string" ? " Did you forget rule(...)?" : ""
      throw new TypeError(`In the list of a RuleMap is no rule: ${describe(factory)}.${hint}`)
    }
    for (const rule of factory.getRules()) {
      const bound = new BoundRule(rule, this)
      if (!bound.buildOnly) {
        const duplicate = this.matcher.add(bound)
        if (duplicate) throw new DuplicateRuleError(duplicate.rule, rule)
      }
      this.#rules.push(bound)
      const others = this.#byEndpoint.get(rule.endpoint)
      if (others) others.push(bound)
      else this.#byEndpoint.set(rule.endpoint, [bound])
      this.#sorted = false
    }
  }

  /**
   * Adds converters, for rules that are added from then on. The map itself is returned, with a type that knows them.
   *
   * @throws TypeError for what is no converter
   * @example
   * const urls = new RuleMap().addConverters({ year: { regex: "[0-9]{4}", toValue: Number, toUrl: String } })
   * [...urls.converters.keys()].at(-1) // => "year"
   */
  addConverters<More extends ConverterTable>(converters: More): RuleMap<Made, Merged<Table, More>> {
    this.#addConverters(converters)
    return this as unknown as RuleMap<Made, Merged<Table, More>>
  }

  #addConverters(converters: ConverterTable): void {
    for (const [name, source] of Object.entries(converters)) {
      if (typeof source !== "function" && typeof (source as Partial<Converter> | null)?.toUrl !== "function") {
        throw new TypeError(
          `The converter ${JSON.stringify(name)} is neither a class nor an object with toValue and toUrl`,
        )
      }
      this.converters.set(name, source)
    }
  }

  /**
   * The converter for a placeholder, as the `pieces` of a rule have it: for programs that describe rules. Made once for each
   * different call.
   *
   * @throws TypeError for an unknown name or arguments that it does not take
   * @example
   * new RuleMap().converterFor({ name: "id", converter: "int", arguments: "max=9" }).max // => 9
   */
  converterFor(placeholder: Placeholder): Converter {
    return this.getConverter(placeholder).converter
  }

  /**
   * The same with what matching needs to know of it.
   *
   * @internal
   */
  getConverter(placeholder: Placeholder): ReadyConverter {
    const call = `${placeholder.converter}(${placeholder.arguments})`
    const source = this.converters.get(placeholder.converter)
    if (source === undefined) throw this.#unknown(placeholder)
    let ready = this.#ready.get(call)
    // Another converter may have got the name since.
    if (ready === undefined || ready.source !== source) {
      ready = this.#makeConverter(placeholder, source)
      this.#ready.set(call, ready)
    }
    return ready
  }

  #unknown({ converter, name }: Placeholder): TypeError {
    const instead = this.converters.has(name)
      ? `. Did you mean <${name}:${converter}>?`
      : meant(converter, [...this.converters.keys()])
    return new TypeError(`There is no converter ${JSON.stringify(converter)}${instead}`)
  }

  #makeConverter({ converter: name, arguments: text }: Placeholder, source: ConverterSource): ReadyConverter {
    const args = parseConverterArguments(text)
    let converter: Converter
    if (typeof source === "function") converter = new (source as ConverterClass)(args, this) as Converter
    else if (text === "") converter = source as Converter
    else throw new TypeError(`The converter ${JSON.stringify(name)} takes no arguments`)
    const regex = converter.regex ?? "[^/]+"
    const language = languageOf(regex)
    const partIsolating = converter.partIsolating ?? isPartIsolating(regex)
    return {
      source,
      converter,
      language,
      write: writerOf(converter, language, partIsolating),
      plainKind: plainKindOf(converter, language),
      weight: converter.weight ?? 100,
      partIsolating,
      key: `${this.#classId(source)}${canonical(args)}`,
    }
  }

  #classId(source: ConverterSource): number {
    let id = this.#classIds.get(source)
    if (id === undefined) {
      id = this.#classIds.size
      this.#classIds.set(source, id)
    }
    return id
  }

  /**
   * The rules of an endpoint, or all; in the order of the endpoints' first rules, those that are built first in front.
   *
   * @throws RangeError for an endpoint without rules
   */
  *iterRules(endpoint?: Made[number]["~spec"]["endpoint"]): Iterable<Rule> {
    this.#sort()
    if (endpoint === undefined) {
      for (const rules of this.#byEndpoint.values()) for (const { rule } of rules) yield rule
    } else for (const { rule } of this.#rulesOf(endpoint)) yield rule
  }

  /** The endpoints, in the order of their first rules. */
  endpoints(): Iterable<Made[number]["~spec"]["endpoint"]> {
    return this.#byEndpoint.keys() as Iterable<Made[number]["~spec"]["endpoint"]>
  }

  /**
   * Whether the endpoint has a rule with all these names among its placeholders and defaults.
   *
   * @throws RangeError for an endpoint that has no rule
   */
  isEndpointExpecting(endpoint: Made[number]["~spec"]["endpoint"], ...names: string[]): boolean {
    return this.#rulesOf(endpoint).some((rule) => names.every((name) => rule.arguments.has(name)))
  }

  #rulesOf(endpoint: unknown): readonly BoundRule[] {
    const rules = this.#byEndpoint.get(endpoint)
    if (rules === undefined) throw new RangeError(`There is no endpoint ${endpointName(endpoint)}`)
    return rules
  }

  /**
   * The rules of an endpoint in the order in which building tries them. For MapAdapter.
   *
   * @internal
   */
  boundRules(endpoint: unknown): readonly BoundRule[] {
    this.#sort()
    return this.#byEndpoint.get(endpoint) ?? []
  }

  /** Brings the map up to date after rules were added; matching and building do so by themselves. */
  update(): void {
    this.#sort()
  }

  #sort(): void {
    if (this.#sorted) return
    for (const rules of this.#byEndpoint.values()) {
      if (rules.length === 1) continue
      // Built first: what is no alias, then what takes most values, then what has most defaults.
      rules.sort(
        (a, b) =>
          Number(a.alias) - Number(b.alias) || b.arguments.size - a.arguments.size || b.defaults.size - a.defaults.size,
      )
      for (const [index, rule] of rules.entries()) {
        rule.shorter = rules.slice(0, index).filter((other) => other.providesDefaultsFor(rule))
      }
    }
    this.#sorted = true
  }

  /**
   * Binds the map to a host.
   *
   * @param serverName the host, with its port unless that is the default one; any script, any case
   * @throws BadHost for a name that cannot be one, TypeError for a subdomain in a map that matches hosts
   */
  bind(serverName: string, options: BindOptions = {}): MapAdapter<Made[number]["~spec"], Table> {
    if (this.hostMatching && options.subdomain !== undefined) {
      throw new TypeError("A map that matches hosts has no subdomains")
    }
    if (!this.#sorted) this.#sort()
    return new MapAdapter(this, {
      serverName: asciiServerName(serverName.toLowerCase()),
      scriptName: options.scriptName ?? "/",
      subdomain: options.subdomain ?? (this.hostMatching ? "" : this.defaultSubdomain),
      urlScheme: options.urlScheme ?? "http",
      defaultMethod: options.defaultMethod ?? "GET",
      pathInfo: options.pathInfo ?? "/",
      queryArgs: options.queryArgs,
      queryBytes: undefined,
    })
  }

  /**
   * Binds the map to a request: its host, mount, scheme, method, path and query.
   *
   * @param source an environ, or a request, whose list of trusted hosts is then heeded
   * @throws BadHost for a name that cannot be one, SecurityError for a host that the request does not trust
   */
  bindToEnviron(
    source: Environ | RequestLike,
    options: BindToEnvironOptions = NO_OPTIONS,
  ): MapAdapter<Made[number]["~spec"], Table> {
    const inside = source["environ"]
    const isRequest = typeof inside === "object" && inside !== null
    const environ = (isRequest ? inside : source) as Environ
    const host = this.#asciiHost(isRequest ? (source as RequestLike).host : getHost(environ))
    const scheme = schemeOf(environ)
    let serverName = host
    let subdomain = ""
    if (!this.hostMatching) {
      if (options.serverName !== undefined) serverName = asciiServerName(withoutPort(options.serverName, scheme))
      subdomain = options.subdomain ?? this.#subdomainOf(host, serverName, environ)
    }
    if (!this.#sorted) this.#sort()
    return new MapAdapter(this, {
      serverName,
      scriptName: byteStringToText(environ.SCRIPT_NAME ?? ""),
      subdomain,
      urlScheme: scheme,
      defaultMethod: environ.REQUEST_METHOD ?? "GET",
      pathInfo: byteStringToText(environ.PATH_INFO ?? ""),
      queryArgs: undefined,
      queryBytes: environ.QUERY_STRING ?? "",
      onMatch: environ[ON_MATCH_KEY] as MatchListener | undefined,
    })
  }

  /** Most requests are for the host that the last one was for. */
  #asciiHost(host: string): string {
    if (host === this.#lastHost) return this.#lastAscii
    const ascii = asciiServerName(host.toLowerCase())
    this.#lastHost = host
    this.#lastAscii = ascii
    return ascii
  }

  #subdomainOf(host: string, serverName: string, environ: Environ): string {
    if (host === serverName) return ""
    const [asked, own] = [comparableHost(host), comparableHost(serverName)]
    if (asked === own) return ""
    if (asked.endsWith(`.${own}`)) return asked.slice(0, -own.length - 1)
    if (!this.#warned) {
      this.#warned = true
      environ["wsgi.errors"]?.write(
        `The host ${JSON.stringify(host)} is not below ${JSON.stringify(serverName)}: taken as its default subdomain.\n`,
      )
    }
    return this.defaultSubdomain
  }

  /**
   * The map for people.
   */
  toString(): string {
    return `RuleMap([${[...this.iterRules()].join(", ")}])`
  }

  static {
    // What `console.log` shows.
    setInspection(RuleMap.prototype, RuleMap.prototype.toString)
  }
}

function isFactory(value: unknown): value is RuleFactory {
  return typeof value === "object" && value !== null && typeof (value as Partial<RuleFactory>).getRules === "function"
}

const OPTIONS: OptionNames<RuleMapOptions> = {
  defaultSubdomain: true,
  strictSlashes: true,
  mergeSlashes: true,
  redirectDefaults: true,
  converters: true,
  sortParameters: true,
  sortKey: true,
  hostMatching: true,
  subdomainMatching: true,
}

/** The arguments as a text that is the same for the same arguments. */
function canonical({ positional, named, words }: ConverterArguments): string {
  if (words.length === 0 && named.size === 0) return ""
  return JSON.stringify([positional, words, [...named].sort(([a], [b]) => (a < b ? -1 : 1))])
}

function schemeOf(environ: Environ): string {
  const scheme = environ["wsgi.url_scheme"] ?? "http"
  // In HTTP/2 a handshake has no Upgrade.
  if (environ["wsgi.websocket"] !== undefined) return scheme === "https" || scheme === "wss" ? "wss" : "ws"
  const upgrade = environ["HTTP_UPGRADE"]
  if (typeof upgrade !== "string" || upgrade.toLowerCase() !== "websocket") return scheme
  const connection = environ["HTTP_CONNECTION"]
  if (typeof connection !== "string") return scheme
  if (!connection.split(",").some((token) => token.trim().toLowerCase() === "upgrade")) return scheme
  return scheme === "https" || scheme === "wss" ? "wss" : "ws"
}

function withoutPort(serverName: string, scheme: string): string {
  const port = scheme === "http" || scheme === "ws" ? ":80" : scheme === "https" || scheme === "wss" ? ":443" : ""
  const lower = serverName.toLowerCase()
  return port !== "" && lower.endsWith(port) ? lower.slice(0, -port.length) : lower
}

const NO_OPTIONS: BindToEnvironOptions = Object.freeze({})
const PLAIN_NAME = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?(?::[0-9]*)?$/

/** The name in ASCII, made of one in lower case. The port is no part of it, and not counted in the length of a label. */
function asciiServerName(serverName: string): string {
  if (serverName === "" || PLAIN_NAME.test(serverName)) return serverName
  if (serverName.startsWith("[")) return serverName
  const colon = serverName.indexOf(":")
  const name = colon === -1 ? serverName : serverName.slice(0, colon)
  let ascii: string
  try {
    ascii = hostToAscii(name)
  } catch (cause) {
    throw new BadHost({ cause })
  }
  const labels = ascii.replace(/\.$/, "").split(".")
  if (ascii !== "" && labels.some((label) => label === "" || label.length > 63)) throw new BadHost()
  return colon === -1 ? ascii : `${ascii}${serverName.slice(colon)}`
}
