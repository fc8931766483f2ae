// A shared cache in front of an application (RFC 9111), on a Store, so that several machines fill it together. It goes by what
// responses say in Cache-Control and Vary and adds nothing of its own: an application that says nothing has nothing cached.
// It stands outside of what makes pages, and inside of what is different for each client: accessLog, rateLimit.

import { asApplication } from "../as-application.ts"
import { closeBody } from "../environ/body.ts"
import { respondWith } from "../environ/responder.ts"
import { runApplication } from "../environ/run.ts"
import { GatewayTimeout } from "../exceptions/statuses.ts"
import type { Application, ApplicationLike, Body, Environ, HeaderList, StartResponse } from "../gateway.ts"
import { evaluatePreconditions } from "../http/conditions.ts"
import { httpDate, parseDate } from "../http/dates.ts"
import { removeEntityHeaders } from "../http/fields.ts"
import { asciiLower } from "../http/tokens.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { reportError } from "../running/report.ts"
import type { Store } from "../stores/store.ts"
import { isThenable } from "../thenable.ts"
import { cachePolicy, mayBeUsed, readRequest } from "./cache-policy.ts"
import { fieldOf, textOf, withoutFields } from "./header-list.ts"
import { HeldResponse } from "./held-response.ts"
import { type Recorded, recordedBody } from "./recorded-body.ts"
import { findResponse, keepResponse, primaryKey, type StoredResponse } from "./stored-response.ts"

/** Where responses are kept, and which. */
export interface ResponseCacheOptions {
  /** Where responses are kept. */
  store: Store
  /** The largest body that is kept; 1 MiB unless given. */
  maxBodyBytes?: number | undefined
  /** How long a response with an entity tag or a date is kept after it is stale, to be asked for anew; an hour unless given. */
  keepStaleSeconds?: number | undefined
  /** The name in `Cache-Status`; `werkstatt` unless given. */
  name?: string | undefined
}

const OPTIONS: OptionNames<ResponseCacheOptions> = {
  keepStaleSeconds: true,
  maxBodyBytes: true,
  name: true,
  store: true,
}

/**
 * Answers GET and HEAD from what `app` has answered before, as long as its `Cache-Control` or `Expires` allow; what is stale is
 * asked for anew with its entity tag or date. Responses with Set-Cookie are never kept. A successful request of another
 * method has what is kept for its URL forgotten. `Cache-Status` (RFC 9211) tells what was done. When the store fails, `app`
 * is asked.
 *
 * @throws TypeError without a store, RangeError for a number that is out of range
 */
