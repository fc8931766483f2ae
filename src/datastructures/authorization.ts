// Credentials and challenges as objects (RFC 9110 section 11): what a client shows, and what a server asks for.
// The grammar is http/authorization.ts. Whether a password is right is nobody's business here.

import {
  type AuthValue,
  dumpBasic,
  dumpCredentials,
  parseBasic,
  parseChallenges,
  parseCredentials,
} from "../http/authorization.ts"
import { checkFieldValue } from "../http/fields.ts"
import { asciiLower, isToken } from "../http/tokens.ts"
import { CallbackDict } from "./callback-dict.ts"
import type { GetOptions } from "./conversion.ts"
import { type DictItems, ImmutableDict } from "./dict.ts"
import { type Inspect, inspectAs, inspectSymbol } from "./inspection.ts"

/** Parameters or a token: a scheme has one of them. */
export interface AuthOptions {
  /** `undefined` is the value of a parameter that has none. */
  parameters?: DictItems<string | null | undefined> | null | undefined
  /** What stands in place of parameters, as with Bearer. */
  token?: string | null | undefined
}

function schemeOf(type: string): string {
  if (!isToken(type)) throw new TypeError(`Not an authentication scheme: ${JSON.stringify(type)}`)
  return asciiLower(type)
}

function* withoutNull(parameters: AuthOptions["parameters"]): Generator<[string, string | undefined]> {
  const pairs = Symbol.iterator in (parameters ?? []) ? parameters : Object.entries(parameters ?? {})
  for (const [name, value] of (pairs ?? []) as Iterable<[string, string | null | undefined]>) {
    yield [name, value ?? undefined]
  }
}

/** `aws4-hmac-sha256` as `Aws4-Hmac-Sha256`. Case does not matter; this is the usual one. */
function titleCase(scheme: string): string {
  return scheme.replace(/[a-z]+/g, (word) => word.slice(0, 1).toUpperCase() + word.slice(1))
}

/**
 * The credentials of a request. Basic has its user and password taken out of the token, as the parameters `username` and
 * `password`. It can't be changed, and a console does not show what it holds.
 *
 * @row DSX-1
 * @example
 * const basic = Authorization.fromHeader("Basic dXNlcjpwYTpzcw==")
 * basic.type // => "basic"
 * basic.username // => "user"
 * basic.password // => "pa:ss"
 * Authorization.fromHeader("Bearer abc").token // => "abc"
 * Authorization.fromHeader("Basic !!!!") // => undefined
 */
export class Authorization {
  /** The scheme in lower case: `basic`, `digest`, `bearer` ... */
  readonly type: string
  /** The parameters, empty when there is a token. */
  readonly parameters: ImmutableDict<string | undefined>
  /** What stands in place of parameters. */
  readonly token: string | undefined

  /** @throws TypeError when the scheme is not a token */
  constructor(type: string, options: AuthOptions = {}) {
    this.type = schemeOf(type)
    this.parameters = new ImmutableDict(withoutNull(options.parameters))
    this.token = options.token ?? undefined
  }

  /**
   * The credentials of a header; `undefined` when there are none or they are malformed.
   *
   * @row DSX-2
   */
  static fromHeader(text: string | undefined): Authorization | undefined {
    const value = parseCredentials(text)
    if (value === undefined || !isToken(value.scheme)) return undefined
    if (value.scheme !== "basic") return new Authorization(value.scheme, value)
    const basic = parseBasic(value.token ?? "")
    if (basic === undefined) return undefined
    return new Authorization("basic", {
      parameters: [
        ["username", basic.username],
        ["password", basic.password],
      ],
    })
  }

  /**
   * The credentials as they stand in a header.
   *
   * @throws TypeError for a user name of Basic with a colon, and for what cannot stand in a header
   * @row DSX-3
   * @example
   * new Authorization("basic", { parameters: { username: "user", password: "pa:ss" } }).toHeader() // => "Basic dXNlcjpwYTpzcw=="
   * new Authorization("bearer", { token: "abc" }).toHeader() // => "Bearer abc"
   */
  toHeader(): string {
    const token =
      this.type === "basic" && this.token === undefined
        ? dumpBasic({ username: this.username ?? "", password: this.password ?? "" })
        : this.token
    return checkFieldValue(dumpCredentials({ scheme: titleCase(this.type), parameters: mapOf(this.parameters), token }))
  }

