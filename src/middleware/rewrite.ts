// Lets other applications answer other URLs: changes the path before the application sees it. Stands outside of
// dispatcher and of what reads the path, inside proxyFix.
// Rules are tried in order, and the first that fits ends the search: its result is not looked at again, so nothing can loop.

import { asApplication } from "../as-application.ts"
import { getPathInfo } from "../environ/path.ts"
import type { Application, ApplicationLike, Environ } from "../gateway.ts"
import { textToByteString } from "../http/urls.ts"
import { describe } from "../mistakes/describe.ts"

/**
 * What a rule makes of a match: a path, perhaps with `?` and a query, in which `$1`, `$<name>` and `$&` stand for parts
 * of the match (percent-encoded in the query) and `$$` for a dollar sign; or a function that gives the same without these.
 */
export type RewriteTarget = string | ((match: RegExpExecArray, environ: Environ) => string | undefined)

/**
 * A path and its new form. A text stands for the path and all below it, by whole segments; an expression for what it matches.
 * Both see the decoded path below the mount. A function may give `undefined`: the rule does not apply after all.
 */
export type RewriteRule = readonly [from: string | RegExp, to: RewriteTarget]

/** A path, decoded, and a query as it is sent; without a query that of the request stays. */
export interface RewrittenPath {
  path: string
  query?: string
}

/**
 * Changes PATH_INFO by the first rule that fits, and QUERY_STRING where the new form has a query: the request's own is then
 * put behind it. REQUEST_URI stays what the client sent. A path that no rule fits stays as it is, to the byte.
 *
 * @throws TypeError when the text of a rule does not start with a slash; while a request is served, when the new path does not
 */
export function rewrite(app: ApplicationLike, rules: Iterable<RewriteRule>): Application {
  const inner = asApplication(app, "rewrite")
  if (typeof rules !== "object" || rules === null || !(Symbol.iterator in rules)) {
    throw new TypeError(`rewrite takes a list of rules, [[from, to]], not ${describe(rules)}`)
  }
  const list = [...rules]
  for (const [from] of list) if (typeof from === "string") checkPath(from)
  return (environ, startResponse) => {
    const rewritten = rewritePath(list, getPathInfo(environ), environ)
    if (rewritten !== undefined) {
      environ.PATH_INFO = textToByteString(rewritten.path)
      if (rewritten.query !== undefined) {
        environ.QUERY_STRING = [rewritten.query, environ.QUERY_STRING].filter((part) => part !== "").join("&")
      }
    }
    return inner(environ, startResponse)
  }
}

/**
 * What the first rule that fits makes of a path; `undefined` when none does.
 *
 * @example
 * rewritePath([["/old", "/new"]], "/old/page") // => { path: "/new/page" }
 * rewritePath([["/old", "/new"]], "/older") // => undefined
 * rewritePath([[/^\/u\/(.+)$/, "/users?id=$1"]], "/u/a&b") // => { path: "/users", query: "id=a%26b" }
 * rewritePath([["/old", "new"]], "/old") // throws TypeError
 */
export function rewritePath(
  rules: Iterable<RewriteRule>,
  path: string,
  environ: Environ = {} as Environ,
): RewrittenPath | undefined {
  for (const [from, to] of rules) {
    const match = typeof from === "string" ? matchPrefix(from, path) : matchExpression(from, path)
    if (match === undefined) continue
    const target = typeof to === "string" ? to : to(match, environ)
    if (target === undefined) continue
    const [template, query] = split(target)
    const isText = typeof to === "string"
    const fill = (text: string, encode: (part: string) => string) => (isText ? expand(text, match, encode) : text)
    // A function says what the whole path is; a text, what becomes of the part that was matched.
    const rest = isText ? path.slice(match.index + match[0].length) : ""
    const before = isText ? path.slice(0, match.index) : ""
    const middle = fill(template, (part) => part)
    // `/old` to `/` makes `/page` of `/old/page`, not `//page`.
    const joined = `${before}${middle.endsWith("/") && rest.startsWith("/") ? middle.slice(0, -1) : middle}${rest}`
    checkPath(joined)
    return query === undefined ? { path: joined } : { path: joined, query: fill(query, encodeURIComponent) }
  }
  return undefined
}

function checkPath(path: string): void {
  if (!path.startsWith("/")) throw new TypeError(`a path starts with a slash, not as ${JSON.stringify(path)}`)
}

function matchPrefix(from: string, path: string): RegExpExecArray | undefined {
  const prefix = from.endsWith("/") ? from.slice(0, -1) : from
  if (!path.startsWith(prefix)) return undefined
  if (path.length > prefix.length && path[prefix.length] !== "/") return undefined
  return Object.assign([prefix] as [string], { index: 0, input: path })
}

function matchExpression(from: RegExp, path: string): RegExpExecArray | undefined {
  // With the flags `g` and `y` an expression remembers where it was.
  from.lastIndex = 0
  return from.exec(path) ?? undefined
}

function split(target: string): [path: string, query: string | undefined] {
  const question = target.indexOf("?")
  return question === -1 ? [target, undefined] : [target.slice(0, question), target.slice(question + 1)]
}

function expand(template: string, match: RegExpExecArray, encode: (part: string) => string): string {
  return template.replace(/\$(?:(\$)|(&)|([0-9]{1,2})|<([^>]*)>)/g, (whole, dollar, all, index, name) => {
    if (dollar) return "$"
    if (all) return encode(match[0])
    if (index) return Number(index) < match.length ? encode(match[Number(index)] ?? "") : whole
    return encode(match.groups?.[name] ?? "")
  })
}
