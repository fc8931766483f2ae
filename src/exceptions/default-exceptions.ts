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
export const defaultExceptions: ReadonlyMap<number, HTTPExceptionClass> = new Map(
  Object.values(statuses)
    .filter((type) => Object.hasOwn(type, "code"))
    .map((type): [number, HTTPExceptionClass] => [type.code, type])
    .sort(([a], [b]) => a - b),
)
