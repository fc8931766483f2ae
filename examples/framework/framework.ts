// A framework in the manner of Flask, in one file: blueprints, hooks, error handlers, configuration, extensions, commands.
// Everything that is HTTP comes from werkstatt; what is here is taste. docs/framework.md walks through it.

import {
  type Application,
  type ApplicationLike,
  type Body,
  type Environ,
  HTTPException,
  Request,
  Response,
  RuleMap,
  rule,
  runSimple,
  type StartResponse,
} from "werkstatt"
import { SafeHtml } from "werkstatt/http"
import { formatRoutes, type MapAdapter, type Rule, type RuleValues, type SpecOf } from "werkstatt/routing"
import { Client } from "werkstatt/testing"

/** The values of a path, as its text says: `/posts/<int:id>` gives `{ id: number }`. */
export type ValuesOf<Path extends string> = RuleValues<Rule<SpecOf<Path, string, Record<never, never>>>>

/** What hooks, views and error handlers get. */
export interface Context<Config = unknown, Values = Record<string, unknown>> {
  readonly request: Request
  /** The values of the URL; empty where no route was found. */
  readonly values: Values
  /** The name of the route, as `blog.show`; undefined where none was found. */
  readonly endpoint: string | undefined
  readonly config: Config
  /** What hooks leave for views, by the key that they agree on. */
  readonly state: Map<unknown, unknown>
  /** The URL of a route. A name that begins with a dot is one of the same blueprint: `.show`. */
  urlFor(endpoint: string, values?: Record<string, unknown>, options?: { external?: boolean }): string
}

/** What a view may return: a response, HTML, text, or what JSON can hold. Nothing at all is 204. */
export type Result = Response | SafeHtml | string | object | undefined
export type View<Config, Values> = (context: Context<Config, Values>) => Result | Promise<Result>
export type BeforeHook<Config> = (context: Context<Config>) => Result | Promise<Result>
export type AfterHook<Config> = (
  context: Context<Config>,
  response: Response,
) => Response | undefined | Promise<Response | undefined>
export type TeardownHook<Config> = (context: Context<Config>, error: unknown) => void | Promise<void>
export type ErrorHandler<Config, Failure> = (error: Failure, context: Context<Config>) => Result | Promise<Result>

// biome-ignore lint/suspicious/noExplicitAny: a class of errors, whatever it is made with
type ErrorClass<Failure> = abstract new (...args: any[]) => Failure

/** What a route is found as: the endpoint of its rule. */
interface Endpoint<Config> {
  readonly name: string
  readonly view: View<Config, Record<string, unknown>>
  /** The blueprints around it, the application first. */
  readonly scopes: readonly Blueprint<Config>[]
}

interface RouteOptions {
  methods?: readonly string[]
  /** The name that URLs are built by; that of the function unless given. */
  name?: string
}

/** Routes, hooks and error handlers that belong together, to be mounted below a path. */
export class Blueprint<Config = Record<never, never>> {
  readonly name: string
  readonly before: BeforeHook<Config>[] = []
  readonly after: AfterHook<Config>[] = []
  readonly teardowns: TeardownHook<Config>[] = []
  readonly handlers = new Map<unknown, ErrorHandler<Config, never>>()
  readonly routes: { path: string; name: string; methods: readonly string[]; view: Endpoint<Config>["view"] }[] = []
  readonly mounts: { path: string; blueprint: Blueprint<Config> }[] = []
  /** Set when the first request was served: what is added then would be seen by some requests only. */
  protected isFrozen = false

  constructor(name: string) {
    if (name.includes(".")) throw new TypeError(`The name of a blueprint has no dot: ${JSON.stringify(name)}`)
    this.name = name
  }

