// How often a client may ask. The counts are on a Store, so that several machines count together.
// Two windows of the clock are looked at, the current one and a part of the one before, which gets smaller as time goes on: a
// client that waits for the next window gains nothing, and a store needs no more than counters.

import { asApplication } from "../as-application.ts"
import { respondWith } from "../environ/responder.ts"
import { ServiceUnavailable, TooManyRequests } from "../exceptions/statuses.ts"
import type { Application, ApplicationLike, Environ, StartResponse } from "../gateway.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { reportError } from "../running/report.ts"
import { MemoryStore } from "../stores/memory-store.ts"
import type { Store } from "../stores/store.ts"
import { parseAddress } from "./address-list.ts"
import { textOf } from "./header-list.ts"

/** How often a client may ask. */
export interface RateLimitOptions {
  /** Requests in a window. */
  limit: number
  /** The length of a window. */
  windowSeconds: number
  /** Where the counts are; in the memory of this process unless given. */
  store?: Store | undefined
  /** The name of the policy, in the headers and on the store: `default` unless given. Each limit needs one of its own. */
  name?: string | undefined
  /**
   * The client that asks; `undefined` for a request that does not count. Unless given, the address of the peer, of IPv6 the
   * network of 64 bits, which is what one client has.
   */
  key?: ((environ: Environ) => string | undefined) | undefined
  /** What happens when the store fails: the request is let through, which is the default, or refused with 503. */
  onStoreError?: "allow" | "refuse" | undefined
}

const OPTIONS: OptionNames<RateLimitOptions> = {
  key: true,
  limit: true,
  name: true,
  onStoreError: true,
  store: true,
  windowSeconds: true,
}

/** What is left to a client. */
interface Quota {
  allowed: boolean
  remaining: number
  /** Until the window ends. */
  resetSeconds: number
  retryAfterSeconds: number
}

/**
 * Answers 429 with `Retry-After` to clients that ask too often, and tells all of them what is left to them in `RateLimit` and
 * `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). A request that is refused does not count.
 *
 * @throws RangeError for a limit, a window or a name that can't be one
 */
export function rateLimit(app: ApplicationLike, options: RateLimitOptions): Application {
  const inner = asApplication(app, "rateLimit")
  checkOptions("rateLimit", options ?? {}, OPTIONS)
  const { limit, windowSeconds, name = "default", key = clientKey, onStoreError = "allow" } = options
  const store = options.store ?? new MemoryStore()
  if (!(Number.isSafeInteger(limit) && limit > 0)) throw new RangeError(`limit must be from 1, not ${String(limit)}`)
  if (!(Number.isSafeInteger(windowSeconds) && windowSeconds > 0)) {
    throw new RangeError(`windowSeconds must be a whole number from 1, not ${String(windowSeconds)}`)
  }
  if (!/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/.test(name))
    throw new RangeError(`not the name of a policy: ${JSON.stringify(name)}`)
  const policy = `"${name}";q=${limit};w=${windowSeconds}`

  return async (environ, startResponse) => {
    const client = key(environ)
    if (client === undefined) return inner(environ, startResponse)
    let quota: Quota
    try {
      quota = await take(store, `rate:${name}:${client}`, limit, windowSeconds)
    } catch (error) {
      reportError(environ, "the store of rateLimit fails", error)
      if (onStoreError === "allow") return inner(environ, startResponse)
      return respondWith(new ServiceUnavailable(), environ, startResponse)
    }
    const start: StartResponse = (status, headers, error) =>
      startResponse(
        status,
        [
          ...headers,
          ["RateLimit-Policy", policy],
          ["RateLimit", `"${name}";r=${quota.remaining};t=${quota.resetSeconds}`],
        ],
        error,
      )
    if (quota.allowed) return inner(environ, start)
    return respondWith(new TooManyRequests({ retryAfter: quota.retryAfterSeconds }), environ, start)
  }
}

async function take(store: Store, key: string, limit: number, windowSeconds: number): Promise<Quota> {
  // Whole milliseconds, so that what fits in at the end of a wait is not lost by rounding.
  const windowMs = windowSeconds * 1000
  const now = Date.now()
  const window = Math.floor(now / windowMs)
  const leftMs = (window + 1) * windowMs - now
  const [current, before] = await Promise.all([
    store.increment(`${key}:${window}`, { ttlSeconds: 2 * windowSeconds }),
    store.get(`${key}:${window - 1}`).then((text) => Number(text ?? 0)),
  ])
  const used = current + (before * leftMs) / windowMs
  const resetSeconds = Math.ceil(leftMs / 1000)
  const remaining = Math.max(0, Math.floor(limit - used))
  if (used <= limit) return { allowed: true, remaining, resetSeconds, retryAfterSeconds: 0 }
  // A client that keeps asking is let in as soon as other clients would be.
  await store.increment(`${key}:${window}`, { by: -1, ttlSeconds: 2 * windowSeconds })
  const waitMs =
    msUntilRoom(limit - current, before, leftMs, windowMs) ?? leftMs + msAfter(limit, current - 1, windowMs)
  return { allowed: false, remaining: 0, resetSeconds, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) }
}

/** How long until there is room for one more in this window, as that before goes out of sight; `undefined` if never. */
function msUntilRoom(room: number, before: number, leftMs: number, windowMs: number): number | undefined {
  if (room < 0 || before === 0) return undefined
  return leftMs - (room * windowMs) / before
}

/** How far into the next window there is room for one, where this one counts as that before. */
function msAfter(limit: number, current: number, windowMs: number): number {
  return Math.max(0, windowMs - ((limit - 1) * windowMs) / current)
}

function clientKey(environ: Environ): string {
  const address = textOf(environ, "REMOTE_ADDR")
  // A unix socket has no addresses: behind it, proxyFix tells the address of the client.
  if (address === undefined) return "-"
  const bytes = parseAddress(address)
  if (bytes === undefined || bytes.length === 4) return bytes?.join(".") ?? address
  return `${Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("")}/64`
}
