// A challenge of a server as an object (RFC 9110 section 11.6.1), made to be changed piece by piece.
// The grammar is http/authorization.ts.

import { checkToken, dumpCredentials, parseChallenges } from "../http/authorization.ts"
import { checkFieldValue, isWritablePair } from "../http/fields.ts"
import { type AuthOptions, authParameters, schemeInTitleCase, schemeOf } from "./authorization.ts"
import { CallbackDict } from "./callback-dict.ts"
import type { GetOptions } from "./conversion.ts"
import type { DictItems } from "./dict.ts"
import { inspectAs, setInspection } from "./inspection.ts"

/**
 * A challenge: how a client can prove its identity. Everything can be changed; a challenge that a response has given out writes
 * its header with each change.
 *
 * @example
 * const challenge = new WWWAuthenticate("digest", { parameters: { realm: "api", nonce: "x" } })
 * challenge.set("stale", "TRUE")
 * challenge.toHeader() // => 'Digest realm="api", nonce="x", stale=TRUE'
 */
export class WWWAuthenticate {
  #type: string
  #parameters: CallbackDict<string | undefined>
  #token: string | undefined
  /** Called with the object after each change. */
  onUpdate: ((challenge: WWWAuthenticate) => void) | undefined

  /** @throws TypeError when the scheme is not a token */
  constructor(type = "basic", options: AuthOptions = {}) {
    this.#type = schemeOf(type)
    this.#token = options.token ?? undefined
    this.#parameters = this.#adopt(options.parameters)
  }

  /**
   * The first challenge of a header; `undefined` when there is none.
   *
   * @example
   * WWWAuthenticate.fromHeader('Basic realm="a b"').get("realm") // => "a b"
   */
  static fromHeader(text: string | undefined): WWWAuthenticate | undefined {
    const first = parseChallenges(text)[0]
    return first && new WWWAuthenticate(first.scheme, first)
  }

  /**
   * All challenges of a header, which may hold several.
   *
   * @example
   * WWWAuthenticate.allFromHeader('Negotiate, Basic realm="x"').map((challenge) => challenge.type) // => ["negotiate", "basic"]
   */
  static allFromHeader(text: string | undefined): WWWAuthenticate[] {
    return parseChallenges(text).map((value) => new WWWAuthenticate(value.scheme, value))
  }

  /**
   * The challenge as it stands in a header. Digest has some parameters always in quotes (RFC 7616 section 3.3).
   *
   * @throws TypeError for what cannot stand in a header
   */
  toHeader(): string {
    const scheme = schemeInTitleCase(this.#type)
    const value = { scheme, parameters: new Map(this.#parameters), token: this.#token }
    return checkFieldValue(dumpCredentials(value, { digestChallenge: this.#type === "digest" }))
  }

  /** The same as `toHeader()`. */
  toString(): string {
    return this.toHeader()
  }

  /** The scheme in lower case. */
  get type(): string {
    return this.#type
  }

  set type(type: string) {
    this.#type = schemeOf(type)
    this.onUpdate?.(this)
  }

  /** The parameters; changing them changes the challenge. May be replaced by any pairs. */
  get parameters(): CallbackDict<string | undefined> {
    return this.#parameters
  }

  set parameters(parameters: DictItems<string | null | undefined> | null | undefined) {
    this.#parameters = this.#adopt(parameters)
    this.onUpdate?.(this)
  }

  /** What stands in place of parameters; while there is one, parameters are not sent. */
  get token(): string | undefined {
    return this.#token
  }

  /** @throws TypeError for a token that cannot stand in a header */
  set token(token: string | null | undefined) {
    this.#token = token === null || token === undefined ? undefined : checkToken(token)
    this.onUpdate?.(this)
  }

  /** A parameter, converted if asked for. */
  get<T = string | undefined, D = undefined>(
    name: string,
    options?: GetOptions<string | undefined, T, D>,
  ): Exclude<T, undefined> | D {
    return this.#parameters.get(name, options)
  }

  /** Whether there is such a parameter. */
  has(name: string): boolean {
    return this.#parameters.has(name)
  }

  /**
   * Sets a parameter; `null` or `undefined` removes it.
   *
   * @throws TypeError for a name or value that cannot stand in a header
   */
  set(name: string, value: string | null | undefined): void {
    if (value === null || value === undefined) {
      this.delete(name)
      return
    }
    if (!isWritablePair(name, checkFieldValue(value)))
      throw new TypeError(`Not a parameter name: ${JSON.stringify(name)}`)
    this.#parameters.set(name, value)
  }

  /** Removes a parameter; tells whether it was there. */
  delete(name: string): boolean {
    return this.#parameters.delete(name)
  }

  /** Whether the other is the same challenge. */
  equals(other: unknown): boolean {
    if (!(other instanceof WWWAuthenticate)) return false
    return other.type === this.type && other.token === this.token && other.parameters.equals(this.parameters)
  }

  /** How it looks in a console. */
  static {
    setInspection(WWWAuthenticate.prototype, function (_depth, options, inspect) {
      return inspectAs(this, this.toHeader(), options, inspect)
    })
  }

  #adopt(parameters: AuthOptions["parameters"]): CallbackDict<string | undefined> {
    return new CallbackDict(authParameters(parameters), () => this.onUpdate?.(this))
  }
}
