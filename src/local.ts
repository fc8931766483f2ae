// Values that belong to one request and need not be handed through every call: Local, LocalStack, and proxies to them.
// All of them live in one context, a map carried by one AsyncLocalStorage. A context begins with runWithContext or, around a
// whole request, with withContext. It begins as a copy, and a value is replaced and never modified, so that nothing leaks
// upwards. Without a context nothing can be set.

import { AsyncLocalStorage } from "node:async_hooks"
import { asApplication } from "./as-application.ts"
import type { Application, ApplicationLike, Body } from "./gateway.ts"
import { bodyInside } from "./running/body-inside.ts"

type Context = Map<object, unknown>

const storage = new AsyncLocalStorage<Context>()

/**
 * Calls a function in a context of its own, and gives what it gives. The context holds in everything that starts inside:
 * promises, timers, streams. It begins with the values of the surrounding one; what is set inside is not seen outside.
 *
 * @example
 * const local = new Local()
 * runWithContext(() => { local.set("user", "Ada"); return local.get("user") }) // => "Ada"
 * local.get("user") // => undefined
 */
export function runWithContext<Result>(callback: () => Result): Result {
  return storage.run(new Map(storage.getStore()), callback)
}

/**
 * An application of which each request runs in a context of its own: the call, every step of the body, and its close.
 *
 * @example
 * const local = new Local()
 * const app = withContext((environ) => { local.set("path", environ.PATH_INFO); return [] })
 * app({ PATH_INFO: "/" }) // => []
 */
export function withContext(app: ApplicationLike): Application {
  return contextual(asApplication(app, "withContext"))
}

function contextual(app: Application, atEnd?: () => void): Application {
  return (environ, startResponse) =>
    runWithContext(() => {
      const context = contextFor("a request")
      const wrap = (body: Body): Body => bodyInside(body, (callback) => storage.run(context, callback), { atEnd })
      const fail = (error: unknown): never => {
        atEnd?.()
        throw error
      }
      let body: Body | Promise<Body>
      try {
        body = app(environ, startResponse)
      } catch (error) {
        return fail(error)
      }
      return "then" in body ? body.then(wrap, fail) : wrap(body)
    })
}

function contextFor(purpose: string): Context {
  const context = storage.getStore()
  if (context === undefined) throw new ReferenceError(`there is no context for ${purpose}: see runWithContext`)
  return context
}

/**
 * Named values of the current context.
 *
 * @example
 * const local = new Local()
 * runWithContext(() => local.set("user", "Ada").get("user")) // => "Ada"
 * local.set("user", "Ada") // throws ReferenceError
 * local.getOrThrow("user") // throws ReferenceError
 */
export class Local<Values extends object = Record<string, unknown>> {
  /** The value, or `undefined`: also where there is no context. */
  get<Name extends keyof Values>(name: Name): Values[Name] | undefined {
    return this.#values()?.get(name) as Values[Name] | undefined
  }

  /** The value. @throws ReferenceError when there is none */
  getOrThrow<Name extends keyof Values>(name: Name): Values[Name] {
    if (!this.has(name)) throw new ReferenceError(`nothing is set as ${JSON.stringify(String(name))} in this context`)
    return this.get(name) as Values[Name]
  }

  /** Whether there is a value of that name. */
  has(name: keyof Values): boolean {
    return this.#values()?.has(name) ?? false
  }

