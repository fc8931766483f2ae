// Options that there are not. TypeScript finds them; in JavaScript, and where a type was lost on the way, a misspelled option
// would do nothing, in silence. What takes options names those that it knows, and asks here once.

import { describe } from "./describe.ts"
import { closest } from "./similarity.ts"

/** The names of the options in `T`, each of them once; the compiler finds a missing and a further one. */
export type OptionNames<T> = { readonly [Name in keyof T]-?: true }

/**
 * Throws unless `options` is an object and all its names are known, or it is `undefined`.
 *
 * @param taker what takes the options, as a programmer knows it: `cors`, `new Response`
 * @throws TypeError that names the option, and the one that was meant
 * @example
 * checkOptions("cors", { origins: "*" }, { origins: true }) // => undefined
 * checkOptions("cors", { origin: "*" }, { origins: true }) // throws TypeError
 * checkOptions("cors", "*", { origins: true }) // throws TypeError
 */
export function checkOptions(taker: string, options: unknown, known: Readonly<Record<string, true>>): void {
  if (options === undefined) return
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${taker} takes its options as an object, not ${describe(options)}`)
  }
  for (const name in options) {
    if (known[name] !== true) throw new TypeError(`${taker} has no option "${name}"${meant(name, Object.keys(known))}`)
  }
}

/**
 * Like `checkOptions`, for options that cannot be left out.
 *
 * @example
 * requireOptions("cors", undefined, { origins: true }) // throws TypeError
 */
export function requireOptions(taker: string, options: unknown, known: Readonly<Record<string, true>>): void {
  if (options === undefined) throw new TypeError(`${taker} needs options: { ${Object.keys(known).join(", ")} }`)
  checkOptions(taker, options, known)
}

/**
 * The end of a message about an unknown name: the one that was meant, or those that there are.
 *
 * @example
 * meant("origin", ["origins"]) // => ". Did you mean \"origins\"?"
 * meant("colour", ["origins", "methods"]) // => ". It has: origins, methods"
 */
export function meant(name: string, known: readonly string[]): string {
  const near = closest(name, known)
  return near === undefined ? `. It has: ${known.join(", ")}` : `. Did you mean "${near}"?`
}
