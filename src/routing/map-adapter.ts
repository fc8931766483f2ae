// A map bound to a host and a mount, for one request or for many: matches paths and builds URLs.
// Every URL it redirects to is absolute, on the host that it was bound to; without a host it is a path.

import { HTTPException } from "../exceptions/http-exception.ts"
import { MethodNotAllowed, NotFound } from "../exceptions/statuses.ts"
import { withoutStack } from "../exceptions/without-stack.ts"
import { comparableHost } from "../http/hosts.ts"
import { percentDecode, percentEncode } from "../http/percent.ts"
import { withOneSlash, withoutFirstSlashes, withoutLastSlashes } from "../http/slashes.ts"
import { byteStringToText } from "../http/urls.ts"
import { type BoundRule, encodeQuery, type GivenValues, givenValue, Refusal } from "./bound-rule.ts"
import { closestRule } from "./closest-rule.ts"
import { quotePath } from "./converters.ts"
import { AllowedMethods, BuildError, RequestRedirect, WebsocketMismatch } from "./errors.ts"
import type { MatchedValues, RuleSpec, ValuesArgument, ValuesFor } from "./inference.ts"
import type { MatchListener } from "./match-listener.ts"
import type { Found, Matcher, Miss } from "./matcher.ts"
import { fillTarget, joinTarget } from "./redirect-target.ts"
import { endpointName, type RedirectAdapter, type Rule } from "./rule.ts"
import type { Values } from "./values.ts"

/** A query: as text without the `?`, as values by name, or as pairs. A list has a pair for each of its members. */
export type QueryArguments = string | Readonly<Record<string, unknown>> | Iterable<readonly [string, unknown]>

/** A rule that matched: its endpoint, the values, and the rule itself. A union that narrows on `endpoint`. */
export type Match<Spec extends RuleSpec = RuleSpec, Table = unknown> = Spec extends RuleSpec
  ? { readonly endpoint: Spec["endpoint"]; readonly values: MatchedValues<Spec, Table>; readonly rule: Rule }
  : never

/** Options of `match`. */
export interface MatchOptions {
  /** In any case. Default: that of the adapter. */
  readonly method?: string | undefined
  /** The query that a redirect keeps. Default: that of the adapter. */
  readonly queryArgs?: QueryArguments | undefined
  /** Whether the request is a WebSocket handshake. Default: as the scheme says. */
  readonly websocket?: boolean | undefined
}

/** Options of `build`. */
export interface BuildOptions {
  /** Only rules with this method. Default: those with the method of the adapter, then any. */
  readonly method?: string | undefined
  /** Whether the URL has scheme and host even where a path would do. Default false. */
  readonly forceExternal?: boolean | undefined
  /** Whether values that the rule does not know go into the query. Default true. */
  readonly appendUnknown?: boolean | undefined
  /** The query, behind the values that go there. A list gives several pairs, `null` and `undefined` no pair. */
  readonly query?: QueryArguments | undefined
  /** The scheme, in place of that of the adapter; empty for URLs that begin with `//`. */
  readonly urlScheme?: string | undefined
}

/** Options of `dispatch`. */
export interface DispatchOptions extends MatchOptions {
  /** The path. Default: that of the adapter. */
  readonly pathInfo?: string | undefined
  /** Whether OPTIONS is answered with AllowedMethods where a rule does not take it. Default false: MethodNotAllowed. */
  readonly automaticOptions?: boolean | undefined
  /** Whether HTTP errors are returned too, those of the view included. Default false: only redirects are. */
  readonly catchHttpExceptions?: boolean | undefined
}

/** What a map tells its adapters. */
export interface AdaptedMap {
  readonly matcher: Matcher
  readonly hostMatching: boolean
  readonly subdomainMatching: boolean
  readonly redirectDefaults: boolean
  readonly sortParameters: boolean
  readonly sortKey: ((pair: readonly [name: string, value: unknown]) => string | number) | undefined
  boundRules(endpoint: unknown): readonly BoundRule[]
  iterRules(): Iterable<Rule>
}

