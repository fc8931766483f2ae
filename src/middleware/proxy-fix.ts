// Puts right what an application behind proxies sees: the client's address, and scheme, host and mount as the client wrote
// them. Stands outside of every layer that looks at one of these.
// A client can send all of these headers, so nothing is believed unless told: how many proxies write each header, or which
// addresses are proxies. What is malformed counts as not there. The texts are read by forwarded.ts.

import { asApplication } from "../as-application.ts"
import type { Application, ApplicationLike, Environ } from "../gateway.ts"
import { parseListHeader } from "../http/fields.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { AddressList } from "./address-list.ts"
import {
  type ForwardedElement,
  forwardedAddress,
  forwardedHost,
  forwardedPort,
  forwardedPrefix,
  forwardedScheme,
  parseForwarded,
} from "./forwarded.ts"
import { textOf } from "./header-list.ts"

/**
 * How many proxies of yours add to a header, counted from the application: the value that counts is the one that the
 * outermost of them wrote. With `"trusted"` it is found by addresses: the last one in the chain that is not in `trusted`.
 */
export type ProxyCount = number | "trusted"

/** Which headers to believe. A header is believed only where its count is given and not 0. */
export interface ProxyFixOptions {
  /** `X-Forwarded-For`: REMOTE_ADDR. */
  for?: ProxyCount | undefined
  /** `X-Forwarded-Proto`: the scheme. */
  proto?: number | undefined
  /** `X-Forwarded-Host`: HTTP_HOST, SERVER_NAME and, if it has a port, SERVER_PORT. */
  host?: number | undefined
  /** `X-Forwarded-Port`: SERVER_PORT, and the port in HTTP_HOST. */
  port?: number | undefined
  /** `X-Forwarded-Prefix`: SCRIPT_NAME. */
  prefix?: number | undefined
  /** `Forwarded` (RFC 7239): REMOTE_ADDR, scheme and host, all from one element. Not together with `for`, `proto`, `host`. */
  forwarded?: ProxyCount | undefined
  /** Addresses and networks (CIDR) of the proxies. With it, nothing is believed that another peer sends. */
  trusted?: Iterable<string> | undefined
}

/** The variables that proxyFix may change, as the server set them; those that were missing are missing. */
export type OriginalVariables = Partial<
  Pick<
    Environ,
    "REMOTE_ADDR" | "wsgi.url_scheme" | "HTTP_HOST" | "SERVER_NAME" | "SERVER_PORT" | "SCRIPT_NAME" | "HTTPS"
  >
>

/** Where the original variables are in the environ. */
export const PROXY_FIX_ORIGINALS = "werkstatt.proxy_fix.orig"

const VARIABLES = [
  "REMOTE_ADDR",
  "wsgi.url_scheme",
  "HTTP_HOST",
  "SERVER_NAME",
  "SERVER_PORT",
  "SCRIPT_NAME",
  "HTTPS",
] as const

const OPTIONS: OptionNames<ProxyFixOptions> = {
  for: true,
  proto: true,
  host: true,
  port: true,
  prefix: true,
  forwarded: true,
  trusted: true,
}

/**
 * Takes address, scheme, host, port and mount from what proxies have added to the request. The count of a header is that of the
 * proxies which add to it; one too many lets clients choose their own address. A header with fewer values than that is left out,
 * and so is a malformed value; but an address that is hidden or malformed takes REMOTE_ADDR away: it is not the proxy's.
 *
 * What the server set is kept in the environ under `werkstatt.proxy_fix.orig`.
 *
 * @throws RangeError when a count is no whole number from 0, or an entry of `trusted` no address; TypeError for options that
 *   contradict each other
 */
export function proxyFix(app: ApplicationLike, options: ProxyFixOptions = {}): Application {
  const inner = asApplication(app, "proxyFix")
  checkOptions("proxyFix", options, OPTIONS)
  const plan = planOf(options)
  return (environ, startResponse) => {
    const originals: OriginalVariables = {}
    for (const name of VARIABLES) if (environ[name] !== undefined) originals[name] = environ[name] as string
    if (plan.trusted === undefined || plan.trusted.has(environ.REMOTE_ADDR))
      apply(forwardedRequest(environ, plan), environ)
    environ[PROXY_FIX_ORIGINALS] = originals
    return inner(environ, startResponse)
  }
}

/** The options, checked. */
interface Plan extends Omit<ProxyFixOptions, "trusted"> {
  trusted: AddressList | undefined
}

/** What the believed headers say; what they don't is missing. */
export interface ForwardedRequest {
  /** An address; `null` when it is hidden. */
  address?: string | null
  scheme?: "http" | "https"
  host?: readonly [name: string, port: string | undefined]
  port?: string
  prefix?: string
}

