// Routes as an object: each rule has a place in it, which editors can follow and rename. A thin layer over a RuleMap, whose
// endpoints are the names on the way to a rule, joined by dots. Building and matching are the map's.

import type { Environ } from "../gateway.ts"
import { percentDecode } from "../http/percent.ts"
import { withOneSlash } from "../http/slashes.ts"
import { splitUrl } from "../http/urls.ts"
import { describe } from "../mistakes/describe.ts"
import { meant } from "../mistakes/options.ts"
import { BuildError } from "./errors.ts"
import type { ConverterTable, Facts, MatchedValues, Nothing, OwnValues, RuleSpec, ValuesArgument } from "./inference.ts"
import { type BuildOptions, MapAdapter, type MatchOptions, type QueryArguments } from "./map-adapter.ts"
import { RouteText, type RouteTree } from "./route-tree.ts"
import { Rule, type RuleFactory } from "./rule.ts"
import { type RequestLike, RuleMap, type RuleMapOptions } from "./rule-map.ts"
import type { CheckedConverters, CheckedText } from "./text-mistakes.ts"

/** What a route is bound to: a bound map, or the request or environ to bind it to. */
export type RouteBinding = MapAdapter | RequestLike | Environ

/** Options of a route's `build`. */
export interface RouteBuildOptions extends Omit<BuildOptions, "appendUnknown"> {
  /** The query: values by name, pairs, or text. A list gives several pairs, `null` and `undefined` no pair. */
  readonly query?: QueryArguments | undefined
  /** The request to which the URL is an answer, or a bound map: for the mount, and for hosts. Default: no mount, no host. */
  readonly at?: RouteBinding | undefined
}

/**
 * One of the routes that `routes` makes.
 *
 * @example
 * const urls = routes({ blog: { show: "/blog/<slug>" } })
 * urls.blog.show.build({ slug: "a b" }) // => "/blog/a%20b"
 * urls.blog.show.build({ slug: "x" }, { query: { page: 2 } }) // => "/blog/x?page=2"
 * urls.blog.show.match("/blog/x")?.slug // => "x"
 * urls.blog.show.match("/users") // => undefined
 * String(urls.blog.show) // => "/blog/<slug>"
 */
export class Route<Spec extends RuleSpec = RuleSpec, Table = unknown> {
  /** For the compiler only; there is no such member at run time. */
  declare readonly "~spec": Spec
  /** For the compiler only; there is no such member at run time. */
  declare readonly "~table": Table
  /** The names on the way here, joined by dots: the endpoint of the map. */
  readonly endpoint: Spec["endpoint"]
  /** The rule, as the map has it. */
  readonly rule: Rule
  readonly #map: RuleMap
  /** The map without a host and a mount. */
  #unbound: MapAdapter | undefined = undefined

  constructor(rule: Rule, map: RuleMap) {
    this.endpoint = rule.endpoint
    this.rule = rule
    this.#map = map
  }

  /**
   * The URL: a path, or with scheme and host where only that leads there. What is built leads back to the values.
   *
   * @param rest the values of the placeholders, and no others; the query is an option
   * @throws BuildError for a value that is missing, unknown, or not taken by its placeholder, and for a route on another
   *   subdomain without `at`
   */
  build(...rest: ValuesArgument<OwnValues<Spec, Table>, RouteBuildOptions>): string {
    const [values = {}, options] = rest as [values?: Record<string, unknown>, options?: RouteBuildOptions]
    for (const name in values) {
      if (!this.rule.arguments.has(name)) throw this.#refuse(values, this.#unknown(name))
    }
    if (options?.at === undefined && this.#isElsewhere) {
      throw this.#refuse(values, "It is on a subdomain: tell of which host, in { at: request }.")
    }
    const at = this.#bind(options?.at) as { build(endpoint: unknown, values: object, options?: BuildOptions): string }
    return at.build(this.endpoint, values, options)
  }

  /**
   * The values, if this is the route of a request or a URL; otherwise `undefined`, as for a URL that would be redirected here.
   *
   * @param target a request, an environ, a bound map, or a URL as `build` writes it
   */
  match(target: RouteBinding | string, options: MatchOptions = {}): MatchedValues<Spec, Table> | undefined {
    const { matcher } = this.#map
    let at: MapAdapter
    let [domain, path] = ["", ""]
    if (typeof target === "string") {
      at = this.#bind(undefined)
      const pieces = splitUrl(target)
      path = percentDecode(pieces.path, undefined, "replace")
      domain = this.#map.hostMatching ? (pieces.authority ?? "") : this.#ownDomain
    } else {
      at = this.#bind(target)
      path = at.pathInfo
      domain = at.domain
    }
    const method = options.method?.toUpperCase() ?? this.#methodAt(at, typeof target === "string")
    const websocket = options.websocket ?? (typeof target === "string" ? this.rule.websocket : at.websocket)
    const found = matcher.match(domain, path && withOneSlash(path), method, websocket)
    if (found.rule === undefined || found.rule.rule !== this.rule) return undefined
    return found.values as MatchedValues<Spec, Table>
  }

