// Something else in the place of an environ: a request, nothing at all. Its variables would all be missing, in silence.

import { describe } from "./describe.ts"

/**
 * @throws TypeError unless this is an object, and no request
 * @example
 * checkEnviron("sendFile", { PATH_INFO: "/" }) // => undefined
 * checkEnviron("sendFile", { environ: {} }) // throws TypeError
 */
export function checkEnviron(taker: string, environ: unknown): void {
  if (typeof environ !== "object" || environ === null) {
    throw new TypeError(`${taker} takes the environ of the request, not ${describe(environ)}`)
  }
  if ("environ" in environ) {
    throw new TypeError(`${taker} takes the environ of the request, not ${describe(environ)}. Write: request.environ`)
  }
}
