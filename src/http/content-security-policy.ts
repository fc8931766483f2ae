// The grammar of Content-Security-Policy (CSP level 3, section 2.2.1): directives between semicolons, a name and perhaps
// a value each. What the values mean is up to browsers.

import { checkFieldValue, isFieldValue } from "./fields.ts"
import { asciiLower, isSpace, stripSpace } from "./tokens.ts"

/**
 * The directives of a policy in order, names in lower case, `""` for one without a value. Of several with the same name the
 * first counts, and one that is malformed is passed over, as in browsers.
 *
 * @example
 * parseContentSecurityPolicy("default-src 'self'; sandbox") // => new Map([["default-src", "'self'"], ["sandbox", ""]])
 */
export function parseContentSecurityPolicy(text: string | undefined): Map<string, string> {
  const directives = new Map<string, string>()
  for (const part of (text ?? "").split(";")) {
    const directive = stripSpace(part)
    let end = 0
    while (end < directive.length && !isSpace(directive.charCodeAt(end))) end++
    const name = asciiLower(directive.slice(0, end))
    const value = stripSpace(directive, end)
    if (isDirectiveName(name) && isFieldValue(value) && !directives.has(name)) directives.set(name, value)
  }
  return directives
}

// CSP level 3 section 2.3   directive-name = 1*( ALPHA / DIGIT / "-" )
function isDirectiveName(text: string): boolean {
  return /^[A-Za-z0-9-]+$/.test(text)
}

/**
 * The directives as they stand in a header.
 *
 * @throws TypeError when a name or a value would begin another directive, or cannot stand in a header
 * @example
 * dumpContentSecurityPolicy([["default-src", "'self'"], ["sandbox", ""]]) // => "default-src 'self'; sandbox"
 * dumpContentSecurityPolicy([["img-src", "a; script-src *"]]) // throws TypeError
 */
export function dumpContentSecurityPolicy(directives: Iterable<readonly [name: string, value: string]>): string {
  const parts: string[] = []
  for (const [name, value] of directives) {
    if (!isDirectiveName(name)) throw new TypeError(`Not a directive: ${JSON.stringify(name)}`)
    if (value.includes(";")) throw new TypeError(`Not the value of a directive: ${JSON.stringify(value)}`)
    parts.push(value === "" ? name : `${name} ${checkFieldValue(value)}`)
  }
  return parts.join("; ")
}