  /** Sets a value. @throws ReferenceError without a context */
  set<Name extends keyof Values>(name: Name, value: Values[Name]): this {
    contextFor(JSON.stringify(String(name))).set(this, new Map(this.#values()).set(name, value))
    return this
  }

  /** Removes a value; tells whether there was one. */
  delete(name: keyof Values): boolean {
    const values = new Map(this.#values())
    if (!values.delete(name)) return false
    contextFor(JSON.stringify(String(name))).set(this, values)
    return true
  }

  /** How many values there are. */
  get size(): number {
    return this.#values()?.size ?? 0
  }

  /** The pairs of name and value, as they are now. */
  *[Symbol.iterator](): IterableIterator<[name: keyof Values, value: Values[keyof Values]]> {
    yield* (this.#values() ?? new Map()) as Map<keyof Values, Values[keyof Values]>
  }

  /** A proxy to the object that a name stands for at the time of use. @see localProxy */
  proxy<Name extends keyof Values>(name: Name, options: LocalProxyOptions = {}): Proxied<Values[Name]> {
    const unboundMessage = `nothing is set as ${JSON.stringify(String(name))} in this context`
    return localProxy<Values[Name]>(() => this.get(name), { unboundMessage, ...options })
  }

  #values(): ReadonlyMap<keyof Values, unknown> | undefined {
    return storage.getStore()?.get(this) as ReadonlyMap<keyof Values, unknown> | undefined
  }
}

/**
 * A stack of the current context.
 *
 * @example
 * const stack = new LocalStack()
 * runWithContext(() => { stack.push(1); stack.push(2); return [stack.pop(), stack.top, stack.size] }) // => [2, 1, 1]
 * [stack.pop(), stack.top] // => [undefined, undefined]
 */
export class LocalStack<Item> {
  /** Puts an item on top. @throws ReferenceError without a context */
  push(item: Item): this {
    contextFor("a stack").set(this, [...this.#items(), item])
    return this
  }

  /** Takes the item on top away; `undefined` when there is none. */
  pop(): Item | undefined {
    const items = this.#items()
    if (items.length > 0) contextFor("a stack").set(this, items.slice(0, -1))
    return items.at(-1)
  }

  /** The item on top; `undefined` when there is none. */
  get top(): Item | undefined {
    return this.#items().at(-1)
  }

  /** How many items there are. */
  get size(): number {
    return this.#items().length
  }

  /** The items from the bottom up, as they are now. */
  *[Symbol.iterator](): IterableIterator<Item> {
    yield* this.#items()
  }

  /** A proxy to the item that is on top at the time of use. @see localProxy */
  proxy(options: LocalProxyOptions = {}): Proxied<Item> {
    return localProxy<Item>(() => this.top, { unboundMessage: "the stack is empty in this context", ...options })
  }

  #items(): readonly Item[] {
    return (storage.getStore()?.get(this) ?? []) as readonly Item[]
  }
}

/** A Local or a LocalStack of any values. */
export interface Releasable {
  /** How much is in it. */
  readonly size: number
  /** A proxy to something in it. */
  proxy(...args: never[]): unknown
}

/**
 * Forgets everything that a Local or a LocalStack holds in the current context. Does nothing without one.
 */
export function releaseLocal(local: Releasable): void {
  storage.getStore()?.delete(local)
}

/**
 * Releases several locals together, and at the end of each request. Only for locals that must not be seen by what goes on
 * after the response: a context goes away by itself when nothing runs in it any more.
 */
export class LocalManager {
  /** What is released. May be added to. */
  readonly locals: Releasable[]

  constructor(locals: Iterable<Releasable> = []) {
    this.locals = [...locals]
  }

  /** Releases all of them in the current context. */
  cleanup(): void {
    for (const local of this.locals) releaseLocal(local)
  }

  /** `withContext`, with a cleanup when the body of the response is closed, or when the application fails. */
  makeMiddleware(app: ApplicationLike): Application {
    return contextual(asApplication(app, "makeMiddleware"), () => this.cleanup())
  }
}

// ---- Proxies

/** How a proxy behaves. */
export interface LocalProxyOptions {
  /** What the error says when the proxy stands for nothing. */
  unboundMessage?: string
  /** Whether the proxy can be called, and made instances with; `typeof` then says `function`. */
  callable?: boolean
}

/** What a proxy of this type stands for when it stands for something. */
export type Proxied<Value> = NonNullable<Value>

/** Gives the current object, or `undefined`. Any AsyncLocalStorage does too. */
export type LocalSource<Value> = (() => Value | undefined) | { getStore(): Value | undefined }

interface Source {
  find(): unknown
  unboundMessage: string
}

const sources = new WeakMap<object, Source>()

/**
 * An object that stands for another one, which is looked up each time: what is done to the proxy is done to the object that the
 * source gives at that moment. While that is `undefined` or `null`, everything throws, but for what
 * a debugger does: inspecting it, listing its keys, asking for its class.
 *
 * A proxy is always true, has the type `object` or `function`, and equals only itself: see docs/locals.md.
 *
 * @throws ReferenceError from every use while there is no current object
 * @example
 * const stack = new LocalStack()
 * const user = stack.proxy()
 * runWithContext(() => stack.push({ name: "Ada" }) && user.name) // => "Ada"
 * user.name // throws ReferenceError
 */
export function localProxy<Value>(
  source: LocalSource<Value>,
  { unboundMessage = "there is no current object", callable = false }: LocalProxyOptions = {},
): Proxied<Value> {
  const find: () => unknown = typeof source === "function" ? source : () => source.getStore()
  // A bound function has no property that a proxy would have to admit.
  const target: object = callable ? class {}.bind(undefined) : {}
  // Inspecting a proxy looks at the target, past all traps.
  Object.defineProperty(target, Symbol.for("nodejs.util.inspect.custom"), {
    value: () => find() ?? "<LocalProxy unbound>",
    configurable: true,
  })

  const current = (): object => Object(currentOf(sourceOf(proxy)))
  const currentOrEmpty = (): object => Object(find())

  // A method wants the object itself as `this`: the proxy has no private fields.
  const methods = new WeakMap<object, object>()
  const method = (value: object): object => {
    const known = methods.get(value)
    if (known !== undefined) return known
    const made = new Proxy(value, {
      apply: (call, self, args) => Reflect.apply(call as () => unknown, self === proxy ? current() : self, args),
    })
    methods.set(value, made)
    return made
  }

  const proxy: object = new Proxy(target, {
    get(_target, key) {
      // `await` looks for it; an unbound proxy is no promise.
      if (key === "then" && isNothing(find())) return undefined
      const object = current()
      const value: unknown = Reflect.get(object, key, object)
      return typeof value === "function" ? method(value) : value
    },
    set(_target, key, value) {
      const object = current()
      return Reflect.set(object, key, value, object)
    },
    has: (_target, key) => Reflect.has(currentOrEmpty(), key),
    deleteProperty: (_target, key) => Reflect.deleteProperty(current(), key),
    ownKeys: () => Reflect.ownKeys(currentOrEmpty()),
    getOwnPropertyDescriptor(_target, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(currentOrEmpty(), key)
      // A proxy may not claim that a property is fixed which its target hasn't got.
      return descriptor && { ...descriptor, configurable: true }
    },
    defineProperty: (_target, key, descriptor) => Reflect.defineProperty(current(), key, descriptor),
    getPrototypeOf: () => Reflect.getPrototypeOf(currentOrEmpty()),
    setPrototypeOf: (_target, prototype) => Reflect.setPrototypeOf(current(), prototype),
    preventExtensions: () => false,
    apply: (_target, self, args) => Reflect.apply(current() as () => unknown, self, args),
    construct(_target, args, newTarget) {
      const type = current() as new () => object
      return Reflect.construct(type, args, (newTarget as object) === proxy ? type : newTarget)
    },
  })
  sources.set(proxy, { find, unboundMessage })
  return proxy as Proxied<Value>
}

/**
 * The object itself that a proxy of `localProxy` stands for now.
 *
 * @throws ReferenceError when it stands for nothing
 * @throws TypeError for anything but such a proxy
 * @example
 * getCurrentObject(localProxy(() => 42)) // => 42
 */
export function getCurrentObject<Value extends Proxied<unknown>>(proxy: Value): Value {
  return currentOf(sourceOf(proxy)) as Value
}

/**
 * Whether a proxy of `localProxy` stands for something now. (The proxy itself is true in any case.)
 *
 * @throws TypeError for anything but such a proxy
 * @example
 * isBound(localProxy(() => undefined)) // => false
 */
export function isBound(proxy: unknown): boolean {
  return !isNothing(sourceOf(proxy).find())
}

function isNothing(object: unknown): boolean {
  return object === undefined || object === null
}

function currentOf({ find, unboundMessage }: Source): unknown {
  const object = find()
  if (isNothing(object)) throw new ReferenceError(unboundMessage)
  return object
}

function sourceOf(proxy: unknown): Source {
  const source = sources.get(proxy as object)
  if (source === undefined) throw new TypeError("not a proxy made by localProxy")
  return source
}
