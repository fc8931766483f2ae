// The class for each status code, read off the classes themselves.

import type { HTTPException } from "./http-exception.ts"
import * as statuses from "./statuses.ts"

/** A class of HTTP errors. Its constructor may take any arguments. */
export interface HTTPExceptionClass {
  new (...args: never[]): HTTPException
  /** The status code of its errors. */
  readonly code: number | undefined
}

/**
 * The class that `abort` throws for a code. Special cases, which inherit their code, are not in it.
 *
 * @example
 * defaultExceptions.get(404).name // => "NotFound"
 * defaultExceptions.get(400).name // => "BadRequest"
 */
export const defaultExceptions: ReadonlyMap<number, HTTPExceptionClass> = /* @__PURE__ */ classesByCode()

// A call that bundlers may leave out where nothing needs all classes.
function classesByCode(): Map<number, HTTPExceptionClass> {
  const classes = Object.values(statuses).filter((type) => Object.hasOwn(type, "code"))
  const pairs = classes.map((type): [number, HTTPExceptionClass] => [type.code, type])
  return new Map(pairs.sort(([a], [b]) => a - b))
}