  /** A URL has no method: any that the route takes will do. */
  #methodAt(at: MapAdapter, isUrl: boolean): string {
    const { methods } = this.rule
    return isUrl && methods !== undefined && !methods.has("GET") ? ([...methods][0] ?? "GET") : at.defaultMethod
  }

  get #ownDomain(): string {
    return this.#map.subdomainMatching ? (this.rule.subdomain ?? this.#map.defaultSubdomain) : ""
  }

  get #isElsewhere(): boolean {
    return this.#map.subdomainMatching && this.#ownDomain !== this.#map.defaultSubdomain
  }

  #bind(at: RouteBinding | undefined): MapAdapter {
    if (at === undefined) {
      this.#unbound ??= this.#map.bind("") as MapAdapter
      return this.#unbound
    }
    return at instanceof MapAdapter ? at : (this.#map.bindToEnviron(at) as MapAdapter)
  }

  #unknown(name: string): string {
    const known = [...this.rule.arguments]
    const instead = known.length === 0 ? "" : meant(name, known)
    return `The route ${JSON.stringify(this.rule.rule)} has no placeholder <${name}>${instead || "."} What belongs into the query is an option: { query }.`
  }

  #refuse(values: Record<string, unknown>, reason: string): BuildError {
    return new BuildError(this.endpoint, new Map(Object.entries(values)), undefined, this.rule, { reason })
  }

  /** The text of the rule. */
  toString(): string {
    return this.rule.rule
  }
}

type NameIn<Prefix extends string, Name> = Prefix extends "" ? Name & string : `${Prefix}.${Name & string}`

/** The routes of a tree, in the same places. */
export type Routes<Tree, Table = Nothing, Prefix extends string = ""> = {
  readonly [Name in keyof Tree]: Tree[Name] extends string
    ? Route<Facts<Tree[Name], "", NameIn<Prefix, Name>, never>, Table>
    : Tree[Name] extends RouteText<infer Spec>
      ? Route<Facts<Spec["path"], Spec["domain"], NameIn<Prefix, Name>, Spec["defaults"]>, Table>
      : Routes<Tree[Name], Table, NameIn<Prefix, Name>>
}

/** The specs of all routes. */
type SpecsIn<Made> = {
  [Name in keyof Made]: Made[Name] extends Route<infer Spec, infer _> ? Spec : SpecsIn<Made[Name]>
}[keyof Made]

/** The converters of the routes. */
type TableIn<Made> = {
  [Name in keyof Made]: Made[Name] extends Route<infer _, infer Table> ? Table : TableIn<Made[Name]>
}[keyof Made]

/** The map of routes, by what they are called. */
export type MapOf<Made> = RuleMap<
  readonly RuleFactory<Extract<SpecsIn<Made>, RuleSpec>>[],
  Extract<TableIn<Made>, ConverterTable>
>

/** Nothing more for a tree whose texts can be right; a mistake stands where its text does. */
type CheckedTree<Tree, Table> = {
  readonly [Name in keyof Tree]: Tree[Name] extends string
    ? CheckedText<Tree[Name]> & CheckedConverters<Facts<Tree[Name], "", "", never>, Table>
    : Tree[Name] extends RouteText<infer Spec>
      ? CheckedConverters<Spec, Table>
      : CheckedTree<Tree[Name], Table>
}

const maps = new WeakMap<object, RuleMap>()

/**
 * Routes as an object: texts of rules under names, and the same names lead to routes, which build and match.
 *
 *     const urls = routes({
 *       home: "/",
 *       blog: { index: "/blog/", show: "/blog/<slug>" },
 *       contact: form("contact"),
 *       users: resources("users", { only: ["index", "show"] }),
 *     })
 *     urls.blog.show.build({ slug: "spring" }) // "/blog/spring"
 *
 * @param tree names may be any but those that have a dot in them
 * @param options those of the map that is made, its `converters` among them; `mapOf` gives that map
 * @throws TypeError, RangeError, DuplicateRuleError for rules that cannot be
 */
export function routes<const Tree extends RouteTree, Table extends ConverterTable = Nothing>(
  tree: Tree & CheckedTree<Tree, Table>,
  options: RuleMapOptions<Table> = {},
): Routes<Tree, Table> {
  const map = new RuleMap([], options) as unknown as RuleMap
  const made = routesOf(tree, "", map)
  maps.set(made, map)
  return made as Routes<Tree, Table>
}

function routesOf(tree: RouteTree, prefix: string, map: RuleMap): object {
  const made: Record<string, unknown> = Object.create(null)
  for (const name of Object.keys(tree)) {
    const value = tree[name]
    const place = `${prefix}${name}`
    if (name === "" || name.includes(".")) {
      throw new TypeError(`A route's name is not empty and has no dot: ${JSON.stringify(place)}`)
    }
    if (typeof value === "string" || value instanceof RouteText) {
      const { rule: text, options } = typeof value === "string" ? new RouteText(value) : value
      const rule = new Rule(text, place, options)
      map.add(rule as never)
      made[name] = new Route(rule, map)
    } else if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Rule)) {
      made[name] = routesOf(value, `${place}.`, map)
    } else {
      throw new TypeError(
        `At ${JSON.stringify(place)} is no route but ${describe(value)}: write a text, route(text, options), or an object of them`,
      )
    }
  }
  return Object.freeze(made)
}

/**
 * The map of routes: to be bound to requests, looked into and printed. Its endpoints are the names, joined by dots.
 *
 * @throws TypeError for what `routes` has not made; a part of it has no map of its own
 * @example
 * const urls = routes({ blog: { show: "/blog/<slug>" } })
 * mapOf(urls).bind("example.com").match("/blog/x").endpoint // => "blog.show"
 */
export function mapOf<Made extends object>(urls: Made): MapOf<Made> {
  const map = findMap(urls)
  if (map === undefined) throw new TypeError(`Only what routes(...) has made has a map, not ${describe(urls)}`)
  return map as unknown as MapOf<Made>
}

/** The map of what `routes` has made; `undefined` for anything else. */
export function findMap(urls: unknown): RuleMap | undefined {
  return typeof urls === "object" && urls !== null ? maps.get(urls) : undefined
}
