// Slashes around a path. No URL is parsed here, and the time is linear for every path.

const SLASH = 0x2f

/**
 * The path with exactly one slash in front.
 *
 * @example
 * withOneSlash("a") // => "/a"
 * withOneSlash("//a/") // => "/a/"
 * withOneSlash("") // => "/"
 */
export function withOneSlash(path: string): string {
  if (path.charCodeAt(0) === SLASH && path.charCodeAt(1) !== SLASH) return path
  return `/${withoutFirstSlashes(path)}`
}

/** The path without the slashes in front. */
export function withoutFirstSlashes(path: string): string {
  let start = 0
  while (path.charCodeAt(start) === SLASH) start++
  return path.slice(start)
}

/** The path without the slashes at its end. */
export function withoutLastSlashes(path: string): string {
  let end = path.length
  while (path.charCodeAt(end - 1) === SLASH) end--
  return path.slice(0, end)
}