/** What an adapter is bound to. */
export interface Binding {
  readonly serverName: string
  readonly scriptName: string
  readonly subdomain: string
  readonly urlScheme: string
  readonly defaultMethod: string
  readonly pathInfo: string
  readonly queryArgs: QueryArguments | undefined
  /** The query as the bytes of QUERY_STRING, in place of `queryArgs`. */
  readonly queryBytes: string | undefined
  /** Is told of each match. */
  readonly onMatch?: MatchListener | undefined
}

/** A method that no rule names, to find out which methods there are. */
const NO_METHOD = "--"

/**
 * A bound map. Made by `bind` and `bindToEnviron`.
 */
export class MapAdapter<Spec extends RuleSpec = RuleSpec, Table = unknown> {
  /** The map. */
  readonly map: AdaptedMap
  /** The host, with its port unless that is the default one. */
  readonly serverName: string
  /** The mount, decoded, with slashes at both ends. */
  readonly scriptName: string
  /** The subdomain of the host below `serverName`; empty where there is none. */
  readonly subdomain: string
  /** The scheme; may be empty. */
  readonly urlScheme: string
  /** The default method. */
  readonly defaultMethod: string
  /** The default path. */
  readonly pathInfo: string
  /** Whether the scheme is that of WebSockets. */
  readonly websocket: boolean
  /** What the map looks for: the host where hosts are matched, the subdomain where these count, or nothing. */
  readonly domain: string
  #queryArgs: QueryArguments | undefined
  #queryBytes: string | undefined
  readonly #onMatch: MatchListener | undefined

  /** @internal */
  constructor(map: AdaptedMap, binding: Binding) {
    this.map = map
    this.serverName = binding.serverName
    const mount = binding.scriptName
    this.scriptName = mount === "" || mount === "/" ? "/" : withSlashes(mount)
    this.subdomain = binding.subdomain
    this.urlScheme = binding.urlScheme
    this.defaultMethod = capitals(binding.defaultMethod)
    this.pathInfo = binding.pathInfo
    this.#queryArgs = binding.queryArgs
    this.#queryBytes = binding.queryBytes
    this.#onMatch = binding.onMatch
    this.websocket = binding.urlScheme === "ws" || binding.urlScheme === "wss"
    this.domain = map.hostMatching ? comparableHost(binding.serverName) : map.subdomainMatching ? binding.subdomain : ""
  }

  /** The default query. Read when asked for: only redirects need it. */
  get queryArgs(): QueryArguments | undefined {
    if (this.#queryBytes !== undefined) {
      this.#queryArgs = byteStringToText(this.#queryBytes)
      this.#queryBytes = undefined
    }
    return this.#queryArgs
  }

  /**
   * The rule for a path, with its values.
   *
   * @param path decoded; by default that of the adapter
   * @throws NotFound, MethodNotAllowed with the methods of all rules that match the path, RequestRedirect to the URL that
   *   should have been asked for, WebsocketMismatch
   */
  match(path: string = this.pathInfo, options: MatchOptions = NO_OPTIONS): Match<Spec, Table> {
    const method = options.method === undefined ? this.defaultMethod : capitals(options.method)
    const outcome = this.#find(path, method, options.websocket)
    if (outcome.rule === undefined) throw this.#errorOf(outcome, options)
    const { rule, values } = outcome
    this.#onMatch?.(rule.rule, this.scriptName)
    const redirect = rule.mayRedirect ? this.#redirectOf(outcome, method, options.queryArgs) : undefined
    if (redirect !== undefined) throw withoutStack(() => new RequestRedirect(redirect))
    return { endpoint: rule.endpoint, values, rule: rule.rule } as unknown as Match<Spec, Table>
  }

