import { expect, test } from "vitest"
import * as words from "../../src/http/cross-origin.ts"

const { memberOf, ...sets } = words

test("the sets have the words of the standards", () => {
  expect(Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, Object.values(set).length]))).toEqual({
    COEP: 3,
    COOP: 4,
    CORP: 3,
    SecFetchDest: 24,
    SecFetchMode: 5,
    SecFetchSite: 4,
  })
})

test("only their own words are members", () => {
  for (const set of Object.values(sets)) {
    for (const word of Object.values(set)) expect(memberOf(set, word)).toBe(word)
    for (const word of ["", "constructor", "__proto__", "toString", "Same-Origin"])
      expect(memberOf(set, word)).toBeUndefined()
    expect(memberOf(set, undefined)).toBeUndefined()
  }
})
