// The path of a request as its client wrote it, for code that hands the request on: a decoded path can't be encoded again without
// loss, since an escaped slash is no slash. Texts in, texts out; a path that is not sure is told as such.

import type { Environ } from "../gateway.ts"
import { digitOf } from "../http/numbers.ts"
import { percentEncodeByteString, safeTable } from "../http/percent.ts"

const PATH_SAFE = safeTable("/!$&'()*+,;=:@")

/** A path of an environ, a byte string, percent-encoded anew. */
export function encodePath(path: string): string {
  return percentEncodeByteString(path, PATH_SAFE)
}

/**
 * Mount and path of a request, percent-encoded: with the client's own escapes, unless a layer has changed the path or an
 * escape is broken; then they are encoded anew.
 *
 * @example
 * splitPath({ REQUEST_URI: "/a/b%2Fc?d", SCRIPT_NAME: "/a", PATH_INFO: "/b/c" }) // => { mount: "/a", path: "/b%2Fc" }
 * splitPath({ SCRIPT_NAME: "", PATH_INFO: "/\u00c3\u00a9" }) // => { mount: "", path: "/%C3%A9" }
 */
export function splitPath(environ: Environ): { mount: string; path: string } {
  const { SCRIPT_NAME: mount, PATH_INFO: path } = environ
  const raw = rawPath(environ)
  const rest = raw === undefined ? undefined : rawRest(raw, mount + path, mount.length)
  if (raw === undefined || typeof rest !== "string") return { mount: encodePath(mount), path: encodePath(path) }
  return { mount: raw.slice(0, raw.length - rest.length), path: rest }
}

/** The path of the target as it came; only of one that is a path. */
export function rawPath({ REQUEST_URI: target }: Environ): string | undefined {
  if (!target?.startsWith("/")) return undefined
  const question = target.indexOf("?")
  return question === -1 ? target : target.slice(0, question)
}

/**
 * What stands in `raw` for the bytes of `whole` behind the first `cut`; `undefined` when the two are not the same path, and
 * `null` when it cannot be told where to cut, or an escape is broken.
 */
export function rawRest(raw: string, whole: string, cut: number): string | null | undefined {
  let start = cut
  if (raw.includes("%")) {
    let at = 0
    for (let count = 0; count < whole.length; count++) {
      if (count === cut) start = at
      const byte = raw.charCodeAt(at) === PERCENT ? escapedByte(raw, at) : raw.charCodeAt(at)
      if (byte === undefined) return null
      if (byte !== whole.charCodeAt(count)) return undefined
      at += raw.charCodeAt(at) === PERCENT ? 3 : 1
    }
    if (at !== raw.length) return undefined
    if (cut === whole.length) start = at
  } else if (raw !== whole) {
    return undefined
  }
  const rest = raw.slice(start)
  return rest === "" || rest.startsWith("/") ? rest : null
}

const PERCENT = 0x25

function escapedByte(text: string, at: number): number | undefined {
  const high = digitOf(text.charCodeAt(at + 1))
  const low = digitOf(text.charCodeAt(at + 2))
  return high > 15 || low > 15 ? undefined : high * 16 + low
}

/** Whether a segment is `.` or `..`, also between backslashes and with parameters behind it, as some servers read them. */
export function hasDotSegment(path: string): boolean {
  if (!path.includes(".")) return false
  return path.split(/[/\\]/).some((segment) => {
    const name = segment.split(";", 1)[0]
    return name === "." || name === ".."
  })
}
