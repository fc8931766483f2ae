// Headers as variables of an environ, as servers write them: in capitals, repeated ones joined, and none of those that are for
// the server alone or would pass for others.

import type { Headers } from "../datastructures/headers.ts"
import type { Environ } from "../gateway.ts"
import { variableOf } from "../running/environ.ts"

/** Adds a variable for each header but those of the body, Content-Type and Content-Length. Host takes the place of what is there. */
export function addHeaders(environ: Environ, headers: Headers): void {
  for (const [name, value] of headers) {
    const key = variableOf(name)
    if (key === "" || key === "CONTENT_TYPE" || key === "CONTENT_LENGTH") continue
    const before = key === "HTTP_HOST" ? undefined : environ[key]
    environ[key] = before === undefined ? value : `${String(before)}${key === "HTTP_COOKIE" ? "; " : ", "}${value}`
  }
}
