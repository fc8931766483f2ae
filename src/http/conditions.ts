// Conditional requests (RFC 9110 section 13): given what a client remembers of a resource and what the resource is now,
// proceed, answer 304, or answer 412. One decision, in the order of the RFC; nothing here knows a request or a response.

import { parseDate } from "./dates.ts"
import { type EtagList, generateEtag, parseEtags, unquoteEtag } from "./etags.ts"

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
  const [tag, weak] = unquoteEtag(validators.etag)
  const changed = toSeconds(validators.lastModified)

  // The resource exists, since there is something to be sent; that is all that `*` asks.
  const ifMatch = listOf(headers.ifMatch)
  if (ifMatch !== undefined) {
    const matches = ifMatch.star || (tag !== undefined && !weak && ifMatch.strong.includes(tag))
    if (!matches) return "precondition-failed"
  } else {
    const since = toSeconds(parseDate(headers.ifUnmodifiedSince))
    if (since !== undefined && changed !== undefined && changed > since) return "precondition-failed"
  }

  // Who asks to see a resource without a tag cannot have remembered one; who asks to make it must be told that it exists.
  const ifNoneMatch = listOf(headers.ifNoneMatch)
  if (ifNoneMatch !== undefined && (tag !== undefined || (ifNoneMatch.star && !safe))) {
    const matches =
      ifNoneMatch.star || (tag !== undefined && (ifNoneMatch.strong.includes(tag) || ifNoneMatch.weak.includes(tag)))
    if (matches) return safe ? "not-modified" : "precondition-failed"
  } else if (safe) {
    const since = toSeconds(parseDate(headers.ifModifiedSince))
    if (since !== undefined && changed !== undefined && changed <= since) return "not-modified"
  }
  return "proceed"
}

/** The tags that a header lists; `undefined` when it lists none, as if it had not come. */
function listOf(text: string | undefined): EtagList | undefined {
  if (text === undefined) return undefined
  const list = parseEtags(text)
  return list.star || list.strong.length > 0 || list.weak.length > 0 ? list : undefined
}

function toSeconds(date: Date | undefined): number | undefined {
  return date === undefined ? undefined : Math.floor(date.getTime() / 1000)
}

/** The tag or the date of an `If-Range` header; neither when it has a weak tag, which selects no bytes. */
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
  return { etag: weak ? undefined : etag, date: undefined }
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
    return validators.lastModified !== undefined && toSeconds(date) === toSeconds(validators.lastModified)
  }
  const [tag, weak] = unquoteEtag(validators.etag)
  return etag !== undefined && tag !== undefined && !weak && etag === tag
}

/** Headers and validators for `isResourceModified`. */
export interface ResourceState {
  httpRange?: string | undefined
  httpIfRange?: string | undefined
  httpIfModifiedSince?: string | undefined
  httpIfUnmodifiedSince?: string | undefined
  httpIfNoneMatch?: string | undefined
  httpIfMatch?: string | undefined
  etag?: string | undefined
  /** Bytes to make the entity tag of, when it is not given. */
  data?: Uint8Array | undefined
  lastModified?: Date | string | undefined
  /** Whether `If-Range` does not matter. True unless given. */
  ignoreIfRange?: boolean | undefined
}

/**
 * Whether a client has to be sent the resource, since what it remembers is not what there is now. `If-Range` is looked
 * at only beside `Range`; one that matches says that nothing changed.
 *
 * @throws TypeError when both `etag` and `data` are given
 * @row HTTP-13, SUTIL-5
 * @example
 * isResourceModified({ httpIfNoneMatch: '"a"', etag: "a" }) // => false
 * isResourceModified({ httpIfNoneMatch: '"b"', etag: "a" }) // => true
 */
export function isResourceModified(state: ResourceState): boolean {
  const { data, httpRange, httpIfRange, ignoreIfRange = true } = state
  if (data !== undefined && state.etag !== undefined) throw new TypeError("Either etag or data may be given, not both")
  const etag = data === undefined ? state.etag : generateEtag(data)
  const lastModified = typeof state.lastModified === "string" ? parseDate(state.lastModified) : state.lastModified
  const headers: ConditionalHeaders = {
    ifMatch: state.httpIfMatch,
    ifNoneMatch: state.httpIfNoneMatch,
    ifModifiedSince: state.httpIfModifiedSince,
    ifUnmodifiedSince: state.httpIfUnmodifiedSince,
  }
  if (!ignoreIfRange && httpRange !== undefined && httpIfRange !== undefined) {
    if (ifRangeMatches(httpIfRange, { etag, lastModified })) return false
  }
  return evaluatePreconditions(headers, { etag, lastModified }) === "proceed"
}