  #find(path: string, method: string, websocket: boolean | undefined): Found | Miss {
    return this.map.matcher.match(this.domain, path && withOneSlash(path), method, websocket ?? this.websocket)
  }

  #errorOf(miss: Miss, { queryArgs, websocket: isHandshake = this.websocket }: MatchOptions): HTTPException {
    if (miss.redirect !== undefined) {
      const target = this.makeRedirectUrl(quotePath(miss.redirect), { queryArgs })
      return withoutStack(() => new RequestRedirect(target))
    }
    if (miss.methods.size > 0) return withoutStack(() => new MethodNotAllowed(miss.methods))
    return withoutStack(() => (miss.websocketMismatch ? new WebsocketMismatch(!isHandshake) : new NotFound()))
  }

  /** What a match leads to when the URL should have been another one. */
  #redirectOf({ rule, values }: Found, method: string, queryArgs: QueryArguments | undefined): string | undefined {
    if (rule.alias && this.map.redirectDefaults) {
      const target = this.makeAliasRedirectUrl(rule, values, method, queryArgs)
      if (target !== undefined) return target
    }
    if (rule.shorter.length > 0 && this.map.redirectDefaults) {
      const target = this.getDefaultRedirect(rule, values, method, queryArgs)
      if (target !== undefined) return target
    }
    return rule.redirectTo === undefined ? undefined : this.#moved(rule, values, queryArgs)
  }

  #moved(rule: BoundRule, values: Values, queryArgs: QueryArguments | undefined): string {
    const { redirectTo } = rule
    const base = { scheme: this.urlScheme || "http", host: this.getHost(), root: quotePath(this.scriptName) }
    const query = this.encodeQueryArgs(queryArgs ?? this.queryArgs)
    if (typeof redirectTo !== "string") {
      const target = redirectTo?.(this as unknown as RedirectAdapter, values) ?? ""
      return joinTarget(base, target, target, query)
    }
    return joinTarget(
      base,
      redirectTo,
      fillTarget(redirectTo, (name) => rule.toUrl(name, values[name])),
      query,
    )
  }

  /**
   * Matches and calls the view. A redirect and the answer to OPTIONS are returned, not thrown, and so are HTTP errors with
   * `catchHttpExceptions`, those of an asynchronous view included.
   */
  dispatch<Result>(
    view: (match: Match<Spec, Table>) => Result,
    options: DispatchOptions = NO_OPTIONS,
  ): Result | HTTPException {
    const caught = (error: unknown): HTTPException => {
      if (options.catchHttpExceptions && error instanceof HTTPException) return error
      throw error
    }
    let match: Match<Spec, Table>
    try {
      match = options.automaticOptions
        ? matchOrAllow(this, options.pathInfo, options)
        : this.match(options.pathInfo, options)
    } catch (error) {
      return error instanceof RequestRedirect || error instanceof AllowedMethods ? error : caught(error)
    }
    try {
      const result = view(match)
      return result instanceof Promise ? (result.catch(caught) as Result) : result
    } catch (error) {
      return caught(error)
    }
  }

  /**
   * Whether something is there for the path and method; a redirect counts.
   */
  test(path?: string, method?: string): boolean {
    const asked = method === undefined ? this.defaultMethod : capitals(method)
    const outcome = this.#find(path ?? this.pathInfo, asked, undefined)
    return outcome.rule !== undefined || outcome.redirect !== undefined
  }

  /**
   * The methods of all rules that match the path, for the `Allow` of an answer to OPTIONS. Empty when nothing matches,
   * and when a rule takes any method.
   */
  allowedMethods(path?: string): string[] {
    const outcome = this.#find(path ?? this.pathInfo, NO_METHOD, undefined)
    return outcome.rule === undefined ? [...outcome.methods] : []
  }

  /**
   * The URL of an endpoint: a path where that leads there, otherwise with scheme and host. What the rule does not know
   * goes into the query: a list as several pairs, `null` and `undefined` not at all.
   *
   * What is built leads back: `match` gives that endpoint and those values for it.
   *
   * @param rest the values by name, or as pairs, where a name that comes more than once has a list
   * @throws BuildError when no rule of the endpoint takes the values
   */
  build<const Endpoint extends Spec["endpoint"]>(
    endpoint: Endpoint,
    ...rest: ValuesArgument<ValuesFor<Spec, Table, Endpoint>, BuildOptions>
  ): string
  build(endpoint: unknown, given: ValuesInput = NO_OPTIONS, options?: BuildOptions): string {
    const isPairs = typeof (given as Partial<Pairs>)[Symbol.iterator] === "function"
    if (options === undefined && !isPairs) {
      const rules = this.map.boundRules(endpoint)
      if (rules.length === 1) {
        const path = this.#buildSimply(rules[0] as BoundRule, given as GivenValues)
        if (path !== undefined) return path
      }
    }
    return this.#buildWith(endpoint, given, isPairs ? valuesOf(given as Pairs) : undefined, options ?? NO_OPTIONS)
  }

  /** What most URLs are: a path, with the values that it needs. */
  #buildSimply(rule: BoundRule, values: GivenValues): string | undefined {
    if (!rule.isSimple || this.map.hostMatching || (this.map.subdomainMatching && rule.domain !== this.domain))
      return undefined
    if (hasOthers(values, rule) || this.map.matcher.isContested(rule)) return undefined
    const path = rule.buildPath(values)
    return typeof path === "string" ? this.#root + path : undefined
  }

  #buildWith(
    endpoint: unknown,
    given: ValuesInput,
    pairs: ReadonlyMap<string, unknown> | undefined,
    options: BuildOptions,
  ): string {
    const values = pairs === undefined ? (given as GivenValues) : recordOf(pairs)
    const method = options.method === undefined ? undefined : capitals(options.method)
    const built = this.#build(endpoint, values, method)
    if (built === undefined || built instanceof Refusal) throw this.#buildError(endpoint, values, method, built)
    const { rule, domain } = built
    const path = this.#root + this.#withQuery(built, values, pairs, options)
    const isHere = domain === undefined || domain === this.domain
    if (isHere && !options.forceExternal && !rule.websocket) return path
    const asked = options.urlScheme ?? this.urlScheme
    const secure = asked === "https" || asked === "wss"
    const scheme = rule.websocket ? (secure ? "wss" : "ws") : asked === "" ? "" : secure ? "https" : "http"
    return this.#absolute(scheme, this.getHost(domain), path)
  }

  #buildError(endpoint: unknown, values: GivenValues, method: string | undefined, refusal?: Refusal): BuildError {
    const names = Object.keys(values).filter((name) => givenValue(values, name) !== undefined)
    const suggested = closestRule(this.map.iterRules(), endpoint, names, method)
    const given = new Map(names.map((name) => [name, values[name]]))
    return new BuildError(endpoint, given, method, suggested, refusal)
  }

  #withQuery(
    { rule, path }: Built,
    values: GivenValues,
    pairs: ReadonlyMap<string, unknown> | undefined,
    { appendUnknown = true, query }: BuildOptions,
  ): string {
    let text = ""
    if (appendUnknown && hasOthers(values, rule)) {
      const others = [...(pairs ?? Object.entries(values))].filter(([name]) => !rule.arguments.has(name))
      text = encodeQuery(others, this.map)
    }
    if (query !== undefined) {
      const more = this.encodeQueryArgs(query)
      text += text !== "" && more !== "" ? `&${more}` : more
    }
    return text === "" ? path : `${path}?${text}`
  }

  /** The first rule that can be built, or why the last one that has all its values can not. */
  #build(endpoint: unknown, values: GivenValues, method: string | undefined): Built | Refusal | undefined {
    const rules = this.map.boundRules(endpoint)
    // The method of the request comes first, then any.
    let built = this.#buildOneOf(rules, values, method ?? this.defaultMethod, method)
    if (method === undefined && (built === undefined || built instanceof Refusal)) {
      built = this.#buildOneOf(rules, values, undefined, undefined) ?? built
    }
    return built
  }

  #buildOneOf(
    rules: readonly BoundRule[],
    values: GivenValues,
    needed: string | undefined,
    method: string | undefined,
  ): Built | Refusal | undefined {
    let refusal: Refusal | undefined
    let elsewhere: Built | undefined
    for (const rule of rules) {
      if (!rule.suitableFor(values, needed)) continue
      const built = this.#buildRule(rule, values, method)
      if (built instanceof Refusal) refusal = built
      else if (!this.map.hostMatching || built.domain === this.domain) return built
      else elsewhere ??= built
    }
    return elsewhere ?? refusal
  }

  #buildRule(rule: BoundRule, values: GivenValues, method: string | undefined): Built | Refusal {
    const path = rule.buildPath(values)
    if (typeof path !== "string") return path
    const domain = this.map.hostMatching || this.map.subdomainMatching ? rule.buildDomain(values) : undefined
    if (domain instanceof Refusal) return domain
    const refusal =
      rule.isAmbiguous || this.map.matcher.isContested(rule)
        ? this.#astray(rule, domain ?? "", path, values, method)
        : undefined
    return refusal ?? { rule, domain, path }
  }

  /** Why the URL does not lead back to the values; `undefined` when it does. */
  #astray(
    rule: BoundRule,
    domain: string,
    path: string,
    values: GivenValues,
    method: string | undefined,
  ): Refusal | undefined {
    if (rule.buildOnly) return undefined
    const asked = method ?? (rule.takes(this.defaultMethod) ? this.defaultMethod : ([...(rule.methods ?? [])][0] ?? ""))
    const decoded = percentDecode(path, undefined, "replace")
    const found = this.map.matcher.match(domain, withOneSlash(decoded), asked, rule.websocket)
    if (found.rule !== undefined && rule.readsAs(found.rule, found.values, values)) return undefined
    const url = JSON.stringify(path)
    if (found.rule?.endpoint === rule.endpoint) return new Refusal(`Other values would be read from ${url}.`)
    const other = found.rule === undefined ? "another URL" : `the endpoint ${endpointName(found.rule.endpoint)}`
    return new Refusal(`The URL ${url} leads to ${other}.`)
  }

  /** The mount as a path without a slash at its end, quoted. */
  get #root(): string {
    return this.scriptName === "/" ? "" : quotePath(this.scriptName.slice(0, -1))
  }

  /** Without a host there is only the path: behind `http://` its first segment would be taken for one. */
  #absolute(scheme: string, host: string, path: string): string {
    if (host === "") return `/${withoutFirstSlashes(path)}`
    return `${scheme === "" ? "" : `${scheme}:`}//${host}${path}`
  }

  /**
   * The host for what a rule says about its domain; without that, the one that the adapter is bound to.
   */
  getHost(domain?: string): string {
    if (this.map.hostMatching) return domain ?? this.serverName
    const subdomain = domain ?? this.subdomain
    // Without a host there is no subdomain.
    if (this.serverName === "") return ""
    return subdomain === "" ? this.serverName : `${subdomain}.${this.serverName}`
  }

  /**
   * The query as text. With the map's `sortParameters` its pairs are sorted.
   */
  encodeQueryArgs(queryArgs: QueryArguments | undefined): string {
    if (queryArgs === undefined) return ""
    if (typeof queryArgs === "string") return percentEncode(queryArgs, "!$&'()*+,/:;=@?%")
    return encodeQuery(
      Symbol.iterator in queryArgs ? (queryArgs as Iterable<[string, unknown]>) : Object.entries(queryArgs),
      this.map,
    )
  }

  /**
   * The absolute URL of a path below the mount. Slashes at its start are one.
   *
   * @param path quoted
   */
  makeRedirectUrl(path: string, options: RedirectUrlOptions = NO_OPTIONS): string {
    const query = this.encodeQueryArgs(options.queryArgs ?? this.queryArgs)
    const target = `${this.#root}/${withoutFirstSlashes(path)}${query === "" ? "" : `?${query}`}`
    return this.#absolute(this.urlScheme || "http", this.getHost(options.domain), target)
  }

  /** The URL of a rule that says the same as this one with fewer values, if the values are its defaults. */
  getDefaultRedirect(rule: BoundRule, values: Values, method: string, queryArgs?: QueryArguments): string | undefined {
    for (const other of rule.shorter) {
      if (!other.suitableFor(values, method)) continue
      const built = this.#buildRule(other, values, method)
      if (!(built instanceof Refusal)) return this.makeRedirectUrl(built.path, { queryArgs, domain: built.domain })
    }
    return undefined
  }

  /** The URL that an alias stands for; `undefined` when the endpoint has only aliases for this method. */
  makeAliasRedirectUrl(
    rule: BoundRule,
    values: Values,
    method: string,
    queryArgs?: QueryArguments,
  ): string | undefined {
    const built = this.#build(rule.endpoint, values, method)
    if (built === undefined || built instanceof Refusal || built.rule.alias) return undefined
    return this.makeRedirectUrl(built.path, { queryArgs, domain: built.domain })
  }
}

