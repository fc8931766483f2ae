// The grammar of Authorization and WWW-Authenticate (RFC 9110 section 11): a scheme, and then either one token or
// parameters. The scheme gives the parameters their meaning; only Basic (RFC 7617) is taken apart further.

import {
  dumpHeader,
  type HeaderScalar,
  isBeyondLatin1,
  isFieldValue,
  isWritablePair,
  parseDictHeader,
  splitList,
} from "./fields.ts"
import { asciiLower, isToken, quoteHeaderValue, stripSpace, tokenEnd } from "./tokens.ts"

/** Credentials or a challenge. */
export interface AuthValue {
  /** In lower case. */
  scheme: string
  parameters: Map<string, string | undefined>
  /** What stands in place of parameters; empty when there is nothing behind the scheme. */
  token: string | undefined
}

// RFC 9110 section 11.4
//   credentials = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
//   token68     = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
/**
 * The credentials of an `Authorization` header, or the first challenge of `WWW-Authenticate` when it is the only one;
 * `undefined` when there is nothing, or something malformed: a scheme or a parameter's name that is not a token, a token
 * with a space, a comma or a quote or beyond ASCII, a quote that is never closed. An equals sign that is not at the end tells parameters
 * from a token.
 *
 * @example
 * parseCredentials("Bearer abc==") // => { scheme: "bearer", parameters: new Map(), token: "abc==" }
 * parseCredentials("Digest nc=1") // => { scheme: "digest", parameters: new Map([["nc", "1"]]), token: undefined }
 * parseCredentials("Bearer  tok en") // => undefined
 */
export function parseCredentials(text: string | undefined): AuthValue | undefined {
  const bare = stripSpace(text ?? "")
  if (bare === "") return undefined
  const end = tokenEnd(bare, 0)
  const scheme = asciiLower(bare.slice(0, end))
  if (scheme === "" || (end < bare.length && bare.charCodeAt(end) !== 0x20)) return undefined
  const rest = stripSpace(bare, end)
  if (!hasParameters(rest)) return isTokenText(rest) ? { scheme, parameters: new Map(), token: rest } : undefined
  const parameters = parseDictHeader(rest)
  // What has no value at all would be read back as a token.
  let hasValue = false
  for (const [name, value] of parameters) {
    if (!isWritablePair(name, value)) return undefined
    hasValue ||= value !== undefined
  }
  return hasValue && isFieldValue(rest) ? { scheme, parameters, token: undefined } : undefined
}

/** More than token68 has, but nothing that ends the token or makes parameters of it: space, comma, quote, inner `=`. */
function isTokenText(text: string): boolean {
  return /^[\x21\x23-\x2b\x2d-\x3c\x3e-\x7e]*=*$/.test(text)
}

/** The token itself, if it may stand in a header. @throws TypeError for any other */
export function checkToken(token: string): string {
  if (!isTokenText(token)) throw new TypeError("The token of an authentication header has odd characters")
  return token
}

function hasParameters(text: string): boolean {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === 0x3d) end--
  const equals = text.indexOf("=")
  return equals !== -1 && equals < end
}

/**
 * The challenges of a `WWW-Authenticate` header. One header may hold several, between the same commas that separate their
 * parameters: an item that begins with two words, or that has no equals sign, is the next challenge.
 *
 * @example
 * parseChallenges('Newauth realm="apps", type=1, Basic realm="x"').map((value) => value.scheme) // => ["newauth", "basic"]
 */
export function parseChallenges(text: string | undefined): AuthValue[] {
  const items = splitList(text)
  // After a quote that is never closed, the ends of the other parts cannot be told, but the first scheme is still known.
  if (items === undefined) {
    const first = stripSpace(text ?? "")
    return parseChallenges(first.slice(0, tokenEnd(first, 0)))
  }
  const challenges: string[][] = []
  for (const item of items) {
    if (challenges.length === 0 || beginsChallenge(item)) challenges.push([item])
    else challenges.at(-1)?.push(item)
  }
  return challenges.map((parts) => parseCredentials(parts.join(", "))).filter((value) => value !== undefined)
}

