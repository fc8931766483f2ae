// The Authorization header of a request, from what a test writes as credentials. A pair of name and password is the one shape
// that needs encoding; whatever else there is was made elsewhere.

import { Authorization } from "../datastructures/authorization.ts"

/** User name and password, an Authorization, or the text of the header. */
export type Credentials = readonly [username: string, password: string] | Authorization | string

/** The header that tells these credentials; a pair is sent as Basic (RFC 7617). */
export function authorizationOf(credentials: Credentials): string {
  if (typeof credentials === "string") return credentials
  if (credentials instanceof Authorization) return credentials.toHeader()
  const [username, password] = credentials
  return new Authorization("basic", { parameters: { username, password } }).toHeader()
}