/** Options of `makeRedirectUrl`. */
export interface RedirectUrlOptions {
  /** The query. Default: that of the adapter. */
  readonly queryArgs?: QueryArguments | undefined
  /** The subdomain, or the host in a map that matches hosts. Default: where the adapter is bound to. */
  readonly domain?: string | undefined
}

const NO_OPTIONS = Object.freeze({})

/**
 * `match`, where OPTIONS is answered for rules that do not take it.
 *
 * @throws what `match` throws; AllowedMethods for OPTIONS in place of MethodNotAllowed, which has OPTIONS among its methods
 */
export function matchOrAllow<Spec extends RuleSpec, Table>(
  at: MapAdapter<Spec, Table>,
  path: string | undefined,
  options: MatchOptions,
): Match<Spec, Table> {
  try {
    return at.match(path, options)
  } catch (error) {
    if (!(error instanceof MethodNotAllowed)) throw error
    const methods = new Set(error.validMethods).add("OPTIONS")
    const method = capitals(options.method ?? at.defaultMethod)
    throw method === "OPTIONS" ? new AllowedMethods(methods) : new MethodNotAllowed(methods)
  }
}

/** A URL in the making: its rule, its host or subdomain, and its path below the mount. */
interface Built {
  readonly rule: BoundRule
  readonly domain: string | undefined
  readonly path: string
}

