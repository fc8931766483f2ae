// `dump(x)` and `help(x)` of the console: what is in an object, and what can be done with it, as a table.

import { type Representation, represent } from "./representation.ts"
import { summaryOf } from "./summary.ts"

/**
 * A table of names and values.
 */
export interface Dump {
  readonly title: string
  readonly rows: readonly [name: string, value: Representation][]
  /** Lines below the title. */
  readonly text: string
}

const dumps = new WeakSet<object>()

/** Whether a value was made by `dump` or `help`. */
export function isDump(value: unknown): value is Dump {
  return typeof value === "object" && value !== null && dumps.has(value)
}

function made(dump: Dump): Dump {
  dumps.add(dump)
  return dump
}

const HELP = `Write an expression or statements; await works, and so do this, #private names and variables of the frame.
_           the last value
dump(x)     what is in x
help(x)     what can be done with x

Enter evaluates, Shift+Enter begins a new line, Tab completes, the arrows bring back what was typed, Ctrl+L clears.`

/** A table of an object's own properties. */
export function dump(value: unknown, isGiven: boolean): Dump {
  if (!isGiven)
    return made({ title: "dump(x)", rows: [], text: "shows what is in x: its properties, entries and items." })
  const shown = represent(value, { depth: 2, maxMembers: 1000 })
  const rows = (shown.members ?? []).map(({ name, value: inner }): [string, Representation] => [
    name,
    inner ?? { kind: "missing", summary: "getter" },
  ])
  return made({ title: shown.summary, rows, text: shown.members === undefined ? (shown.full ?? "") : "" })
}

/** What an object can do: the methods and accessors of its classes. */
export function help(value: unknown, isGiven: boolean): Dump {
  if (!isGiven) return made({ title: "The console", rows: [], text: HELP })
  const rows: [string, Representation][] = []
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function"
  const start: object | null = isObject
    ? (value as object)
    : value === null || value === undefined
      ? null
      : Object(value)
  const title = isObject ? summaryOf(value as object, false) : represent(value).summary
  for (let at = start, depth = 0; at !== null && at !== Object.prototype && depth < 12; depth++) {
    for (const key of Reflect.ownKeys(at)) {
      const own = Object.getOwnPropertyDescriptor(at, key)
      if (own === undefined || key === "constructor" || rows.length >= 500) continue
      if (own.get !== undefined) rows.push([String(key), { kind: "missing", summary: "getter" }])
      else if (typeof own.value === "function") rows.push([String(key), represent(own.value, { depth: 0 })])
    }
    at = Object.getPrototypeOf(at) as object | null
  }
  const source = typeof value === "function" ? Function.prototype.toString.call(value).slice(0, 4000) : ""
  return made({ title, rows, text: source })
}