  route<const Path extends string>(path: Path, options: RouteOptions, view: View<Config, ValuesOf<Path>>): this {
    const name = options.name ?? view.name
    if (name === "") throw new TypeError(`The view of ${path} has no name: pass one, as { name: "index" }`)
    return this.#add(() => {
      this.routes.push({ path, name, methods: options.methods ?? ["GET"], view: view as never })
    })
  }

  get<const Path extends string>(path: Path, view: View<Config, ValuesOf<Path>>, name = view.name): this {
    return this.route(path, { methods: ["GET"], name }, view)
  }

  post<const Path extends string>(path: Path, view: View<Config, ValuesOf<Path>>, name = view.name): this {
    return this.route(path, { methods: ["POST"], name }, view)
  }

  /** Called before the view; what it returns, unless that is undefined, is the answer, and the view is not called. */
  beforeRequest(hook: BeforeHook<Config>): this {
    return this.#add(() => this.before.push(hook))
  }

  /** Called with the answer, in the opposite order; may give another one. */
  afterRequest(hook: AfterHook<Config>): this {
    return this.#add(() => this.after.push(hook))
  }

  /** Called when the answer was sent, or could not be: the place to give back what `beforeRequest` took. */
  teardown(hook: TeardownHook<Config>): this {
    return this.#add(() => this.teardowns.push(hook))
  }

  /** Answers errors of a class and of those below it, or HTTP errors of a code, that come from within this blueprint. */
  onError<Failure>(kind: ErrorClass<Failure> | number, handler: ErrorHandler<Config, Failure>): this {
    return this.#add(() => this.handlers.set(kind, handler as ErrorHandler<Config, never>))
  }

  /** Mounts a blueprint below a path. */
  mount(path: string, blueprint: Blueprint<Config>): this {
    return this.#add(() => this.mounts.push({ path, blueprint }))
  }

  #add(change: () => unknown): this {
    if (this.isFrozen) throw new Error(`${this.name} has served its first request: set it up before`)
    change()
    return this
  }

  /** The rules of this blueprint and of all below it. */
  protected *rulesBelow(prefix: string, scopes: readonly Blueprint<Config>[]): Generator<Rule> {
    this.isFrozen = true
    const inside = [...scopes, this]
    // The application itself gives no name to its routes.
    const names = inside.slice(1).map((scope) => scope.name)
    for (const { path, name, methods, view } of this.routes) {
      const endpoint: Endpoint<Config> = { name: [...names, name].join("."), view, scopes: inside }
      yield rule((prefix + path) as "/", endpoint, { methods })
    }
    for (const { path, blueprint } of this.mounts) yield* blueprint.rulesBelow(prefix + path, inside)
  }
}

/** Adds something to an application under its name, and gives back what its users need. */
export interface Extension<Made> {
  readonly name: string
  install<Config>(app: App<Config>): Made
}

export type Command = (...argv: string[]) => void | Promise<void>

/** An application: the outermost blueprint, with a configuration. It is taken wherever werkstatt takes an application. */
export class App<Config = Record<never, never>> extends Blueprint<Config> {
  readonly config: Config
  readonly extensions = new Map<string, unknown>()
  readonly commands = new Map<string, { summary: string; run: Command }>()
  readonly #layers: ((app: ApplicationLike) => Application)[] = []
  #application: Application | undefined
  #map: RuleMap | undefined
  #endpoints = new Map<string, Endpoint<Config>>()

  constructor(config: Config) {
    super("app")
    this.config = config
    this.command("routes", "prints all routes", () => console.log(formatRoutes(this.map)))
    this.command("run", "[PORT]: serves for development", async (port = "5000") => {
      await runSimple("localhost", Number(port), this)
    })
  }

  // ---- extension points

  /** Installs an extension, once; gives what it made. */
  register<Made>(extension: Extension<Made>): Made {
    if (this.extensions.has(extension.name)) throw new Error(`There is an extension "${extension.name}" already`)
    const made = extension.install(this)
    this.extensions.set(extension.name, made)
    return made
  }

  /** Puts a middleware of the gateway interface around everything; the last one is the outermost. */
  wrap(layer: (app: ApplicationLike) => Application): this {
    if (this.isFrozen) throw new Error("app has served its first request: set it up before")
    this.#layers.push(layer)
    return this
  }

  /** Adds a command for the shell; see `main`. */
  command(name: string, summary: string, run: Command): this {
    this.commands.set(name, { summary, run })
    return this
  }

  /** Runs the command that the arguments of the process name. Gives the exit code. */
  async main([name, ...argv]: readonly string[] = process.argv.slice(2)): Promise<number> {
    const command = this.commands.get(name ?? "")
    if (command !== undefined) {
      await command.run(...argv)
      return 0
    }
    console.error(name === undefined ? "Commands:" : `There is no command "${name}". There are:`)
    for (const [each, { summary }] of this.commands) console.error(`  ${each.padEnd(12)} ${summary}`)
    return 2
  }

  /** A client that needs no server, for tests. */
  client(): Client {
    return new Client(this)
  }

  // ---- requests

