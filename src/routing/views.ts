// From a request to the view of its route, and what may stand around a view. A view is a function of the request, the values of
// the match and the bound map; it may return any value. Knows no Request and no Response: an object that tells an environ and a
// host is a request.

import { describe, isPlainObject } from "../mistakes/describe.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { isThenable } from "../thenable.ts"
import type { ConverterTable, MatchedValues, RuleSpec } from "./inference.ts"
import { type MapAdapter, matchOrAllow } from "./map-adapter.ts"
import { findMap, Route } from "./routes.ts"
import { endpointName, type RuleFactory } from "./rule.ts"
import { type RequestLike, RuleMap } from "./rule-map.ts"
import type { Mistake } from "./text-mistakes.ts"

/** Options of `views`. */
export interface ViewsOptions {
  /**
   * Whether OPTIONS is answered for routes that do not take it themselves: 200 with the methods in `Allow`, which then has
   * OPTIONS too. Default false: 405.
   */
  readonly automaticOptions?: boolean | undefined
}

/** A view: takes a request, the values of its route, and the map bound to the request; gives an answer. */
export type RouteView<Req, Values, Result> = (request: Req, values: Values, at: MapAdapter) => Result

/** A view for each route of a tree, under the same names. What it takes for a request has to be written down. */
export type ViewTree<Made> = {
  readonly [Name in keyof Made]: Made[Name] extends Route<infer Spec, infer Table>
    ? RouteView<never, MatchedValues<Spec, Table>, unknown>
    : ViewTree<Made[Name]>
}

// biome-ignore lint/suspicious/noExplicitAny: any request, any values
type AnyView = (request: any, values: any, at: any) => unknown

/** All views of a tree. */
type ViewsIn<Tree> = { [Name in keyof Tree]: Tree[Name] extends AnyView ? Tree[Name] : ViewsIn<Tree[Name]> }[keyof Tree]

/** The rules whose endpoints are no views of their values. */
type Misfit<Spec extends RuleSpec, Table> = Spec extends RuleSpec
  ? // biome-ignore lint/suspicious/noExplicitAny: the request is looked at elsewhere
    Spec["endpoint"] extends (request: any, values: MatchedValues<Spec, Table>, at: any) => unknown
    ? never
    : Spec["path"]
  : never

/** Nothing more for a map whose endpoints are views of their values. */
export type CheckedViews<Spec extends RuleSpec, Table> = [Misfit<Spec, Table>] extends [never]
  ? unknown
  : Mistake<`The endpoint of "${Misfit<Spec, Table>}" is no view of its values: (request, values) => response`>

/** What all of the views take for a request. */
// biome-ignore lint/suspicious/noExplicitAny: the values are looked at elsewhere
type RequestOf<View> = [View] extends [(request: infer Req, values: any, at: any) => unknown] ? Req : never
type ResultOf<View> = View extends (...args: never[]) => infer Result ? Result : never

type ViewFunction = (request: RequestLike, values: object, at: MapAdapter) => unknown

/**
 * The view of a whole map: it finds the rule of a request and calls the view that belongs to it. The views are the endpoints
 * of a RuleMap, or stand in an object beside the `routes`.
 *
 *     const urls = routes({ home: "/", blog: { show: "/blog/<slug>" } })
 *     const view = views(urls, {
 *       home: () => new Response("Hello"),
 *       blog: { show: (request: Request, { slug }) => new Response(slug) },
 *     })
 *     export const app = Request.application(view)
 *
 * What it gives is a function of a request again, so what is for all views is composed around it: `before`, `after`, or a
 * function of one's own.
 *
 * @throws TypeError where a view is missing, or is no function. When called, what `match` throws: NotFound, MethodNotAllowed, ...
 *   and AllowedMethods with `automaticOptions`
 */
