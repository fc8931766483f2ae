// Conditional requests (RFC 9110 section 13): given what a client remembers of a resource and what the resource is now,
// proceed, answer 304, or answer 412. One decision, in the order of the RFC; nothing here knows a request or a response.

import { parseDate, parseTime } from "./dates.ts"
import { isEtag, STAR, unquoteEtag, visitEtags } from "./etags.ts"

/** The headers that make a request conditional, as they came. */
export interface ConditionalHeaders {
  ifMatch?: string | undefined
  ifNoneMatch?: string | undefined
  ifModifiedSince?: string | undefined
  ifUnmodifiedSince?: string | undefined
  ifRange?: string | undefined
}

/** What the resource is now. */
export interface Validators {
  /** Its entity tag, quoted, weak or bare. */
  etag?: string | undefined
  /** Its last change; fractions of a second do not count, since HTTP cannot tell them. */
  lastModified?: Date | undefined
}

/** What to do: answer as usual, answer 304, or answer 412. */
export type Decision = "proceed" | "not-modified" | "precondition-failed"

/**
 * What the preconditions of a request come to, in the order of RFC 9110 section 13.2.2. A date is looked at only when
 * there is no list of tags of the same sense, or when the resource has no tag to compare; malformed dates are ignored.
 *
 * @param safe whether the method is GET or HEAD, which answer 304 where other methods answer 412
 * @example
 * evaluatePreconditions({ ifNoneMatch: 'W/"a"' }, { etag: '"a"' }) // => "not-modified"
 * evaluatePreconditions({ ifMatch: "*" }, { etag: '"a"' }) // => "proceed"
 * evaluatePreconditions({ ifMatch: '"b"' }, { etag: '"a"' }) // => "precondition-failed"
 */
export function evaluatePreconditions(headers: ConditionalHeaders, validators: Validators, safe = true): Decision {
  const { ifMatch, ifNoneMatch, ifUnmodifiedSince, ifModifiedSince } = headers
  // The resource exists, since there is something to be sent; that is all that `*` asks.
  if (listsTags(ifMatch)) {
    if (!listMatches(ifMatch, validators.etag, "strong")) return "precondition-failed"
  } else if (ifUnmodifiedSince !== undefined) {
    const since = secondsOf(parseTime(ifUnmodifiedSince))
    const changed = secondsOf(validators.lastModified?.getTime())
    if (since !== undefined && changed !== undefined && changed > since) return "precondition-failed"
  }

  // A client that asks to see a resource without a tag cannot have remembered one. A client that asks to make it must be told
  // that it exists.
  if (listsTags(ifNoneMatch) && (validators.etag || (!safe && visitEtags(ifNoneMatch, isStar)))) {
    if (listMatches(ifNoneMatch, validators.etag, "weak")) return safe ? "not-modified" : "precondition-failed"
  } else if (safe && ifModifiedSince !== undefined) {
    const since = secondsOf(parseTime(ifModifiedSince))
    const changed = secondsOf(validators.lastModified?.getTime())
    if (since !== undefined && changed !== undefined && changed <= since) return "not-modified"
  }
  return "proceed"
}

const isStar = (tag: string | typeof STAR): boolean => tag === STAR

/** Whether the header lists anything; if not, it is as if it had not come. */
function listsTags(text: string | undefined): text is string {
  if (text === undefined) return false
  return text.startsWith('"') || visitEtags(text, () => true)
}

/** RFC 9110 section 8.8.3.2: strong comparison asks for two strong tags, weak comparison does not. */
function listMatches(text: string, etag: string | undefined, comparison: "strong" | "weak"): boolean {
  const isStrong = comparison === "strong"
  // Most lists have one tag, and it is ours.
  if (text === etag && !isStrong) return true
  const [own, ownWeak] = unquoteEtag(etag)
  return visitEtags(text, (tag, weak) => tag === STAR || (tag === own && !(isStrong && (weak || ownWeak))))
}

function secondsOf(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.floor(milliseconds / 1000)
}

/** The tag or the date of an `If-Range` header; neither when it is malformed, or a weak tag, which selects no bytes. */
export interface IfRangeValue {
  etag: string | undefined
  date: Date | undefined
}

/**
 * What an `If-Range` header holds (RFC 9110 section 13.1.5). A tag may lack its quotes.
 *
 * @example
 * parseIfRange('"a"') // => { etag: "a", date: undefined }
 * parseIfRange('W/"a"') // => { etag: undefined, date: undefined }
 */
export function parseIfRange(text: string | undefined): IfRangeValue {
  const date = parseDate(text)
  if (date !== undefined) return { etag: undefined, date }
  const [etag, weak] = unquoteEtag(text)
  return { etag: etag === undefined || weak || !isEtag(etag) ? undefined : etag, date: undefined }
}

/**
 * Whether a `Range` header counts beside this `If-Range`: the client has a part of exactly what there is now. Tags
 * are compared strongly, dates exactly; a malformed header matches nothing, and none at all matches everything.
 *
 * @example
 * ifRangeMatches('"a"', { etag: '"a"' }) // => true
 * ifRangeMatches('"a"', { etag: 'W/"a"' }) // => false
 * ifRangeMatches(undefined, {}) // => true
 */
export function ifRangeMatches(ifRange: string | undefined, validators: Validators): boolean {
  if (ifRange === undefined) return true
  const { etag, date } = parseIfRange(ifRange)
  if (date !== undefined) {
    return secondsOf(date.getTime()) === secondsOf(validators.lastModified?.getTime())
  }
  const [tag, weak] = unquoteEtag(validators.etag)
  return etag !== undefined && tag !== undefined && !weak && etag === tag
}
