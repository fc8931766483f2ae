// Headers by which browsers protect the visitors of a site: what a page may load and which pages may embed it (CSP level 3), that
// there is no way without TLS (RFC 6797), that types are what they are said to be, and how much other sites learn.
// The defaults suit a site that loads its own scripts and styles from itself; a header that the application sets goes before.

import { asApplication } from "../as-application.ts"
import type { Application, ApplicationLike, Environ, StartResponse } from "../gateway.ts"
import { dumpContentSecurityPolicy, parseContentSecurityPolicy } from "../http/content-security-policy.ts"
import { checkFieldValue } from "../http/fields.ts"
import { asciiLower } from "../http/tokens.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"

/** A whole policy as text; directives that are put over the defaults, `false` removing one; or no policy at all. */
export type PolicyOption = string | Readonly<Record<string, string | false>> | false

/** The headers; `false` leaves one out. */
export interface SecurityHeadersOptions {
  /** `default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; img-src 'self' data:; object-src 'none'` */
  contentSecurityPolicy?: PolicyOption | undefined
  /** A policy that browsers report on without enforcing it. None unless given. */
  contentSecurityPolicyReportOnly?: PolicyOption | undefined
  /** `same-origin` */
  crossOriginOpenerPolicy?: string | false | undefined
  /** `same-origin`: pages of other origins can't show what comes from here. */
  crossOriginResourcePolicy?: string | false | undefined
  /** No page may use camera, location, microphone, payment and USB. */
  permissionsPolicy?: string | false | undefined
  /** `strict-origin-when-cross-origin` */
  referrerPolicy?: string | false | undefined
  /** `max-age=31536000`, with TLS only. */
  strictTransportSecurity?: string | false | undefined
  /** `nosniff` */
  xContentTypeOptions?: "nosniff" | false | undefined
  /** `DENY`, for browsers that know no frame-ancestors. */
  xFrameOptions?: "DENY" | "SAMEORIGIN" | false | undefined
}

const DEFAULT_POLICY = new Map([
  ["default-src", "'self'"],
  ["base-uri", "'none'"],
  ["form-action", "'self'"],
  ["frame-ancestors", "'none'"],
  ["img-src", "'self' data:"],
  ["object-src", "'none'"],
])

const OPTIONS: OptionNames<SecurityHeadersOptions> = {
  contentSecurityPolicy: true,
  contentSecurityPolicyReportOnly: true,
  crossOriginOpenerPolicy: true,
  crossOriginResourcePolicy: true,
  permissionsPolicy: true,
  referrerPolicy: true,
  strictTransportSecurity: true,
  xContentTypeOptions: true,
  xFrameOptions: true,
}

/** Headers whose value is the same for all responses: option, name, default. */
const CONSTANT = [
  ["xContentTypeOptions", "X-Content-Type-Options", "nosniff"],
  ["xFrameOptions", "X-Frame-Options", "DENY"],
  ["referrerPolicy", "Referrer-Policy", "strict-origin-when-cross-origin"],
  ["permissionsPolicy", "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"],
  ["crossOriginOpenerPolicy", "Cross-Origin-Opener-Policy", "same-origin"],
  ["crossOriginResourcePolicy", "Cross-Origin-Resource-Policy", "same-origin"],
] as const satisfies [keyof SecurityHeadersOptions, string, string][]

const KEY = "werkstatt.csp_nonce"

/**
 * Adds headers that make browsers careful, each unless `app` has set it itself.
 *
 * @throws TypeError for a value that can't be sent
 */
export function securityHeaders(app: ApplicationLike, options: SecurityHeadersOptions = {}): Application {
  const inner = asApplication(app, "securityHeaders")
  checkOptions("securityHeaders", options, OPTIONS)
  const constant: [name: string, lowerName: string, value: string][] = []
  for (const [option, name, value] of CONSTANT) {
    const chosen = options[option] ?? value
    if (chosen !== false) constant.push([name, asciiLower(name), checkFieldValue(chosen)])
  }
  const policies = [
    policyOf("Content-Security-Policy", options.contentSecurityPolicy ?? {}),
    policyOf("Content-Security-Policy-Report-Only", options.contentSecurityPolicyReportOnly ?? false),
  ].filter((policy) => policy !== undefined)
  const transport = options.strictTransportSecurity ?? "max-age=31536000"
  if (transport !== false) checkFieldValue(transport)

  return (environ, startResponse) => {
    const nonce = new Nonce()
    environ[KEY] = nonce
    const start: StartResponse = (status, headers, error) => {
      const given = headers.map(([name]) => asciiLower(name))
      const own = [...headers]
      const add = (name: string, lowerName: string, value: string) => {
        if (!given.includes(lowerName)) own.push([name, value])
      }
      for (const [name, lowerName, value] of constant) add(name, lowerName, value)
      // RFC 6797 section 7.2: not without TLS.
      if (transport !== false && environ["wsgi.url_scheme"] === "https")
        add("Strict-Transport-Security", "strict-transport-security", transport)
      // A stored page keeps the policy with the nonce that is in it.
      if (!status.startsWith("304")) {
        for (const policy of policies) add(policy.name, policy.lowerName, policy.valueWith(nonce.used))
      }
      return startResponse(status, own, error)
    }
    return inner(environ, start)
  }
}

/** A number used once, made when the application asks. */
class Nonce {
  used: string | undefined = undefined

  get(): string {
    this.used ??= Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64")
    return this.used
  }
}

/**
 * The nonce of this response, for `<script nonce="…">` and `<style nonce="…">`: the policy that is sent then allows them. Ask
 * before the response begins.
 *
 * @throws TypeError when there is no `securityHeaders` layer around the application
 * @example
 * cspNonce({}) // throws TypeError
 */
export function cspNonce(request: Environ | { readonly environ: Environ }): string {
  const { environ } = request as { environ?: unknown }
  const nonce = ((typeof environ === "object" && environ !== null ? environ : request) as Environ)[KEY]
  if (nonce instanceof Nonce) return nonce.get()
  throw new TypeError("there is no nonce here: put securityHeaders(app) around the application")
}

interface Policy {
  name: string
  lowerName: string
  valueWith(nonce: string | undefined): string
}

function policyOf(name: string, option: PolicyOption): Policy | undefined {
  if (option === false) return undefined
  const directives = typeof option === "string" ? parseContentSecurityPolicy(option) : new Map(DEFAULT_POLICY)
  if (typeof option !== "string") {
    for (const [directive, value] of Object.entries(option)) {
      if (value === false) directives.delete(asciiLower(directive))
      else directives.set(asciiLower(directive), value)
    }
  }
  const plain = dumpContentSecurityPolicy(directives)
  if (plain === "") return undefined
  const valueWith = (nonce: string | undefined) =>
    nonce === undefined ? plain : dumpContentSecurityPolicy(withNonce(directives, `'nonce-${nonce}'`))
  return { name, lowerName: asciiLower(name), valueWith }
}

/** With a source for scripts and styles. Where these have no directive of their own, they get what counted for them. */
function withNonce(directives: ReadonlyMap<string, string>, source: string): Map<string, string> {
  const all = new Map(directives)
  for (const directive of ["script-src", "style-src"]) {
    const sources = all.get(directive) ?? directives.get("default-src")
    // Without either, everything is allowed; with 'none', nothing else may stand beside it.
    if (sources !== undefined) all.set(directive, sources === "'none'" ? source : `${sources} ${source}`.trim())
  }
  return all
}
