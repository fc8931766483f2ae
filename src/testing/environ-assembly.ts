// A described request as an environ, as a server would put it together. What comes later wins: first the base keys, then what
// is computed, then headers and the body, then the overrides. It knows no options, only what was made of them.

import type { Headers } from "../datastructures/headers.ts"
import type { Environ, ErrorStream } from "../gateway.ts"
import { variableOf } from "../running/environ.ts"
import { openSource, type SentBody } from "./body-source.ts"
import { asciiHost, encodePath, pathBytes, splitHost } from "./request-url.ts"

const WSGI_VERSION: readonly [1, 0] = Object.freeze([1, 0] as const)

/** What an environ is made of, besides headers and body. An EnvironBuilder is such a one. */
export interface DescribedRequest {
  readonly method: string
  readonly urlScheme: string
  readonly host: string
  readonly scriptRoot: string
  readonly path: string
  readonly queryString: string
  readonly requestUri: string
  readonly serverProtocol: string
  readonly errorsStream: ErrorStream
  readonly multithread: boolean
  readonly multiprocess: boolean
  readonly runOnce: boolean
  readonly environBase: Readonly<Record<string, unknown>> | undefined
  readonly environOverrides: Readonly<Record<string, unknown>> | undefined
}

/** A fresh environ of that request. */
export function assembleEnviron(request: DescribedRequest, headers: Headers | undefined, body: SentBody): Environ {
  const uri = request.requestUri
  // A test may have set it to a name in any script.
  const host = asciiHost(request.host)
  const [name, port] = splitHost(host, request.urlScheme)
  const environ: Environ = {
    ...request.environBase,
    REQUEST_METHOD: request.method,
    SCRIPT_NAME: pathBytes(encodePath(request.scriptRoot)),
    PATH_INFO: pathBytes(encodePath(request.path)),
    QUERY_STRING: request.queryString,
    REQUEST_URI: uri,
    RAW_URI: uri,
    SERVER_NAME: name,
    SERVER_PORT: port,
    HTTP_HOST: host,
    SERVER_PROTOCOL: request.serverProtocol,
    "wsgi.version": WSGI_VERSION,
    "wsgi.url_scheme": request.urlScheme,
    "wsgi.input": openSource(body.source),
    "wsgi.errors": request.errorsStream,
    "wsgi.multithread": request.multithread,
    "wsgi.multiprocess": request.multiprocess,
    "wsgi.run_once": request.runOnce,
  }
  if (headers !== undefined) addHeaders(environ, headers)
  tellBody(environ, body, headers?.get("Content-Length"))
  if (request.environOverrides !== undefined) override(environ, request.environOverrides)
  return environ
}

/** Adds a variable for each header but those of the body, Content-Type and Content-Length. Host takes the place of what is there. */
function addHeaders(environ: Environ, headers: Headers): void {
  for (const [name, value] of headers) {
    const key = variableOf(name)
    if (key === "" || key === "CONTENT_TYPE" || key === "CONTENT_LENGTH") continue
    const before = key === "HTTP_HOST" ? undefined : environ[key]
    environ[key] = before === undefined ? value : `${String(before)}${key === "HTTP_COOKIE" ? "; " : ", "}${value}`
  }
}

/** @param told the length that the caller has set, which goes before the one that is known */
function tellBody(environ: Environ, { source, contentType }: SentBody, told: string | undefined): void {
  if (contentType !== undefined) environ.CONTENT_TYPE = contentType
  const length = told ?? source?.length?.toString()
  if (length !== undefined) environ.CONTENT_LENGTH = length
  else if (source !== undefined) {
    // Only a chunked body has no length.
    environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    environ["wsgi.input_terminated"] = true
  }
}

function override(environ: Environ, overrides: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(overrides)) {
    if (value === undefined) delete environ[key]
    else environ[key] = value
  }
}