type Pairs = Iterable<readonly [string, unknown]>
type ValuesInput = GivenValues | Pairs

/** Pairs by name, in order; a name that comes more than once has a list. */
function valuesOf(given: Pairs): Map<string, unknown> {
  const lists = new Map<string, unknown[]>()
  for (const [name, value] of given) {
    const list = lists.get(name)
    if (list) list.push(value)
    else lists.set(name, [value])
  }
  return new Map(Array.from(lists, ([name, list]) => [name, list.length === 1 ? list[0] : list]))
}

function recordOf(pairs: ReadonlyMap<string, unknown>): GivenValues {
  const record: Record<string, unknown> = Object.create(null)
  for (const [name, value] of pairs) record[name] = value
  return record
}

/** Whether there are more values than the rule needs; they are told by their number, which takes no look at the names. */
function hasOthers(values: GivenValues, rule: BoundRule): boolean {
  let count = 0
  for (const _ in values) count++
  return count > rule.needed.length
}

/** Methods in capitals are the usual case. */
function capitals(method: string): string {
  return method === "GET" || method === "POST" ? method : method.toUpperCase()
}

function withSlashes(path: string): string {
  const inner = withoutLastSlashes(withoutFirstSlashes(path))
  return inner === "" ? "/" : `/${inner}/`
}
