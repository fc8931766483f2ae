// undici, which speaks HTTP with the upstreams. An optional package, loaded when a proxy is made, so that programs without a
// proxy do not need it.

import { createRequire } from "node:module"

let loaded: typeof import("undici") | undefined

/** @throws Error that names the package when it is not installed */
export function loadUndici(): typeof import("undici") {
  try {
    loaded ??= createRequire(import.meta.url)("undici") as typeof import("undici")
    return loaded
  } catch (error) {
    const sentence = "httpProxy needs the package undici: npm install undici@7"
    throw Object.assign(new Error(sentence, { cause: error }), { code: (error as NodeJS.ErrnoException).code })
  }
}
