// Names that could stand at the end of what is typed: variables of the frame, or members of an object. Nothing is run for
// it: a chain of names is followed through plain properties, and ends at the first getter, call or proxy.

import { types } from "node:util"

/** Where variables are found. */
export interface CompletionScope {
  /** Names of the frame and of the console, the nearest first. */
  readonly names: readonly string[]
  /** What a name stands for; throws where there is no such name. */
  read(name: string): unknown
}

/** What could be written. */
export interface Completions {
  /** From here on the text is replaced. */
  readonly start: number
  readonly names: readonly string[]
}

const MAX_NAMES = 100
const IDENTIFIER = "[\\p{ID_Start}$_][\\p{ID_Continue}$]*"
const CHAIN = new RegExp(
  `(?:^|[^\\p{ID_Continue}$.#\\])"'])((?:this|${IDENTIFIER})(?:\\??\\.${IDENTIFIER})*\\??\\.)?(#?[\\p{ID_Continue}$]*)$`,
  "u",
)
const KEYWORDS =
  "await async break case catch class const continue debugger default delete do else false finally for function if in instanceof let new null return super switch this throw true try typeof undefined var void while yield".split(
    " ",
  )
const NAME = new RegExp(`^${IDENTIFIER}$`, "u")

/**
 * What could stand at the end of `text`.
 *
 * @example
 * complete("a.le", { names: ["a"], read: () => "text" }).names // => ["length"]
 * complete("user", { names: ["user", "users"], read: () => 0 }).names // => ["user", "users"]
 */
export function complete(text: string, scope: CompletionScope): Completions {
  const match = CHAIN.exec(text.slice(-500))
  if (match === null) return { start: text.length, names: [] }
  const [, chain, prefix = ""] = match
  const start = text.length - prefix.length
  const candidates = chain === undefined ? variables(scope, prefix) : members(chain, scope)
  const fitting = [...new Set(candidates)].filter((name) => name.startsWith(prefix) && NAME.test(name))
  return { start, names: fitting.slice(0, MAX_NAMES) }
}

function variables({ names }: CompletionScope, prefix: string): string[] {
  const own = [...names, "_", "dump", "help"]
  // Before the first letter is typed, hundreds of globals are of no help.
  if (prefix === "") return own
  return [...own, ...KEYWORDS, ...Object.getOwnPropertyNames(globalThis)]
}

function members(chain: string, scope: CompletionScope): string[] {
  const [first = "", ...rest] = chain.slice(0, chain.endsWith("?.") ? -2 : -1).split(/\??\./)
  let value: unknown
  try {
    value = scope.read(first)
    for (const name of rest) value = plainProperty(value, name)
  } catch {
    return []
  }
  if (value === undefined || value === null) return []
  const found: string[] = []
  for (
    let at: object | null = Object(value);
    at !== null && !types.isProxy(at) && found.length < 2000;
    at = Object.getPrototypeOf(at)
  )
    for (const name of Object.getOwnPropertyNames(at)) if (!/^\d+$/.test(name)) found.push(name)
  return found
}

function plainProperty(value: unknown, name: string): unknown {
  if (value === undefined || value === null) return undefined
  for (let at: object | null = Object(value); at !== null && !types.isProxy(at); at = Object.getPrototypeOf(at)) {
    const own = Object.getOwnPropertyDescriptor(at, name)
    if (own !== undefined) return own.value
  }
  return undefined
}
