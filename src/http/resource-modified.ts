// The question of a server that answers by hand: does this client have to be sent the resource?

import type { Environ } from "../gateway.ts"
import { type ConditionalHeaders, evaluatePreconditions, ifRangeMatches } from "./conditions.ts"
import { parseDate } from "./dates.ts"
import { generateEtag } from "./generate-etag.ts"

/** The resource for `isResourceModified`. */
export interface ResourceValidators {
  etag?: string | undefined
  /** Bytes to make the entity tag of, when it is not given. */
  data?: Uint8Array | undefined
  lastModified?: Date | string | undefined
  /** Whether `If-Range` does not matter. True unless given. */
  ignoreIfRange?: boolean | undefined
}

/** Headers and validators for `isResourceModified`. */
export interface ResourceState extends ResourceValidators {
  httpRange?: string | undefined
  httpIfRange?: string | undefined
  httpIfModifiedSince?: string | undefined
  httpIfUnmodifiedSince?: string | undefined
  httpIfNoneMatch?: string | undefined
  httpIfMatch?: string | undefined
}

/**
 * Whether a client has to be sent the resource, since what it remembers is not what there is now. `If-Range` is looked
 * at only beside `Range`; one that matches says that nothing changed. The headers are given by themselves, or as the environ of
 * a request, of any method.
 *
 * @throws TypeError when both `etag` and `data` are given
 * @example
 * isResourceModified({ httpIfNoneMatch: '"a"', etag: "a" }) // => false
 * isResourceModified({ httpIfNoneMatch: '"b"', etag: "a" }) // => true
 * isResourceModified({ REQUEST_METHOD: "GET", HTTP_IF_NONE_MATCH: '"a"' }, { etag: "a" }) // => false
 */
export function isResourceModified(state: ResourceState): boolean
export function isResourceModified(environ: Environ, validators: ResourceValidators): boolean
export function isResourceModified(source: ResourceState | Environ, validators?: ResourceValidators): boolean {
  return isModified(
    validators === undefined ? (source as ResourceState) : { ...conditionsOf(source as Environ), ...validators },
  )
}

function conditionsOf(environ: Environ): ResourceState {
  const variable = (name: string) => {
    const value = environ[name]
    return typeof value === "string" ? value : undefined
  }
  return {
    httpRange: variable("HTTP_RANGE"),
    httpIfRange: variable("HTTP_IF_RANGE"),
    httpIfModifiedSince: variable("HTTP_IF_MODIFIED_SINCE"),
    httpIfUnmodifiedSince: variable("HTTP_IF_UNMODIFIED_SINCE"),
    httpIfNoneMatch: variable("HTTP_IF_NONE_MATCH"),
    httpIfMatch: variable("HTTP_IF_MATCH"),
  }
}

function isModified(state: ResourceState): boolean {
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
