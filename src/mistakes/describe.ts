// What a value is, in a few words, for the message of an error: the programmer passed it where something else was wanted.
// Runs only when something is wrong, so it may look closely. Knows the applications of other frameworks by their methods,
// and imports none of them.

import { isThenable } from "../thenable.ts"

/**
 * What a value is, as the object of a sentence.
 *
 * @example
 * describe("hello") // => "\"hello\""
 * describe(undefined) // => "undefined"
 * describe([]) // => "an array"
 * describe(class Shop {}) // => "the class Shop"
 * describe(new Map()) // => "an instance of Map"
 * describe({ fetch() {} }) // => "an application for the platform's fetch"
 */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === "function") return describeFunction(value)
  if (typeof value !== "object" || value === null) return String(value)
  if (isThenable(value)) return "a promise"
  if (Array.isArray(value)) return "an array"
  const foreign = foreignApplication(value)
  if (foreign !== undefined) return foreign
  const name = constructorName(value)
  const platform = platformName(value)
  if (platform !== undefined) return `the platform's ${platform}`
  return name === "" || name === "Object" ? "a plain object" : `an instance of ${name}`
}

function describeFunction(value: object & { name?: unknown }): string {
  const foreign = foreignApplication(value)
  if (foreign !== undefined) return foreign
  const name = typeof value.name === "string" ? value.name : ""
  const kind = isClass(value) ? "class" : "function"
  return name === "" ? `a ${kind}` : `the ${kind} ${name}`
}

/** Whether this is a class, which cannot be called. */
export function isClass(value: unknown): boolean {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value))
}

/** Whether this is an object as a literal makes it, which holds options in most cases. */
export function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function constructorName(value: object): string {
  const name: unknown = (value as { constructor?: { name?: unknown } | undefined }).constructor?.name
  return typeof name === "string" ? name : ""
}

const PLATFORM = ["Response", "Request", "Headers"] as const

/** The name of a class of the web platform that werkstatt has a class of its own for. */
function platformName(value: object): string | undefined {
  return PLATFORM.find((name) => {
    const known = (globalThis as Record<string, unknown>)[name]
    return typeof known === "function" && value instanceof known
  })
}

/** Frameworks, by the methods that their applications have. The most particular ones stand first. */
const FOREIGN: readonly (readonly [description: string, ...methods: string[]])[] = [
  ["an application of Fastify", "inject", "ready", "register"],
  ["an application of Koa", "callback", "use", "createContext"],
  ["an application of Hono", "fetch", "request", "route", "onError"],
  ["an application of h3", "fetch", "use", "on", "mount"],
  ["an application of Express", "handle", "use", "set", "listen"],
  ["an application of Connect", "handle", "use", "listen"],
  ["a server of Node", "listen", "close", "address"],
  ["an application for the platform's fetch", "fetch"],
]

/**
 * Which framework an application belongs to, if it is one of another framework, in words.
 *
 * @example
 * foreignApplication({ fetch() {} }) // => "an application for the platform's fetch"
 * foreignApplication(() => []) // => undefined
 */
export function foreignApplication(value: unknown): string | undefined {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined
  const found = FOREIGN.find(([, ...methods]) =>
    methods.every((method) => typeof (value as Record<string, unknown>)[method] === "function"),
  )
  return found?.[0]
}