export function responseCache(app: ApplicationLike, options: ResponseCacheOptions): Application {
  const inner = asApplication(app, "responseCache")
  checkOptions("responseCache", options ?? {}, OPTIONS)
  if (typeof options?.store?.get !== "function") throw new TypeError("responseCache needs a store")
  const { store, maxBodyBytes = 2 ** 20, keepStaleSeconds = 3600, name = "werkstatt" } = options
  for (const [option, value] of Object.entries({ maxBodyBytes, keepStaleSeconds })) {
    if (!(Number.isSafeInteger(value) && value >= 0)) {
      throw new RangeError(`${option} must be a whole number from 0, not ${String(value)}`)
    }
  }
  if (!/^[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*$/.test(name)) {
    throw new RangeError(`the name of a cache is a token, not ${JSON.stringify(name)}`)
  }
  const cache = new ResponseCache(inner, { store, maxBodyBytes, keepStaleSeconds, name })
  return (environ, startResponse) => cache.answer(environ, startResponse)
}

class ResponseCache {
  readonly #app: Application
  readonly #store: Store
  readonly #maxBodyBytes: number
  readonly #keepStaleSeconds: number
  readonly #name: string

  constructor(
    app: Application,
    options: { [Name in keyof ResponseCacheOptions]-?: NonNullable<ResponseCacheOptions[Name]> },
  ) {
    this.#app = app
    this.#store = options.store
    this.#maxBodyBytes = options.maxBodyBytes
    this.#keepStaleSeconds = options.keepStaleSeconds
    this.#name = options.name
  }

  answer(environ: Environ, startResponse: StartResponse): Body | Promise<Body> {
    const method = environ.REQUEST_METHOD
    if (method !== "GET" && method !== "HEAD") {
      return method === "OPTIONS" || method === "TRACE"
        ? this.#app(environ, startResponse)
        : this.#forgetting(environ, startResponse)
    }
    return isPlain(environ) ? this.#answer(environ, startResponse) : this.#app(environ, startResponse)
  }

  async #answer(environ: Environ, startResponse: StartResponse): Promise<Body> {
    const request = readRequest(environ)
    if (request.noStore) return this.#app(environ, startResponse)
    const key = primaryKey(environ)
    let stored: StoredResponse | undefined
    try {
      stored = await findResponse(this.#store, key, environ)
    } catch (error) {
      report(environ, error)
      return this.#app(environ, startResponse)
    }
    const age = stored === undefined ? 0 : ageOf(stored)
    if (stored !== undefined && mayBeUsed(stored, age, request)) {
      return this.#give(environ, startResponse, stored, `hit; ttl=${stored.lifetimeSeconds - age}`)
    }
    if (request.onlyIfCached) {
      return respondWith(new GatewayTimeout("Nothing is kept that may be used."), environ, startResponse)
    }
    if (environ.REQUEST_METHOD === "HEAD") return this.#app(environ, this.#telling("fwd=miss", startResponse))
    if (stored !== undefined && validatorsOf(stored.headers) !== undefined) {
      return this.#validate(environ, startResponse, key, stored)
    }
    return this.#fill(this.#app, environ, startResponse, key, stored === undefined ? "fwd=miss" : "fwd=stale")
  }

  /** Asks the application, and keeps what it answers if that is allowed. */
  async #fill(
    app: Application,
    environ: Environ,
    startResponse: StartResponse,
    key: string,
    did: string,
  ): Promise<Body> {
    let recorded: Recorded | undefined
    const start: StartResponse = (status, headers, error) => {
      recorded = this.#recording(environ, key, status, headers)
      const write = this.#telling(recorded ? `${did}; stored` : did, startResponse)(status, headers, error)
      return (chunk) => {
        // What is written through `write()` is not kept.
        if (recorded !== undefined) recorded.spoiled = true
        return write(chunk)
      }
    }
    const body = await app(environ, start)
    return recordedBody(body, this.#maxBodyBytes, () => recorded)
  }

  /** What to do with the whole body, if the response may be kept. */
  #recording(environ: Environ, key: string, status: string, headers: HeaderList): Recorded | undefined {
    const policy = cachePolicy(environ, status, headers)
    if (policy === undefined) return undefined
    const { lifetimeSeconds, ageSeconds, mustRevalidate, vary } = policy
    const left = Math.max(0, lifetimeSeconds - ageSeconds)
    const ttlSeconds = left + (validatorsOf(headers) === undefined ? 0 : this.#keepStaleSeconds)
    if (ttlSeconds === 0) return undefined
    const storedAt = Date.now()
    const length = fieldOf(headers, "content-length")
    const own: HeaderList = withoutFields(headers, ["age", "cache-status"])
    if (fieldOf(own, "date") === undefined) own.push(["Date", httpDate(new Date(storedAt))])
    return {
      spoiled: false,
      whole: async (body) => {
        if (length !== undefined && Number(length) !== body.length) return
        const response = { status, headers: own, body, storedAt, lifetimeSeconds, ageSeconds, mustRevalidate }
        try {
          await keepResponse(this.#store, key, environ, vary, response, ttlSeconds)
        } catch (error) {
          report(environ, error)
        }
      },
    }
  }

  /** Asks the application whether what is kept is still right (RFC 9111 section 4.3). */
  async #validate(environ: Environ, startResponse: StartResponse, key: string, stored: StoredResponse): Promise<Body> {
    const restore = withConditions(environ, stored.headers)
    const { status, headers, body } = await runApplication(this.#app, environ).finally(restore)
    const list = headers.toList()
    if (!status.startsWith("304")) {
      const known: Application = (_environ, start) => {
        start(status, list)
        return body
      }
      return this.#fill(known, environ, startResponse, key, `fwd=stale; fwd-status=${status.slice(0, 3)}`)
    }
    await closeBody(body)
    const fresh = freshened(stored, list)
    await this.#recording(environ, key, fresh.status, fresh.headers)?.whole(fresh.body)
    return this.#give(environ, startResponse, fresh, "fwd=stale; fwd-status=304")
  }

  #give(environ: Environ, startResponse: StartResponse, stored: StoredResponse, did: string): Body {
    const headers: HeaderList = [...stored.headers, ["Age", String(ageOf(stored))]]
    const decision =
      stored.status.startsWith("200") &&
      evaluatePreconditions(
        {
          ifNoneMatch: textOf(environ, "HTTP_IF_NONE_MATCH"),
          ifModifiedSince: textOf(environ, "HTTP_IF_MODIFIED_SINCE"),
        },
        { etag: fieldOf(headers, "etag"), lastModified: parseDate(fieldOf(headers, "last-modified")) },
      )
    const start = this.#telling(did, startResponse)
    if (decision === "not-modified") {
      removeEntityHeaders(headers)
      start("304 Not Modified", headers)
      return []
    }
    if (fieldOf(headers, "content-length") === undefined && !stored.status.startsWith("204")) {
      headers.push(["Content-Length", String(stored.body.length)])
    }
    start(stored.status, headers)
    return environ.REQUEST_METHOD === "HEAD" || stored.body.length === 0 ? [] : [stored.body]
  }

  /** With `Cache-Status` (RFC 9211). */
  #telling(did: string, startResponse: StartResponse): StartResponse {
    return (status, headers, error) =>
      startResponse(status, [...headers, ["Cache-Status", `${this.#name}; ${did}`]], error)
  }

  /** A request that has changed something makes the response that is kept for its URL void (RFC 9111 section 4.4). */
  #forgetting(environ: Environ, startResponse: StartResponse): Body | Promise<Body> {
    const key = primaryKey(environ)
    const response = new HeldResponse()
    const start: StartResponse = (status, headers, error) => {
      const write = startResponse(status, headers, error)
      const forgetting = /^[23]/.test(status)
        ? this.#store.delete(key).catch((error) => report(environ, error))
        : undefined
      response.start(forgetting)
      return response.writing(write)
    }
    const body = this.#app(environ, start)
    return isThenable(body) ? body.then((settled) => response.body(settled)) : response.body(body)
  }
}

