import { expect, test } from "vitest"
import { resolveUrl } from "../../src/environ/url-reference.ts"

// RFC 3986 section 5.4, all of it, in the strict reading.
const BASE = "http://a/b/c/d;p?q"
const EXAMPLES: [string, string][] = [
  ["g:h", "g:h"],
  ["g", "http://a/b/c/g"],
  ["./g", "http://a/b/c/g"],
  ["g/", "http://a/b/c/g/"],
  ["/g", "http://a/g"],
  ["//g", "http://g"],
  ["?y", "http://a/b/c/d;p?y"],
  ["g?y", "http://a/b/c/g?y"],
  ["#s", "http://a/b/c/d;p?q#s"],
  ["g#s", "http://a/b/c/g#s"],
  ["g?y#s", "http://a/b/c/g?y#s"],
  [";x", "http://a/b/c/;x"],
  ["g;x", "http://a/b/c/g;x"],
  ["g;x?y#s", "http://a/b/c/g;x?y#s"],
  ["", "http://a/b/c/d;p?q"],
  [".", "http://a/b/c/"],
  ["./", "http://a/b/c/"],
  ["..", "http://a/b/"],
  ["../", "http://a/b/"],
  ["../g", "http://a/b/g"],
  ["../..", "http://a/"],
  ["../../", "http://a/"],
  ["../../g", "http://a/g"],
  ["../../../g", "http://a/g"],
  ["../../../../g", "http://a/g"],
  ["/./g", "http://a/g"],
  ["/../g", "http://a/g"],
  ["g.", "http://a/b/c/g."],
  [".g", "http://a/b/c/.g"],
  ["g..", "http://a/b/c/g.."],
  ["..g", "http://a/b/c/..g"],
  ["./../g", "http://a/b/g"],
  ["./g/.", "http://a/b/c/g/"],
  ["g/./h", "http://a/b/c/g/h"],
  ["g/../h", "http://a/b/c/h"],
  ["g;x=1/./y", "http://a/b/c/g;x=1/y"],
  ["g;x=1/../y", "http://a/b/c/y"],
  ["g?y/./x", "http://a/b/c/g?y/./x"],
  ["g?y/../x", "http://a/b/c/g?y/../x"],
  ["g#s/./x", "http://a/b/c/g#s/./x"],
  ["g#s/../x", "http://a/b/c/g#s/../x"],
  ["http:g", "http:g"],
]

test.each(EXAMPLES)("%j is %s", (reference, url) => {
  expect(resolveUrl(BASE, reference)).toBe(url)
})

test("nothing is decoded, lowered or repaired", () => {
  expect(resolveUrl("http://H:80/%7Ea", "%2e%2e/B\\c")).toBe("http://H:80/%2e%2e/B\\c")
  expect(resolveUrl("HTTP://h/a", "B:c")).toBe("B:c")
  expect(resolveUrl("HTTP://h/a?#", "b")).toBe("HTTP://h/b")
  expect(resolveUrl("HTTP://h/a?", "#")).toBe("HTTP://h/a?#")
  expect(resolveUrl("http://h", "x")).toBe("http://h/x")
})

test.each([
  ["/a/b", "c", "/a/c"],
  ["/a/b", "/c?d#e", "/c?d#e"],
  ["/a/b", "", "/a/b"],
  ["/a/b", "..//h/c", "/.//h/c"],
  ["/a/b", "/..//h/c", "/.//h/c"],
  ["/a/b", "https://h/c", "https://h/c"],
])("against the path %s, %s is %s: no host is made up", (base, reference, url) => {
  expect(resolveUrl(base, reference)).toBe(url)
})
