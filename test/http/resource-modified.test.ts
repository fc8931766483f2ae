import { describe, expect, test } from "vitest"
import type { Environ } from "../../src/gateway.ts"
import { generateEtag } from "../../src/http/generate-etag.ts"
import { isResourceModified } from "../../src/http/resource-modified.ts"

const BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"
const CHANGED = "Sun, 06 Nov 1994 08:49:37 GMT"

describe("isResourceModified", () => {
  test.each(["GET", "HEAD", "POST", "PUT"])("reads the headers of the environ of a %s request", (method) => {
    const environ = { REQUEST_METHOD: method, HTTP_IF_NONE_MATCH: '"a"', HTTP_IF_MATCH: 5 } as unknown as Environ
    expect(isResourceModified(environ, { etag: "a" })).toBe(false)
    expect(isResourceModified(environ, { etag: "b" })).toBe(true)
    const ranged = {
      ...environ,
      HTTP_IF_NONE_MATCH: undefined,
      HTTP_RANGE: "bytes=0-1",
      HTTP_IF_RANGE: '"a"',
    } as Environ
    expect(isResourceModified(ranged, { etag: "a", ignoreIfRange: false })).toBe(false)
    expect(isResourceModified(ranged, { etag: "a" })).toBe(true)
    const dated = { REQUEST_METHOD: method, HTTP_IF_MODIFIED_SINCE: CHANGED } as unknown as Environ
    expect(isResourceModified(dated, { lastModified: CHANGED })).toBe(false)
    expect(isResourceModified({} as Environ, { data: new Uint8Array(1) })).toBe(true)
  })

  test("the tag may be given or be made of the bytes, but not both", () => {
    const data = new TextEncoder().encode("hello")
    expect(isResourceModified({ httpIfNoneMatch: `"${generateEtag(data)}"`, data })).toBe(false)
    expect(isResourceModified({ httpIfNoneMatch: '"b"', data })).toBe(true)
    expect(() => isResourceModified({ data, etag: "a" })).toThrow(TypeError)
  })

  test("the last change may be text", () => {
    expect(isResourceModified({ httpIfModifiedSince: CHANGED, lastModified: CHANGED })).toBe(false)
    expect(isResourceModified({ httpIfModifiedSince: BEFORE, lastModified: CHANGED })).toBe(true)
    expect(isResourceModified({ httpIfModifiedSince: BEFORE, lastModified: "junk" })).toBe(true)
  })

  test("If-Range counts only beside Range, even an empty one, and only if asked", () => {
    const state = { httpIfRange: '"a"', etag: "a" }
    expect(isResourceModified({ ...state, httpRange: "", ignoreIfRange: false })).toBe(false)
    expect(isResourceModified({ ...state, httpRange: "bytes=0-1" })).toBe(true)
    expect(isResourceModified({ ...state, ignoreIfRange: false })).toBe(true)
  })
})
