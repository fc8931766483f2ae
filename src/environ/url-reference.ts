// Relative URLs: what a reference means where it stands (RFC 3986 section 5.2). Nothing is decoded, encoded or
// lower-cased on the way, as the platform's URL would; only dot segments go.

import { splitUrl, type UrlPieces } from "../http/urls.ts"

/** RFC 3986 section 5.2.4, segment by segment. */
function removeDotSegments(path: string): string {
  const segments = path.split("/")
  const kept: string[] = []
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment === ".") {
      if (isLast) kept.push("")
    } else if (segment === "..") {
      // The empty first segment stands for the slash in front, and stays.
      if (kept.length > 1) kept.pop()
      if (isLast) kept.push("")
    } else {
      kept.push(segment)
    }
  }
  return kept.join("/")
}

/** RFC 3986 section 5.2.3: the reference in place of the last segment. */
function mergePaths(base: UrlPieces, path: string): string {
  if (base.authority !== undefined && base.path === "") return `/${path}`
  return base.path.slice(0, base.path.lastIndexOf("/") + 1) + path
}

/**
 * The URL that `reference` stands for in a document at `base`.
 *
 * @param base an absolute URL, or a path where no host is known; then the outcome is a path too
 * @example
 * resolveUrl("http://h/a/b?q", "../c") // => "http://h/c"
 * resolveUrl("http://h/a/b", "//other/x") // => "http://other/x"
 * resolveUrl("http://h/a/b?q", "?r") // => "http://h/a/b?r"
 * resolveUrl("http://h/a/b", "mailto:me@h") // => "mailto:me@h"
 * resolveUrl("/a/b", "c") // => "/a/c"
 * resolveUrl("/a/b", "/..//h/c") // => "/.//h/c"
 */
export function resolveUrl(base: string, reference: string): string {
  const from = splitUrl(base)
  const to = splitUrl(reference)
  if (to.scheme !== undefined) return reference
  const target: UrlPieces = { ...to, scheme: from.scheme }
  if (to.authority === undefined) {
    target.authority = from.authority
    if (to.path === "") {
      target.path = from.path
      target.query = to.query ?? from.query
    } else {
      target.path = removeDotSegments(to.path.startsWith("/") ? to.path : mergePaths(from, to.path))
    }
  } else {
    target.path = removeDotSegments(to.path)
  }
  let url = target.scheme === undefined ? "" : `${target.scheme}:`
  if (target.authority !== undefined) url += `//${target.authority}`
  // RFC 3986 section 4.2: what begins with two slashes would be read as a host.
  else if (target.path.startsWith("//")) url += "/."
  url += target.path
  if (target.query !== undefined) url += `?${target.query}`
  if (target.fragment !== undefined) url += `#${target.fragment}`
  return url
}