function beginsChallenge(item: string): boolean {
  const end = tokenEnd(item, 0)
  if (end === item.length) return true
  let next = end
  while (item.charCodeAt(next) === 0x20 || item.charCodeAt(next) === 0x09) next++
  return next > end && item.charCodeAt(next) !== 0x3d
}

/** Parameters of Digest that are quoted even if they are tokens (RFC 7616 section 3.3). */
const DIGEST_QUOTED: ReadonlySet<string> = new Set(["realm", "domain", "nonce", "opaque", "qop"])

/**
 * Scheme and token, or scheme and parameters, as they stand in a header; `null` and `undefined` leave a parameter bare.
 *
 * @param options `digestChallenge` quotes what a Digest challenge always has in quotes
 * @throws TypeError when the scheme, the token or the name of a parameter cannot be one
 * @example
 * dumpCredentials({ scheme: "Basic", parameters: new Map([["realm", "x y"]]) }) // => 'Basic realm="x y"'
 * dumpCredentials({ scheme: "Bearer", token: "abc" }) // => "Bearer abc"
 */
export function dumpCredentials(
  value: { scheme: string; parameters?: ReadonlyMap<string, HeaderScalar> | undefined; token?: string | undefined },
  options?: { digestChallenge?: boolean },
): string {
  const { scheme, parameters, token } = value
  if (!isToken(scheme)) throw new TypeError(`Not an authentication scheme: ${JSON.stringify(scheme)}`)
  if (token !== undefined) {
    checkToken(token)
    return token === "" ? scheme : `${scheme} ${token}`
  }
  if (parameters === undefined || parameters.size === 0) return scheme
  if (!options?.digestChallenge) return `${scheme} ${dumpHeader(parameters)}`
  const items = Array.from(parameters, ([name, parameter]) => {
    if (typeof parameter !== "string" || !DIGEST_QUOTED.has(name) || isBeyondLatin1(parameter)) {
      return dumpHeader(new Map([[name, parameter]]))
    }
    return `${name}=${quoteHeaderValue(parameter, { allowToken: false })}`
  })
  return `${scheme} ${items.join(", ")}`
}

/** User and password of Basic authentication. */
export interface BasicCredentials {
  username: string
  password: string
}

// RFC 4648 section 4, with more padding than needed tolerated at the end
const BASE64 = /^[A-Za-z0-9+/]*={0,8}$/

// RFC 7617 section 2: neither part has control characters
const CONTROL = /[\x00-\x1f\x7f]/

/**
 * User and password of a Basic token; `undefined` when it is not base64 of UTF-8 with a colon and without control characters
 * in it (RFC 7617 section 2).
 *
 * @example
 * parseBasic("dXNlcjpwYTpzcw==") // => { username: "user", password: "pa:ss" }
 * parseBasic("!!!!") // => undefined
 */
export function parseBasic(token: string): BasicCredentials | undefined {
  if (!BASE64.test(token)) return undefined
  const equals = token.indexOf("=")
  const data = equals === -1 ? token : token.slice(0, equals)
  const padding = token.length - data.length
  if (data.length % 4 === 1 || (4 - (data.length % 4)) % 4 > padding) return undefined
  let text: string
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytesOf(atob(data)))
  } catch {
    return undefined
  }
  const colon = text.indexOf(":")
  if (colon === -1 || CONTROL.test(text)) return undefined
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/**
 * The token of Basic authentication, in UTF-8.
 *
 * @throws TypeError when the user name holds a colon, which would move it into the password, and when one of both holds a
 *   control character
 * @example
 * dumpBasic({ username: "user", password: "pa:ss" }) // => "dXNlcjpwYTpzcw=="
 * dumpBasic({ username: "a:b", password: "" }) // throws TypeError
 */
export function dumpBasic({ username, password }: BasicCredentials): string {
  if (username.includes(":")) throw new TypeError("The user name of Basic authentication must not have a colon")
  if (CONTROL.test(username + password)) throw new TypeError("Basic authentication has no control characters")
  let bytes = ""
  for (const byte of new TextEncoder().encode(`${username}:${password}`)) bytes += String.fromCharCode(byte)
  return btoa(bytes)
}

function bytesOf(byteString: string): Uint8Array {
  return Uint8Array.from(byteString, (character) => character.charCodeAt(0))
}