/** Whether a GET or HEAD is for a whole thing, as it is: no part of it, no condition of an editor, no body to answer to. */
function isPlain(environ: Environ): boolean {
  return (
    environ["HTTP_RANGE"] === undefined &&
    environ["HTTP_IF_MATCH"] === undefined &&
    environ["HTTP_IF_UNMODIFIED_SINCE"] === undefined &&
    environ["HTTP_TRANSFER_ENCODING"] === undefined &&
    (environ.CONTENT_LENGTH === undefined || environ.CONTENT_LENGTH === "0")
  )
}

function ageOf({ ageSeconds, storedAt }: StoredResponse): number {
  return ageSeconds + Math.max(0, Math.floor((Date.now() - storedAt) / 1000))
}

function validatorsOf(headers: HeaderList): { etag: string | undefined; lastModified: string | undefined } | undefined {
  const [etag, lastModified] = [fieldOf(headers, "etag"), fieldOf(headers, "last-modified")]
  return etag === undefined && lastModified === undefined ? undefined : { etag, lastModified }
}

/** Makes the request ask for what has changed since; gives back the client's own conditions afterwards. */
function withConditions(environ: Environ, headers: HeaderList): () => void {
  const { etag, lastModified } = validatorsOf(headers) ?? {}
  const conditions = { HTTP_IF_NONE_MATCH: etag, HTTP_IF_MODIFIED_SINCE: lastModified }
  const before = Object.keys(conditions).map((name) => [name, environ[name]] as const)
  const set = ([name, value]: readonly [string, unknown]) => {
    if (value === undefined) delete environ[name]
    else environ[name] = value
  }
  Object.entries(conditions).forEach(set)
  return () => before.forEach(set)
}

/** What is kept, with the headers that a 304 has brought (RFC 9111 section 3.2). */
function freshened(stored: StoredResponse, headers: HeaderList): StoredResponse {
  const brought = headers.filter(([name]) => !/^(?:content-|cache-status$|age$)/i.test(name))
  const names = brought.map(([name]) => asciiLower(name))
  const kept = withoutFields(stored.headers, [...names, "date"])
  const date: HeaderList = names.includes("date") ? [] : [["Date", httpDate(new Date())]]
  return { ...stored, headers: [...kept, ...brought, ...date], storedAt: Date.now(), ageSeconds: 0 }
}

function report(environ: Environ, error: unknown): void {
  reportError(environ, "the store of responseCache fails", error)
}