  /** All routes; from the first time on nothing can be added. */
  get map(): RuleMap {
    if (this.#map === undefined) {
      const rules = [...this.rulesBelow("", [])]
      for (const { endpoint } of rules) {
        const { name } = endpoint as Endpoint<Config>
        if (this.#endpoints.has(name)) throw new Error(`There are two routes "${name}"`)
        this.#endpoints.set(name, endpoint as Endpoint<Config>)
      }
      this.#map = new RuleMap(rules)
    }
    return this.#map
  }

  /** The interface of the gateway. */
  respond(environ: Environ, startResponse: StartResponse): Body | Promise<Body> {
    if (this.#application === undefined) {
      const { map } = this
      const inner: Application = Request.application((request) => this.#answer(request, map))
      this.#application = this.#layers.reduce((app, layer) => layer(app), inner)
    }
    return this.#application(environ, startResponse)
  }

  async #answer(request: Request, map: RuleMap): Promise<Response> {
    const at = map.bindToEnviron(request)
    const found = find<Config>(at)
    const isFound = "endpoint" in found
    const scopes = isFound ? found.endpoint.scopes : [this]
    const context: Context<Config> = {
      request,
      values: isFound ? found.values : {},
      endpoint: isFound ? found.endpoint.name : undefined,
      config: this.config,
      state: new Map(),
      urlFor: (name, values = {}, { external = false } = {}) => {
        const [inside = ""] = /^.*\.|^/.exec(context.endpoint ?? "") ?? []
        const whole = name.startsWith(".") ? inside + name.slice(1) : name
        const endpoint = this.#endpoints.get(whole)
        if (endpoint === undefined) throw new Error(`There is no route "${whole}"`)
        return at.build(endpoint as never, values as never, { forceExternal: external })
      },
    }
    let response: Response
    try {
      response = await this.#respondTo(context, scopes, found)
      for (const scope of scopes.toReversed()) {
        for (const hook of scope.after.toReversed()) response = (await hook(context, response)) ?? response
      }
    } catch (error) {
      await tearDown(context, scopes, error)
      throw error
    }
    response.callOnClose(() => tearDown(context, scopes, undefined))
    return response
  }

  async #respondTo(context: Context<Config>, scopes: readonly Blueprint<Config>[], found: Found<Config>) {
    try {
      for (const hook of scopes.flatMap((scope) => scope.before)) {
        const early = await hook(context)
        if (early !== undefined) return toResponse(early)
      }
      if ("error" in found) throw found.error
      return toResponse(await found.endpoint.view(context))
    } catch (error) {
      const handler = handlerFor(error, scopes)
      if (handler !== undefined) return toResponse(await handler(error as never, context), error)
      if (error instanceof HTTPException) return error.getResponse(context.request)
      // Not ours to answer: the server logs it, or its debugger shows it.
      throw error
    }
  }
}

type Found<Config> = { endpoint: Endpoint<Config>; values: Record<string, unknown> } | { error: unknown }

function find<Config>(at: MapAdapter): Found<Config> {
  try {
    return at.match() as unknown as Found<Config>
  } catch (error) {
    return { error }
  }
}

/** The innermost handler that knows the error: by its code, its class, or a class above that. */
function handlerFor<Config>(error: unknown, scopes: readonly Blueprint<Config>[]) {
  for (const { handlers } of scopes.toReversed()) {
    if (error instanceof HTTPException) {
      const handler = handlers.get(error.code)
      if (handler !== undefined) return handler
    }
    for (let proto = Object(error); proto !== null; proto = Object.getPrototypeOf(proto)) {
      const handler = handlers.get(proto.constructor)
      if (handler !== undefined) return handler
    }
  }
  return undefined
}

async function tearDown<Config>(context: Context<Config>, scopes: readonly Blueprint<Config>[], error: unknown) {
  for (const hook of scopes.flatMap((scope) => scope.teardowns).toReversed()) await hook(context, error)
}

/** A response of what a view returned; one that an error handler made has the status of the error. */
function toResponse(result: Result, error?: unknown): Response {
  if (result instanceof Response) return result
  const status = error === undefined ? 200 : ((error instanceof HTTPException ? error.code : undefined) ?? 500)
  if (result === undefined) return new Response("", { status: error === undefined ? 204 : status })
  if (result instanceof SafeHtml) return new Response(String(result), { status, mimetype: "text/html" })
  if (typeof result === "string") return new Response(result, { status })
  return Response.json(result, { status })
}

/**
 * A configuration of defaults and of environment variables: `SHOP_PAGE_SIZE=50` sets `pageSize` where the prefix is `SHOP_`.
 * A number or boolean stays one; what can't be read as such throws.
 */
export function configFromEnv<Config extends Record<string, string | number | boolean>>(
  prefix: string,
  defaults: Config,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  const read = Object.entries(defaults).map(([name, value]) => {
    const variable = prefix + name.replace(/[A-Z]/g, "_$&").toUpperCase()
    const text = variables[variable]
    if (text === undefined || typeof value === "string") return [name, text ?? value]
    const parsed = typeof value === "number" ? Number(text || Number.NaN) : { true: true, false: false }[text]
    if (parsed === undefined || Number.isNaN(parsed)) throw new Error(`${variable} is no ${typeof value}: ${text}`)
    return [name, parsed]
  })
  return Object.fromEntries(read) as Config
}