  /** The same as `toHeader()`. */
  toString(): string {
    return this.toHeader()
  }

  /** The user, of Basic and Digest. */
  get username(): string | undefined {
    return this.parameters.get("username")
  }

  /** The password, of Basic. */
  get password(): string | undefined {
    return this.parameters.get("password")
  }

  /** A parameter, converted if asked for. */
  get<T = string | undefined, D = undefined>(
    name: string,
    options?: GetOptions<string | undefined, T, D>,
  ): Exclude<T, undefined> | D {
    return this.parameters.get(name, options)
  }

  /** Whether there is such a parameter. */
  has(name: string): boolean {
    return this.parameters.has(name)
  }

  /**
   * Whether the other are the same credentials. Not a way to check a password: it takes longer the more of it is right.
   */
  equals(other: unknown): boolean {
    return other instanceof Authorization && sameAuth(this, other)
  }

  /** How it looks in a console: the scheme, and nothing that is secret. */
  [inspectSymbol](_depth: number, options: object, inspect: Inspect): string {
    return inspectAs(this, this.type, options, inspect)
  }
}

/**
 * A challenge: how a client can prove who it is. Everything can be changed; one that a response has given out writes its
 * header with each change.
 *
 * @row DSX-4
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
   * @row DSX-5
   * @example
   * WWWAuthenticate.fromHeader('Basic realm="a b"').get("realm") // => "a b"
   */
  static fromHeader(text: string | undefined): WWWAuthenticate | undefined {
    return WWWAuthenticate.allFromHeader(text)[0]
  }

  /**
   * All challenges of a header, which may hold several.
   *
   * @row DSX-5
   * @example
   * WWWAuthenticate.allFromHeader('Negotiate, Basic realm="x"').map((challenge) => challenge.type) // => ["negotiate", "basic"]
   */
  static allFromHeader(text: string | undefined): WWWAuthenticate[] {
    const wellFormed = ({ scheme }: AuthValue) => isToken(scheme)
    return parseChallenges(text)
      .filter(wellFormed)
      .map((value) => new WWWAuthenticate(value.scheme, value))
  }

  /**
   * The challenge as it stands in a header. Digest has some parameters always in quotes (RFC 7616 section 3.3).
   *
   * @throws TypeError for what cannot stand in a header
   * @row DSX-5
   */
  toHeader(): string {
    const value = { scheme: titleCase(this.#type), parameters: mapOf(this.#parameters), token: this.#token }
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

  set token(token: string | null | undefined) {
    this.#token = token ?? undefined
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
    if (!isToken(name)) throw new TypeError(`Not a parameter name: ${JSON.stringify(name)}`)
    if (value === null || value === undefined) this.delete(name)
    else this.#parameters.set(name, checkFieldValue(value))
  }

  /** Removes a parameter; tells whether it was there. */
  delete(name: string): boolean {
    return this.#parameters.delete(name)
  }

  /** Whether the other is the same challenge. */
  equals(other: unknown): boolean {
    return other instanceof WWWAuthenticate && sameAuth(this, other)
  }

  /** How it looks in a console. */
  [inspectSymbol](_depth: number, options: object, inspect: Inspect): string {
    return inspectAs(this, this.toHeader(), options, inspect)
  }

  #adopt(parameters: AuthOptions["parameters"]): CallbackDict<string | undefined> {
    return new CallbackDict(withoutNull(parameters), () => this.onUpdate?.(this))
  }
}

function mapOf(parameters: Iterable<readonly [string, string | undefined]>): Map<string, string | undefined> {
  return new Map(parameters)
}

function sameAuth(one: Authorization | WWWAuthenticate, other: Authorization | WWWAuthenticate): boolean {
  return one.type === other.type && one.token === other.token && one.parameters.equals(other.parameters)
}
