// Content-Security-Policy as properties: `csp.scriptSrc = "'self'"`.
// A dict of directives underneath, so that those we do not know are kept. The properties are made from a list of their
// names, since each is its directive in camel case and nothing else.

import { dumpContentSecurityPolicy, parseContentSecurityPolicy } from "../http/content-security-policy.ts"
import { checkFieldValue } from "../http/fields.ts"
import { stripSpace } from "../http/tokens.ts"
import { CallbackDict } from "./callback-dict.ts"
import type { DictItems } from "./dict.ts"

const PROPERTIES = [
  "baseUri",
  "childSrc",
  "connectSrc",
  "defaultSrc",
  "fontSrc",
  "formAction",
  "frameAncestors",
  "frameSrc",
  "imgSrc",
  "manifestSrc",
  "mediaSrc",
  "objectSrc",
  "reportTo",
  "reportUri",
  "requireTrustedTypesFor",
  "sandbox",
  "scriptSrc",
  "scriptSrcAttr",
  "scriptSrcElem",
  "styleSrc",
  "styleSrcAttr",
  "styleSrcElem",
  "trustedTypes",
  "upgradeInsecureRequests",
  "workerSrc",
] as const satisfies (keyof ContentSecurityPolicy)[]

/**
 * A content security policy (CSP level 3). A property is the text of its directive: `""` for a directive without a value,
 * `undefined` for a directive that is missing; setting `undefined` or `null` removes it. Directives that are no property go
 * through `get`, `set` and `delete`, which a subclass may build properties of its own on.
 *
 * @example
 * const policy = ContentSecurityPolicy.fromHeader("default-src 'self'; sandbox")
 * policy.sandbox // => ""
 * policy.imgSrc = "*"
 * policy.set("report-sha256", "x")
 * policy.toHeader() // => "default-src 'self'; sandbox; img-src *; report-sha256 x"
 * policy.scriptSrc = "a; b" // throws TypeError
 */
export class ContentSecurityPolicy extends CallbackDict<string> {
  /** Whether there was a header at all; once the object of a response has changed, whether there is one now. */
  provided: boolean

  /** What `<base>` may be. */
  declare baseUri: string | undefined
  /** Where workers and frames come from, unless `workerSrc` and `frameSrc` say. */
  declare childSrc: string | undefined
  /** Where scripts may connect to. */
  declare connectSrc: string | undefined
  /** What counts where a directive for fetching is missing. */
  declare defaultSrc: string | undefined
  /** Where fonts come from. */
  declare fontSrc: string | undefined
  /** Where forms may be sent. */
  declare formAction: string | undefined
  /** The origins that may embed the page. */
  declare frameAncestors: string | undefined
  /** Where frames come from. */
  declare frameSrc: string | undefined
  /** Where images come from. */
  declare imgSrc: string | undefined
  /** Where manifests come from. */
  declare manifestSrc: string | undefined
  /** Where audio and video come from. */
  declare mediaSrc: string | undefined
  /** Where plug-ins come from. */
  declare objectSrc: string | undefined
  /** The reporting endpoint that hears of violations. */
  declare reportTo: string | undefined
  /** The addresses that hear of violations; `reportTo` replaces it. */
  declare reportUri: string | undefined
  /** Which sinks take trusted types only. */
  declare requireTrustedTypesFor: string | undefined
  /** Puts the page into a sandbox; the value lists what it may do. */
  declare sandbox: string | undefined
  /** Where scripts come from. */
  declare scriptSrc: string | undefined
  /** Which scripts may stand in attributes. */
  declare scriptSrcAttr: string | undefined
  /** Which scripts may stand in elements. */
  declare scriptSrcElem: string | undefined
  /** Where style sheets come from. */
  declare styleSrc: string | undefined
  /** Which styles may stand in attributes. */
  declare styleSrcAttr: string | undefined
  /** Which styles may stand in elements. */
  declare styleSrcElem: string | undefined
  /** Which policies for trusted types may be made. */
  declare trustedTypes: string | undefined
  /** Fetches over TLS what is linked without; set it to `""`. */
  declare upgradeInsecureRequests: string | undefined
  /** Where workers come from. */
  declare workerSrc: string | undefined

  static {
    for (const property of PROPERTIES) {
      const directive = property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      Object.defineProperty(ContentSecurityPolicy.prototype, property, {
        configurable: true,
        get(this: ContentSecurityPolicy): string | undefined {
          return this.get(directive)
        },
        set(this: ContentSecurityPolicy, value: string | null | undefined): void {
          if (value === undefined || value === null) this.delete(directive)
          else this.set(directive, value)
        },
      })
    }
  }

  constructor(directives?: DictItems<string> | null) {
    super(directives)
    this.provided = directives !== undefined && directives !== null
  }

  /** The directives of a header. Names are in lower case, and of several with the same name the first counts. */
  static fromHeader(text: string | undefined): ContentSecurityPolicy {
    return new ContentSecurityPolicy(text ? parseContentSecurityPolicy(text) : undefined)
  }

  /** The directives as they stand in a header; empty when there are none. */
  toHeader(): string {
    return dumpContentSecurityPolicy(this.stored)
  }

  /** The same as `toHeader()`. */
  override toString(): string {
    return this.toHeader()
  }

  /** @throws TypeError for a name or value that would begin another directive, or cannot stand in a header */
  override set(directive: string, value: string): void {
    dumpContentSecurityPolicy([[directive, checkFieldValue(value)]])
    super.set(directive, stripSpace(value))
  }
}