export function views<const Made extends readonly RuleFactory[], Table extends ConverterTable>(
  urls: RuleMap<Made, Table> & CheckedViews<Made[number]["~spec"], Table>,
  options?: ViewsOptions,
): (request: RequestOf<Made[number]["~spec"]["endpoint"]> & RequestLike) => ResultOf<Made[number]["~spec"]["endpoint"]>
export function views<Made extends object, Tree extends ViewTree<Made>>(
  urls: Made,
  tree: Tree,
  options?: ViewsOptions,
): (request: RequestOf<ViewsIn<Tree>> & RequestLike) => ResultOf<ViewsIn<Tree>>
export function views(
  urls: RuleMap | object,
  second?: object,
  third?: ViewsOptions,
): (request: RequestLike) => unknown {
  const isMap = urls instanceof RuleMap
  const map = isMap ? (urls as RuleMap) : findMap(urls)
  if (map === undefined)
    throw new TypeError(`views takes a RuleMap, or what routes(...) has made, not ${describe(urls)}`)
  const options = (isMap ? second : third) as ViewsOptions | undefined
  checkOptions("views", options, OPTIONS)
  const viewOf = isMap ? viewOfEndpoint : viewsUnder(urls, second)
  // Each is looked at now: a view that is missing shows when the application starts.
  if (isMap) for (const endpoint of map.endpoints()) viewOfEndpoint(endpoint)
  const automatic = options?.automaticOptions === true
  return (request) => {
    const at = map.bindToEnviron(request) as MapAdapter
    const match = automatic ? matchOrAllow(at, undefined, NO_OPTIONS) : at.match()
    return viewOf(match.endpoint)(request, match.values, at)
  }
}

const OPTIONS: OptionNames<ViewsOptions> = { automaticOptions: true }
const NO_OPTIONS = Object.freeze({})

function viewOfEndpoint(endpoint: unknown): ViewFunction {
  if (typeof endpoint !== "function") {
    throw new TypeError(
      `The endpoint ${endpointName(endpoint)} is no view: write rule(text, (request, values) => response)`,
    )
  }
  return endpoint as ViewFunction
}

/** The views of a tree, by the endpoints of its routes. */
function viewsUnder(urls: object, tree: unknown): (endpoint: unknown) => ViewFunction {
  const found = new Map<unknown, ViewFunction>()
  const collect = (routes: object, views: unknown, place: string): void => {
    if (!isPlainObject(views))
      throw new TypeError(`Views stand in an object, not in ${describe(views)}${place && ` at ${place}`}`)
    const given = views as Record<string, unknown>
    for (const name of Object.keys(given)) {
      if (!Object.hasOwn(routes, name)) throw new TypeError(`There is no route for the view ${place}${name}`)
    }
    for (const [name, route] of Object.entries(routes)) {
      const view = Object.hasOwn(given, name) ? given[name] : undefined
      if (!(route instanceof Route)) collect(route as object, view ?? {}, `${place}${name}.`)
      else if (typeof view === "function") found.set(route.endpoint, view as ViewFunction)
      else throw new TypeError(`The view ${place}${name} is ${view === undefined ? "missing" : describe(view)}`)
    }
  }
  collect(urls, tree, "")
  return (endpoint) => found.get(endpoint) as ViewFunction
}

// biome-ignore lint/suspicious/noConfusingVoidType: what a function without a return gives
type Nothing = undefined | void
type Hooked<Result, Early> =
  Early extends PromiseLike<infer Settled>
    ? Promise<Awaited<Result> | Exclude<Settled, Nothing>>
    : Result | Exclude<Early, Nothing>

/**
 * The view with something in front of it: what the hook returns is the answer, and without that the view is called.
 * Both take the same arguments. A hook may be asynchronous.
 *
 *     const view = before(views(urls), (request) => (request.authorization ? undefined : redirect("/login")))
 */
export function before<Args extends unknown[], Result, Early>(
  view: (...args: Args) => Result,
  hook: (...args: Args) => Early,
): (...args: Args) => Hooked<Result, Early> {
  return (...args) => {
    const early = hook(...args)
    if (!isThenable(early)) return (early === undefined ? view(...args) : early) as Hooked<Result, Early>
    return early.then((settled: unknown) => (settled === undefined ? view(...args) : settled)) as Hooked<Result, Early>
  }
}

/**
 * The view with something behind it: the hook gets the answer, then the view's arguments; what it returns takes the place of
 * the answer, and without that the answer stays. A hook may be asynchronous. It sees no errors: what is thrown, HTTP errors
 * included, goes past it.
 *
 *     const view = after(views(urls), (response) => { response.headers.set("X-Frame-Options", "DENY") })
 */
export function after<Args extends unknown[], Result, Late>(
  view: (...args: Args) => Result,
  hook: (result: Awaited<Result>, ...args: Args) => Late,
): (
  ...args: Args
) => Result extends PromiseLike<unknown>
  ? Promise<Awaited<Result> | Exclude<Awaited<Late>, Nothing>>
  : Hooked<Result, Late> {
  return (...args) => {
    const finish = (result: Awaited<Result>): unknown => {
      const late = hook(result, ...args)
      if (!isThenable(late)) return late === undefined ? result : late
      return late.then((settled: unknown) => (settled === undefined ? result : settled))
    }
    const result = view(...args)
    return (isThenable(result) ? result.then(finish as never) : finish(result as Awaited<Result>)) as never
  }
}
