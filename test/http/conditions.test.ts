import { describe, expect, test } from "vitest"
import type { Environ } from "../../src/gateway.ts"
import {
  type ConditionalHeaders,
  type Decision,
  evaluatePreconditions,
  ifRangeMatches,
  isResourceModified,
  type Validators,
} from "../../src/http/conditions.ts"
import { generateEtag } from "../../src/http/etags.ts"

const BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"
const CHANGED = "Sun, 06 Nov 1994 08:49:37 GMT"
const AFTER = "Sun, 06 Nov 1994 08:49:38 GMT"
const lastModified = new Date(Date.UTC(1994, 10, 6, 8, 49, 37, 900))

const strong: Validators = { etag: '"a"', lastModified }
const weak: Validators = { etag: 'W/"a"', lastModified }
const dated: Validators = { lastModified }

describe("preconditions of GET", () => {
  test.each<[string, ConditionalHeaders, Validators, Decision]>([
    ["no condition", {}, strong, "proceed"],
    ["If-Match equal", { ifMatch: '"b", "a"' }, strong, "proceed"],
    ["If-Match different", { ifMatch: '"b"' }, strong, "precondition-failed"],
    ["If-Match *", { ifMatch: "*" }, strong, "proceed"],
    ["If-Match * and no tag", { ifMatch: "*" }, dated, "proceed"],
    ["If-Match and no tag", { ifMatch: '"a"' }, dated, "precondition-failed"],
    ["If-Match weak against strong", { ifMatch: 'W/"a"' }, strong, "precondition-failed"],
    ["If-Match strong against weak", { ifMatch: '"a"' }, weak, "precondition-failed"],
    ["If-Match weak against weak", { ifMatch: 'W/"a"' }, weak, "precondition-failed"],
    ["empty If-Match", { ifMatch: "" }, strong, "proceed"],
    ["If-Match before If-Unmodified-Since", { ifMatch: '"a"', ifUnmodifiedSince: BEFORE }, strong, "proceed"],
    ["If-Unmodified-Since earlier", { ifUnmodifiedSince: BEFORE }, strong, "precondition-failed"],
    ["If-Unmodified-Since equal", { ifUnmodifiedSince: CHANGED }, strong, "proceed"],
    ["If-Unmodified-Since malformed", { ifUnmodifiedSince: "yesterday" }, strong, "proceed"],
    ["If-None-Match equal", { ifNoneMatch: '"a"' }, strong, "not-modified"],
    ["If-None-Match weak against strong", { ifNoneMatch: 'W/"a"' }, strong, "not-modified"],
    ["If-None-Match strong against weak", { ifNoneMatch: '"a"' }, weak, "not-modified"],
    ["If-None-Match in a list", { ifNoneMatch: '"b", W/"c", "a"' }, strong, "not-modified"],
    ["If-None-Match different", { ifNoneMatch: '"b"' }, strong, "proceed"],
    ["If-None-Match *", { ifNoneMatch: "*" }, strong, "not-modified"],
    ["If-None-Match * and no tag", { ifNoneMatch: "*" }, dated, "proceed"],
    ["If-None-Match before If-Modified-Since", { ifNoneMatch: '"b"', ifModifiedSince: AFTER }, strong, "proceed"],
    [
      "If-Modified-Since beside a tag that is not there",
      { ifNoneMatch: '"b"', ifModifiedSince: AFTER },
      dated,
      "not-modified",
    ],
    ["If-Modified-Since earlier", { ifModifiedSince: BEFORE }, strong, "proceed"],
    ["If-Modified-Since equal to the second", { ifModifiedSince: CHANGED }, strong, "not-modified"],
    ["If-Modified-Since later", { ifModifiedSince: AFTER }, strong, "not-modified"],
    ["If-Modified-Since malformed", { ifModifiedSince: "1994-11-06" }, strong, "proceed"],
    [
      "If-Match fails before If-None-Match matches",
      { ifMatch: '"b"', ifNoneMatch: '"a"' },
      strong,
      "precondition-failed",
    ],
    ["If-Match holds and If-None-Match matches", { ifMatch: '"a"', ifNoneMatch: '"a"' }, strong, "not-modified"],
  ])("%s", (_, headers, validators, decision) => {
    expect(evaluatePreconditions(headers, validators)).toBe(decision)
  })
})

describe("preconditions of other methods", () => {
  test.each<[string, ConditionalHeaders, Validators, Decision]>([
    ["If-None-Match equal", { ifNoneMatch: '"a"' }, strong, "precondition-failed"],
    ["If-None-Match *", { ifNoneMatch: "*" }, dated, "precondition-failed"],
    ["If-None-Match different", { ifNoneMatch: '"b"' }, strong, "proceed"],
    ["If-Modified-Since", { ifModifiedSince: AFTER }, strong, "proceed"],
    ["If-Unmodified-Since", { ifUnmodifiedSince: BEFORE }, strong, "precondition-failed"],
  ])("%s", (_, headers, validators, decision) => {
    expect(evaluatePreconditions(headers, validators, false)).toBe(decision)
  })
})

test.each<[string | undefined, Validators, boolean]>([
  [undefined, {}, true],
  ['"a"', strong, true],
  ["a", strong, true],
  ['"b"', strong, false],
  ['W/"a"', strong, false],
  ['"a"', weak, false],
  ["*", strong, false],
  ["", strong, false],
  [CHANGED, strong, true],
  [BEFORE, strong, false],
  [AFTER, strong, false],
  [CHANGED, { etag: '"a"' }, false],
])("If-Range %j beside %j lets Range count: %s", (ifRange, validators, counts) => {
  expect(ifRangeMatches(ifRange, validators)).toBe(counts)
})

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