/** @throws as proxyFix does */
export function planOf({ trusted, ...counts }: ProxyFixOptions): Plan {
  for (const [name, count] of Object.entries(counts)) {
    if (count === undefined || (Number.isSafeInteger(count) && (count as number) >= 0)) continue
    if (count !== "trusted" || (name !== "for" && name !== "forwarded")) {
      throw new RangeError(`the count of proxies for ${name} must be a whole number from 0, not ${String(count)}`)
    }
    if (trusted === undefined) throw new TypeError(`${name}: "trusted" needs the list of trusted proxies`)
  }
  if (counts.forwarded && (counts.for || counts.proto || counts.host)) {
    throw new TypeError(
      "believe either Forwarded or the X-Forwarded headers: a proxy that writes one passes on the other",
    )
  }
  return { ...counts, trusted: trusted && new AddressList(trusted) }
}

/**
 * What the headers of a request say, as far as they are believed.
 *
 * @example
 * const plan = planOf({ for: 1, proto: 1 })
 * forwardedRequest({ HTTP_X_FORWARDED_FOR: "6.6.6.6, 192.0.2.1", HTTP_X_FORWARDED_PROTO: "https" }, plan) // => { address: "192.0.2.1", scheme: "https" }
 * forwardedRequest({ HTTP_X_FORWARDED_FOR: "192.0.2.1" }, planOf({ for: 2 })) // => {}
 * forwardedRequest({ HTTP_X_FORWARDED_FOR: "6.6.6.6, 192.0.2.1, 10.0.0.2" }, planOf({ for: "trusted", trusted: ["10.0.0.0/8"] })) // => { address: "192.0.2.1" }
 */
export function forwardedRequest(environ: Environ, plan: Plan): ForwardedRequest {
  const said: ForwardedRequest = {}
  const take = (key: string, count: ProxyCount | undefined) => {
    const text = count ? textOf(environ, key) : undefined
    if (text === undefined) return undefined
    const values = parseListHeader(text).filter((value) => value !== "")
    return count === "trusted"
      ? nearestStranger(values, forwardedAddress, plan.trusted as AddressList)
      : values.at(-(count as number))
  }
  const node = take("HTTP_X_FORWARDED_FOR", plan.for)
  if (node !== undefined) said.address = forwardedAddress(node) ?? null
  set(said, "scheme", take("HTTP_X_FORWARDED_PROTO", plan.proto), forwardedScheme)
  set(said, "host", take("HTTP_X_FORWARDED_HOST", plan.host), forwardedHost)
  set(said, "port", take("HTTP_X_FORWARDED_PORT", plan.port), forwardedPort)
  set(said, "prefix", take("HTTP_X_FORWARDED_PREFIX", plan.prefix), forwardedPrefix)

  const element = plan.forwarded ? forwardedElement(textOf(environ, "HTTP_FORWARDED"), plan) : undefined
  if (element !== undefined) {
    const client = element.get("for")
    if (client !== undefined) said.address = forwardedAddress(client) ?? null
    set(said, "scheme", element.get("proto"), forwardedScheme)
    set(said, "host", element.get("host"), forwardedHost)
  }
  return said
}

function set<K extends keyof ForwardedRequest>(
  said: ForwardedRequest,
  key: K,
  text: string | undefined,
  parse: (text: string) => ForwardedRequest[K] | undefined,
): void {
  const value = text === undefined ? undefined : parse(text)
  if (value !== undefined) said[key] = value
}

function forwardedElement(text: string | undefined, { forwarded, trusted }: Plan): ForwardedElement | undefined {
  const elements = text === undefined ? undefined : parseForwarded(text)
  if (forwarded !== "trusted") return elements?.at(-(forwarded as number))
  const addressOf = (element: ForwardedElement) => forwardedAddress(element.get("for") ?? "")
  return elements && nearestStranger(elements, addressOf, trusted as AddressList)
}

/** From the right, the first that is not one of ours; the first of all when every one is. */
function nearestStranger<T>(
  chain: readonly T[],
  addressOf: (item: T) => string | undefined,
  ours: AddressList,
): T | undefined {
  return chain.findLast((item) => !ours.has(addressOf(item))) ?? chain[0]
}

function apply({ address, scheme, host, port, prefix }: ForwardedRequest, environ: Environ): void {
  if (address === null) delete environ.REMOTE_ADDR
  else if (address !== undefined) environ.REMOTE_ADDR = address
  // The port belongs to the connection of the proxy.
  if (address !== undefined) delete environ.REMOTE_PORT
  if (scheme !== undefined) {
    environ["wsgi.url_scheme"] = scheme
    if (scheme === "https") environ.HTTPS = "on"
    else delete environ.HTTPS
  }
  if (host !== undefined) {
    const [name, hostPort] = host
    environ["HTTP_HOST"] = hostPort === undefined ? name : `${name}:${hostPort}`
    environ.SERVER_NAME = name
    if (hostPort !== undefined) environ.SERVER_PORT = hostPort
  }
  if (port !== undefined) {
    const [name] = forwardedHost(textOf(environ, "HTTP_HOST") ?? "") ?? []
    if (name !== undefined) environ["HTTP_HOST"] = `${name}:${port}`
    environ.SERVER_PORT = port
  }
  if (prefix !== undefined) {
    environ.SCRIPT_NAME = prefix
    // There is no request without a path.
    if (prefix === "" && environ.PATH_INFO === "") environ.PATH_INFO = "/"
  }
}
