// A response as text on a Store: a line of JSON, and the body in base64 behind it. Where responses depend on headers of the
// request, the place of the URL says on which, and each variant has a place of its own.

import type { Environ, HeaderList } from "../gateway.ts"
import type { Store } from "../stores/store.ts"
import type { CachePolicy } from "./cache-policy.ts"
import { fieldKey, textOf } from "./header-list.ts"

/** A response that was kept. */
export interface StoredResponse extends Pick<CachePolicy, "lifetimeSeconds" | "mustRevalidate" | "ageSeconds"> {
  status: string
  headers: HeaderList
  body: Uint8Array
  /** In milliseconds, as `Date.now()` counts. */
  storedAt: number
}

/**
 * The place of a URL: scheme, host, path and query, and the target as it was written, since two of them that are decoded to one
 * path may be two things to the application.
 */
export function primaryKey(environ: Environ): string {
  const { SCRIPT_NAME, PATH_INFO, QUERY_STRING } = environ
  const host = (textOf(environ, "HTTP_HOST") ?? `${environ.SERVER_NAME}:${environ.SERVER_PORT}`).toLowerCase()
  const target = environ.REQUEST_URI ?? ""
  return hashed([environ["wsgi.url_scheme"], host, SCRIPT_NAME + PATH_INFO, QUERY_STRING, target])
}

function hashed(parts: readonly string[]): string {
  // Loaded by the first request: it takes a while.
  const { createHash } = process.getBuiltinModule("node:crypto")
  return `cache:${createHash("sha256").update(JSON.stringify(parts)).digest("base64url")}`
}

/** What stands in the place of a URL with variants. */
interface Variants {
  vary: readonly string[]
  /** Those of another generation were forgotten together with it. */
  generation: string
}

/** The place of a variant: of the values that the request has in these headers. */
function variantKey(key: string, { vary, generation }: Variants, environ: Environ): string {
  return hashed([key, generation, ...vary.map((name) => `${name}:${textOf(environ, fieldKey(name)) ?? ""}`)])
}

/** What is kept for a request. */
export async function findResponse(store: Store, key: string, environ: Environ): Promise<StoredResponse | undefined> {
  const text = await store.get(key)
  const variants = text === undefined ? undefined : parseVariants(text)
  const found = variants === undefined ? text : await store.get(variantKey(key, variants, environ))
  return found === undefined ? undefined : parseResponse(found)
}

/** Keeps a response; for so long that it can be asked for anew when it is stale. */
export async function keepResponse(
  store: Store,
  key: string,
  environ: Environ,
  vary: readonly string[],
  response: StoredResponse,
  ttlSeconds: number,
): Promise<void> {
  const { body, ...head } = response
  const text = `${JSON.stringify(head)}\n${Buffer.from(body).toString("base64")}`
  if (vary.length === 0) {
    await store.set(key, text, { ttlSeconds })
    return
  }
  const known = parseVariants((await store.get(key)) ?? "")
  const same = known !== undefined && known.vary.join() === vary.join()
  const variants: Variants = { vary, generation: same ? known.generation : crypto.randomUUID() }
  await store.set(variantKey(key, variants, environ), text, { ttlSeconds })
  await store.set(key, VARIANTS + JSON.stringify(variants), { ttlSeconds })
}

const VARIANTS = "variants "

function parseVariants(text: string): Variants | undefined {
  return text.startsWith(VARIANTS) ? (JSON.parse(text.slice(VARIANTS.length)) as Variants) : undefined
}

function parseResponse(text: string): StoredResponse | undefined {
  const end = text.indexOf("\n")
  try {
    const head = JSON.parse(text.slice(0, end)) as Omit<StoredResponse, "body">
    // A copy: Node cuts small buffers out of a large one, and code that hands one on hands on all of it.
    return { ...head, body: new Uint8Array(Buffer.from(text.slice(end + 1), "base64")) }
  } catch {
    return undefined
  }
}
