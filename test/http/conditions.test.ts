import { describe, expect, test } from "vitest"
import {
  type ConditionalHeaders,
  type Decision,
  evaluatePreconditions,
  ifRangeMatches,
  type Validators,
} from "../../src/http/conditions.ts"

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
