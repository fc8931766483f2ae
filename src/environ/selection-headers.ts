// The headers of a request that say what it has and what it wants, out of its environ.

import type { Environ } from "../gateway.ts"
import type { SelectionHeaders } from "../http/selection.ts"

/** What `selectContent` wants to know of a request. */
export function selectionHeaders(environ: Environ): SelectionHeaders {
  return {
    method: environ.REQUEST_METHOD,
    ifMatch: textOf(environ["HTTP_IF_MATCH"]),
    ifNoneMatch: textOf(environ["HTTP_IF_NONE_MATCH"]),
    ifModifiedSince: textOf(environ["HTTP_IF_MODIFIED_SINCE"]),
    ifUnmodifiedSince: textOf(environ["HTTP_IF_UNMODIFIED_SINCE"]),
    ifRange: textOf(environ["HTTP_IF_RANGE"]),
    range: textOf(environ["HTTP_RANGE"]),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined
}
