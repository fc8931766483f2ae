// The values of a match, read from the path and put under their names. On the way of every request that matches.
// Objects of the same names are made by one constructor, written for them: the engine then knows their shape, which
// is a quarter of the time of a match. Where code may not be made from text, a loop does the same.

/** Values of a match. Names come from rules, so the object inherits nothing: `__proto__` is a name like any other. */
export type Values = Record<string, unknown>

/** The value of a piece of text, or REFUSED. */
export type Reader = (text: string, from: number, to: number) => unknown

/** What a reader gives for a text that is no value: the rule does not match. */
export const REFUSED: unique symbol = Symbol("refused")

/** Reads text as it stands. */
export function readText(text: string, from: number, to: number): string {
  return text.slice(from, to)
}

/** Reads ASCII digits as a number. Refuses what is beyond the safe integers. */
export function readDigits(text: string, from: number, to: number): number | typeof REFUSED {
  let value = 0
  for (let position = from; position < to; position++) value = value * 10 + (text.charCodeAt(position) - 0x30)
  // Beyond that the sum is not exact, but it is beyond that too.
  return value <= Number.MAX_SAFE_INTEGER ? value : REFUSED
}

/**
 * The values of a text, or `undefined` when a reader refuses.
 *
 * @param captures where values begin and end, two numbers each
 * @param readers one for each value
 */
export type ReadValues = (text: string, captures: readonly number[], readers: readonly Reader[]) => Values | undefined

// As fast as a plain object, which an object made by Object.create(null) is not.
class InheritsNothing {
  [name: string]: unknown
}
const NOTHING: object = InheritsNothing.prototype
Object.setPrototypeOf(NOTHING, null)
Reflect.deleteProperty(NOTHING, "constructor")
Object.freeze(NOTHING)

// Rules of the same names and readers share what reads them. Bounded: a program may make maps for ever.
const MAX_WRITTEN = 1000
const MAX_NAMES = 16
const written = new Map<string, ReadValues>()
let mayWrite = true

type Kind = "text" | "digits" | "other"

/** How to read the values of these names. */
export function readValuesOf(names: readonly string[], readers: readonly Reader[]): ReadValues {
  const kinds = readers.map((reader): Kind => {
    return reader === readText ? "text" : reader === readDigits ? "digits" : "other"
  })
  const key = `${names} ${kinds}`
  const known = written.get(key)
  if (known !== undefined) return known
  const made = isWritable(names) ? write(names, kinds) : undefined
  if (made === undefined) return loopOver(names)
  written.set(key, made)
  return made
}

/** The grammar of rules has no other names; here it is what keeps a name from being code, so it is looked at again. */
function isWritable(names: readonly string[]): boolean {
  if (!mayWrite || written.size >= MAX_WRITTEN || names.length > MAX_NAMES) return false
  return names.every((name) => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
}

/** Writes what `loopOver` stands for. Names get into it as string literals only. */
function write(names: readonly string[], kinds: readonly Kind[]): ReadValues | undefined {
  const reads = kinds.map((kind, index) => {
    const [from, to] = [`captures[${index * 2}]`, `captures[${index * 2 + 1}]`]
    if (kind === "text") return `const v${index} = text.slice(${from}, ${to})`
    const reader = kind === "digits" ? "readDigits" : `readers[${index}]`
    return `const v${index} = ${reader}(text, ${from}, ${to})\n  if (v${index} === REFUSED) return undefined`
  })
  const parameters = names.map((_, index) => `v${index}`).join(", ")
  const stores = names.map((name, index) => `  this[${JSON.stringify(name)}] = v${index}`)
  const source = `"use strict"
function Values(${parameters}) {
${stores.join("\n")}
}
Values.prototype = NOTHING
return (text, captures, readers) => {
  ${reads.join("\n  ")}
  return new Values(${parameters})
}`
  try {
    return new Function("NOTHING", "REFUSED", "readDigits", source)(NOTHING, REFUSED, readDigits)
  } catch {
    // Workers do not allow code from text, nor does a policy that forbids it.
    mayWrite = false
    return undefined
  }
}

/** The same without making code from text. */
export function loopOver(names: readonly string[]): ReadValues {
  return (text, captures, readers) => {
    const values = new InheritsNothing()
    for (let index = 0; index < names.length; index++) {
      const read = readers[index] as Reader
      const value = read(text, captures[index * 2] as number, captures[index * 2 + 1] as number)
      if (value === REFUSED) return undefined
      values[names[index] as string] = value
    }
    return values
  }
}
