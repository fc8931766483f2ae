// Leaving a view from the middle: abort(404). An Aborter knows which class stands for which code;
// frameworks make one with classes of their own.

import type { Responder } from "../gateway.ts"
import { defaultExceptions, type HTTPExceptionClass } from "./default-exceptions.ts"
import { HTTPException } from "./http-exception.ts"
import type * as statuses from "./statuses.ts"

type Statuses = Omit<typeof statuses, "BadRequestKeyError" | "ClientDisconnected" | "SecurityError" | "BadHost">
type ClassOf<Code extends number> = Extract<Statuses[keyof Statuses], { readonly code: Code }>

/** What the class for a code can be made with; anything for a code that is not known when compiling. */
export type AbortArguments<Code extends number> = number extends Code
  ? unknown[]
  : [ClassOf<Code>] extends [never]
    ? unknown[]
    : ConstructorParameters<ClassOf<Code>>

/**
 * Knows a class of HTTP errors for each code, and throws them.
 *
 * @example
 * new Aborter({ mapping: [] }).abort(404) // throws RangeError
 * new Aborter({ extra: [[404, new Aborter().mapping.get(410)]] }).abort(404) // throws Gone
 */
export class Aborter {
  /** The class for each code. */
  readonly mapping: ReadonlyMap<number, HTTPExceptionClass>

  /**
   * @param classes `mapping` takes the place of the default classes, `extra` is added to them, or put in their place
   */
  constructor(
    classes: {
      mapping?: Iterable<readonly [number, HTTPExceptionClass]>
      extra?: Iterable<readonly [number, HTTPExceptionClass]>
    } = {},
  ) {
    this.mapping = new Map([...(classes.mapping ?? defaultExceptions), ...(classes.extra ?? [])])
    this.abort = this.abort.bind(this)
  }

  /**
   * Throws the error for a code, made with the further arguments; or answers the request with a response as it is.
   * Needs no `this`, so that it can be passed on alone.
   *
   * @throws HTTPException in every case but that of an unknown code, which is a RangeError
   */
  abort(status: number | Responder, ...args: unknown[]): never {
    if (status instanceof HTTPException) throw status
    if (typeof status === "object" && status !== null) throw new HTTPException({ response: status })
    const type = this.mapping.get(status)
    if (type === undefined) throw new RangeError(`there is no HTTP error for ${String(status)}`)
    throw new type(...(args as never[]))
  }
}

/** `abort` with the default classes, which knows what each of them is made with. */
export interface Abort {
  <const Code extends number>(status: Code, ...args: AbortArguments<Code>): never
  (response: Responder): never
}

/**
 * Leaves the view with an HTTP error: the default one for a code, made with the further arguments, or a response as it is.
 *
 * @example
 * abort(404) // throws NotFound
 * abort(429, { retryAfter: 60 }) // throws TooManyRequests
 * abort(299) // throws RangeError
 */
export const abort: Abort = /* @__PURE__ */ defaultAbort()

// A call that bundlers may leave out, with all classes of errors, where nothing uses `abort`.
function defaultAbort(): Abort {
  return new Aborter().abort
}
