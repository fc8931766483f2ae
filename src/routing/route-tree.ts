// What `routes` is given: texts of rules under names, in objects as deep as one likes, and what makes such objects for the
// usual kinds of pages. Only descriptions; routes.ts makes a map and routes of them.

import { withoutLastSlashes } from "../http/slashes.ts"
import { checkOptions, meant, type OptionNames } from "../mistakes/options.ts"
import type { Facts, Nothing, RuleSpec } from "./inference.ts"
import type { RuleOptions, SpecOf } from "./rule.ts"
import type { TrimSlash } from "./rule-factories.ts"
import type { CheckedText } from "./text-mistakes.ts"

/** The text of a rule with options, where `routes` takes a text alone. Made by `route`. */
export class RouteText<Spec extends RuleSpec = RuleSpec> {
  /** For the compiler only; there is no such member at run time. */
  declare readonly "~spec": Spec
  /** The text of the rule. */
  readonly rule: string
  /** The options of the rule. */
  readonly options: RuleOptions

  constructor(rule: string, options: RuleOptions = {}) {
    this.rule = rule
    this.options = options
  }
}

/** Rules under names: texts, texts with options, and further trees. */
export interface RouteTree {
  readonly [name: string]: string | RouteText | RouteTree
}

/** What the compiler remembers of a route whose endpoint is not known yet. */
export type Unnamed<Path extends string, Options = Nothing> = SpecOf<Path, "", Options>

/**
 * A rule's text with options, for `routes`.
 *
 * @example
 * route("/blog/<slug>", { methods: ["GET"] }).rule // => "/blog/<slug>"
 */
export function route<const Path extends string, const Options extends RuleOptions = Nothing>(
  text: Path & CheckedText<Path>,
  options?: Options & { readonly [Name in Exclude<keyof Options, keyof RuleOptions>]: never },
): RouteText<Unnamed<Path, Options>> {
  return new RouteText(text, options)
}

type Get<Path extends string> = RouteText<Facts<Path, "", "", never>>

// No interface: only the members of a type like this are known to be all, as a RouteTree asks.
/** The two routes of a form. */
export type FormRoutes<Path extends string> = {
  /** GET: the form to be filled in. */
  readonly index: Get<Path>
  /** POST: what was filled in. */
  readonly action: Get<Path>
}

type Rooted<Path extends string> = Path extends `/${string}` ? Path : `/${Path}`

/**
 * The routes of a form, at one URL: `index` shows it (GET), `action` takes it (POST).
 *
 *     const urls = routes({ contact: form("contact") })
 *     urls.contact.action.build() // "/contact"
 *
 * @param path the URL; a slash in front may be left out
 */
export function form<const Path extends string>(path: Path): FormRoutes<Rooted<Path>> {
  const text = rooted(path)
  return { index: get(text), action: new RouteText(text, { methods: ["POST"] }) } as FormRoutes<Rooted<Path>>
}

const RESOURCE = {
  index: ["", ["GET"]],
  new: ["/new", ["GET"]],
  create: ["", ["POST"]],
  show: ["/<>", ["GET"]],
  edit: ["/<>/edit", ["GET"]],
  update: ["/<>", ["PUT", "PATCH"]],
  destroy: ["/<>", ["DELETE"]],
} as const

type Action = keyof typeof RESOURCE

/** Options of `resources`. */
export interface ResourceOptions<Only extends Action = Action, Param extends string = string> {
  /** Which of the routes there are. Default: all. */
  readonly only?: readonly Only[] | undefined
  /** The placeholder for one of them, without its brackets. Default `id`; `int:id` takes integers alone. */
  readonly param?: Param | undefined
}

type ResourcePath<
  Base extends string,
  Param extends string,
  Ending extends string,
> = Ending extends `${infer Before}<>${infer After}` ? `${Base}${Before}<${Param}>${After}` : `${Base}${Ending}`

/** The routes of a collection: a text for each. */
export type ResourceRoutes<Base extends string, Only extends Action, Param extends string> = {
  readonly [Each in Only]: Get<ResourcePath<Base, Param, (typeof RESOURCE)[Each][0]>>
}

/**
 * The routes of a collection and of what is in it:
 *
 * | name | method | URL of `resources("users")` |
 * | --- | --- | --- |
 * | `index` | GET | `/users` |
 * | `new` | GET | `/users/new` |
 * | `create` | POST | `/users` |
 * | `show` | GET | `/users/<id>` |
 * | `edit` | GET | `/users/<id>/edit` |
 * | `update` | PUT, PATCH | `/users/<id>` |
 * | `destroy` | DELETE | `/users/<id>` |
 *
 * @param path the URL of the collection; a slash in front may be left out, and one at the end is
 * @throws TypeError for a name in `only` that is not one of these
 * @example
 * Object.keys(resources("users", { only: ["index", "show"] })) // => ["index", "show"]
 */
export function resources<
  const Path extends string,
  const Only extends Action = Action,
  const Param extends string = "id",
>(path: Path, options: ResourceOptions<Only, Param> = {}): ResourceRoutes<TrimSlash<Rooted<Path>>, Only, Param> {
  checkOptions("resources", options, RESOURCE_OPTIONS)
  const base = withoutLastSlashes(rooted(path))
  const only = options.only ?? (Object.keys(RESOURCE) as Action[])
  const made: Record<string, RouteText> = {}
  for (const name of only) {
    if (!Object.hasOwn(RESOURCE, name)) {
      throw new TypeError(`resources has no route "${String(name)}"${meant(String(name), Object.keys(RESOURCE))}`)
    }
    const [ending, methods] = RESOURCE[name]
    made[name] = new RouteText(`${base}${ending.replace("<>", `<${options.param ?? "id"}>`)}`, { methods })
  }
  return made as ResourceRoutes<TrimSlash<Rooted<Path>>, Only, Param>
}

const RESOURCE_OPTIONS: OptionNames<ResourceOptions> = { only: true, param: true }

function get(text: string): RouteText {
  return new RouteText(text, { methods: ["GET"] })
}

function rooted(path: string): string {
  return path.startsWith("/") ? path : `/${path}`
}
