// The credentials of a request as an object (RFC 9110 section 11.6.2).
// The grammar is http/authorization.ts. Whether a password is right is for the application to decide.

import { dumpBasic, dumpCredentials, parseBasic, parseCredentials } from "../http/authorization.ts"
import { checkFieldValue } from "../http/fields.ts"
import { asciiLower, isToken } from "../http/tokens.ts"
import type { GetOptions } from "./conversion.ts"
import { type DictItems, ImmutableDict } from "./dict.ts"
import { inspectAs, setInspection } from "./inspection.ts"

/** Parameters or a token: a scheme has one of them. */
export interface AuthOptions {
  /** `undefined` is the value of a parameter without a value. */
  parameters?: DictItems<string | null | undefined> | null | undefined
  /** What stands in place of parameters, as with Bearer. */
  token?: string | null | undefined
}

/** The scheme as it was given, if it can be one. */
function checkScheme(type: string): string {
  if (typeof type !== "string" || !isToken(type)) {
    throw new TypeError(`Not an authentication scheme: ${JSON.stringify(type)}`)
  }
  return type
}

/** The scheme in lower case, if it can be one. */
export function schemeOf(type: string): string {
  return asciiLower(checkScheme(type))
}

/** The parameters as pairs, `null` being the same as `undefined`. */
export function* authParameters(
  parameters: AuthOptions["parameters"],
): Generator<[name: string, value: string | undefined]> {
  const items = parameters ?? []
  for (const [name, value] of Symbol.iterator in items ? items : Object.entries(items)) yield [name, value ?? undefined]
}

/** `aws4-hmac-sha256` as `Aws4-Hmac-Sha256`. Case does not matter; this is the usual one. */
export function schemeInTitleCase(scheme: string): string {
  return asciiLower(scheme).replace(/[a-z]+/g, (word) => word.slice(0, 1).toUpperCase() + word.slice(1))
}

/**
 * The credentials of a request. Basic has its user and password taken out of the token, as the parameters `username` and
 * `password`. It can't be changed, and a console does not show what it holds.
 *
 * @example
 * const basic = Authorization.fromHeader("Basic dXNlcjpwYTpzcw==")
 * basic.type // => "basic"
 * basic.username // => "user"
 * basic.password // => "pa:ss"
 * Authorization.fromHeader("Bearer abc").token // => "abc"
 * Authorization.fromHeader("Basic !!!!") // => undefined
 */
export class Authorization {
  /** The scheme: `basic`, `digest`, `bearer` ... From a header it comes in lower case, else as it was given. */
  readonly type: string
  /** The parameters, empty when there is a token. */
  readonly parameters: ImmutableDict<string | undefined>
  /** What stands in place of parameters. */
  readonly token: string | undefined

  /** @throws TypeError when the scheme is not a token */
  constructor(type: string, options: AuthOptions = {}) {
    this.type = checkScheme(type)
    this.parameters = new ImmutableDict(authParameters(options.parameters))
    this.token = options.token ?? undefined
  }

  /**
   * The credentials of a header; `undefined` when there are none or they are malformed.
   */
  static fromHeader(text: string | undefined): Authorization | undefined {
    const value = parseCredentials(text)
    if (value === undefined) return undefined
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
   * @example
   * new Authorization("basic", { parameters: { username: "user", password: "pa:ss" } }).toHeader() // => "Basic dXNlcjpwYTpzcw=="
   * new Authorization("bearer", { token: "abc" }).toHeader() // => "Bearer abc"
   */
  toHeader(): string {
    const token =
      asciiLower(this.type) === "basic" && this.token === undefined
        ? dumpBasic({ username: this.username ?? "", password: this.password ?? "" })
        : this.token
    return checkFieldValue(
      dumpCredentials({ scheme: schemeInTitleCase(this.type), parameters: new Map(this.parameters), token }),
    )
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
   * Whether the other are the same credentials, the case of the scheme included. Not a way to check a password: it takes longer the more of it is right.
   */
  equals(other: unknown): boolean {
    if (!(other instanceof Authorization)) return false
    return other.type === this.type && other.token === this.token && other.parameters.equals(this.parameters)
  }

  /** How it looks in a console: the scheme, and nothing that is secret. */
  static {
    setInspection(Authorization.prototype, function (_depth, options, inspect) {
      return inspectAs(this, this.type, options, inspect)
    })
  }
}
