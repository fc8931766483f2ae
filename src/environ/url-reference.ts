// Relative URLs: what a reference means where it stands (RFC 3986 section 5.2). Nothing is decoded, encoded or
// lower-cased on the way, as the platform's URL would; only dot segments go.

interface Reference {
  scheme: string | undefined
  authority: string | undefined
  path: string
  query: string | undefined
  fragment: string | undefined
}

// RFC 3986 section 3.1   scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
const SCHEME = /^[a-z][a-z0-9+.-]*:/i

function split(text: string): Reference {
  const scheme = SCHEME.exec(text)?.[0]
  let rest = scheme === undefined ? text : text.slice(scheme.length)
  let fragment: string | undefined
  let query: string | undefined
  let authority: string | undefined
  const hash = rest.indexOf("#")
  if (hash !== -1) [rest, fragment] = [rest.slice(0, hash), rest.slice(hash + 1)]
  const mark = rest.indexOf("?")
  if (mark !== -1) [rest, query] = [rest.slice(0, mark), rest.slice(mark + 1)]
  if (rest.startsWith("//")) {
    const slash = rest.indexOf("/", 2)
    const end = slash === -1 ? rest.length : slash
    ;[authority, rest] = [rest.slice(2, end), rest.slice(end)]
  }
  return { scheme: scheme?.slice(0, -1), authority, path: rest, query, fragment }
}

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
function mergePaths(base: Reference, path: string): string {
  if (base.authority !== undefined && base.path === "") return `/${path}`
  return base.path.slice(0, base.path.lastIndexOf("/") + 1) + path
}

/**
 * The URL that `reference` stands for in a document at `base`.
 *
 * @param base an absolute URL
 * @example
 * resolveUrl("http://h/a/b?q", "../c") // => "http://h/c"
 * resolveUrl("http://h/a/b", "//other/x") // => "http://other/x"
 * resolveUrl("http://h/a/b?q", "?r") // => "http://h/a/b?r"
 * resolveUrl("http://h/a/b", "mailto:me@h") // => "mailto:me@h"
 */
export function resolveUrl(base: string, reference: string): string {
  const from = split(base)
  const to = split(reference)
  if (to.scheme !== undefined) return reference
  const target: Reference = { ...to, scheme: from.scheme }
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
  let url = `${target.scheme}:`
  if (target.authority !== undefined) url += `//${target.authority}`
  url += target.path
  if (target.query !== undefined) url += `?${target.query}`
  if (target.fragment !== undefined) url += `#${target.fragment}`
  return url
}
