// What a shared cache may store, and how long it is fresh (RFC 9111 sections 3 and 4.2). Pure: headers in, decisions out.
// Nothing is guessed: what does not say how long it is fresh is not stored. Where RFC 9111 allows more than is prudent, less is
// done: a response with Set-Cookie is for one visitor only.

import { RequestCacheControl, ResponseCacheControl } from "../datastructures/cache-control.ts"
import type { Environ, HeaderList } from "../gateway.ts"
import { parseAge, parseDate } from "../http/dates.ts"
import { parseListHeader } from "../http/fields.ts"
import { asciiLower, isToken } from "../http/tokens.ts"
import { textOf } from "./header-list.ts"

/** What a response allows. */
export interface CachePolicy {
  /** Seconds that it is fresh after it was made. */
  lifetimeSeconds: number
  /** How old it was when it came. */
  ageSeconds: number
  /** Whether nothing stale may be given, even if the request allows it. */
  mustRevalidate: boolean
  /** Request headers on which it depends, in lower case. */
  vary: string[]
}

/** What a request allows. */
export interface CacheRequest {
  noStore: boolean
  /** Seconds that a stored response may be old; 0 asks for a new look in any case. */
  maxAge: number | undefined
  minFresh: number
  /** Seconds that it may be stale. */
  maxStale: number
  onlyIfCached: boolean
}

/** All values of a header, in one. */
function joined(headers: HeaderList, lowerName: string): string | undefined {
  const values = headers.filter(([name]) => asciiLower(name) === lowerName).map(([, value]) => value)
  return values.length === 0 ? undefined : values.join(", ")
}

/**
 * What may be done with the response to a GET; `undefined` when it must not be stored.
 *
 * @example
 * cachePolicy({}, "200 OK", [["Cache-Control", "max-age=60"]])?.lifetimeSeconds // => 60
 * cachePolicy({}, "200 OK", [["Cache-Control", "max-age=60, s-maxage=5"]])?.lifetimeSeconds // => 5
 * cachePolicy({}, "200 OK", [["Cache-Control", "private, max-age=60"]]) // => undefined
 * cachePolicy({ HTTP_AUTHORIZATION: "Basic x" }, "200 OK", [["Cache-Control", "max-age=60"]]) // => undefined
 */
export function cachePolicy(environ: Environ, status: string, headers: HeaderList): CachePolicy | undefined {
  const code = Number(status.slice(0, 3))
  // A 206 is not a whole response, and a 304 is nothing that can be stored by itself.
  if (code < 200 || code === 206 || code === 304) return undefined
  const field = joined(headers, "cache-control")
  const control = ResponseCacheControl.fromHeader(field)
  if (control.has("no-store") || control.has("private") || joined(headers, "set-cookie") !== undefined) return undefined
  if (readRequest(environ).noStore) return undefined
  // RFC 9111 section 3.5
  const isShared = control.has("public") || control.has("must-revalidate") || control.has("s-maxage")
  if (environ["HTTP_AUTHORIZATION"] !== undefined && !isShared) return undefined
  const vary = parseListHeader(joined(headers, "vary")).map(asciiLower)
  if (vary.some((name) => !isToken(name) || name === "*")) return undefined
  const lifetimeSeconds = lifetimeOf(control, field, headers)
  if (lifetimeSeconds === undefined) return undefined
  return {
    lifetimeSeconds,
    ageSeconds: parseAge(joined(headers, "age")) ?? 0,
    mustRevalidate: ["must-revalidate", "proxy-revalidate", "s-maxage", "no-cache"].some((name) => control.has(name)),
    vary: [...new Set(vary)].sort(),
  }
}

// RFC 9111 section 4.2.1. A malformed value, or one that is said twice in two ways, makes the response stale.
function lifetimeOf(control: ResponseCacheControl, field: string | undefined, headers: HeaderList): number | undefined {
  if (control.has("no-cache")) return 0
  for (const name of ["s-maxage", "max-age"]) {
    if (!control.has(name)) continue
    const value = control.get(name) ?? ""
    const said = parseListHeader(field).filter((item) => asciiLower(item.split("=", 1)[0] as string).trim() === name)
    return said.length === 1 && /^[0-9]+$/.test(value) ? Math.min(Number(value), 2 ** 31) : 0
  }
  const expires = joined(headers, "expires")
  if (expires === undefined) return undefined
  const end = parseDate(expires)?.getTime()
  const made = parseDate(joined(headers, "date"))?.getTime() ?? Date.now()
  return end === undefined ? 0 : Math.max(0, Math.floor((end - made) / 1000))
}

/**
 * What a request asks of caches. `Pragma: no-cache` counts where there is no Cache-Control.
 *
 * @example
 * readRequest({ HTTP_CACHE_CONTROL: "no-cache" }).maxAge // => 0
 * readRequest({ HTTP_CACHE_CONTROL: "max-stale" }).maxStale // => Infinity
 */
export function readRequest(environ: Environ): CacheRequest {
  const field = textOf(environ, "HTTP_CACHE_CONTROL")
  const control = RequestCacheControl.fromHeader(field)
  const pragma = field === undefined && /\bno-cache\b/i.test(textOf(environ, "HTTP_PRAGMA") ?? "")
  const { maxAge, maxStale } = control
  return {
    noStore: control.noStore,
    // A value that is no number gets the most careful reading.
    maxAge: control.noCache || pragma ? 0 : control.has("max-age") ? (maxAge ?? 0) : undefined,
    minFresh: control.minFresh ?? 0,
    maxStale: maxStale === true ? Number.POSITIVE_INFINITY : (maxStale ?? 0),
    onlyIfCached: control.onlyIfCached,
  }
}

/** Whether a stored response may be given without asking anew (RFC 9111 section 4). */
export function mayBeUsed(
  policy: Pick<CachePolicy, "lifetimeSeconds" | "mustRevalidate">,
  age: number,
  request: CacheRequest,
): boolean {
  if (request.maxAge !== undefined && age > request.maxAge) return false
  // A request that says no-cache wants even a fresh response checked.
  if (request.maxAge === 0) return false
  const left = policy.lifetimeSeconds - age
  if (left > 0 && left >= request.minFresh) return true
  return left <= 0 && !policy.mustRevalidate && -left < request.maxStale
}
