// The formats of the access log of `serve`.

import { describe, expect, test } from "vitest"
import { accessFormat, type FinishedEntry, finishedEntry } from "../../../src/serving/serve/access-format.ts"
import { EnvironBuilder } from "../../../src/testing/environ-builder.ts"

function entry(headers: Record<string, string> = {}, path = "/a b?q=1"): FinishedEntry {
  const environ = new EnvironBuilder({ path, headers }).getEnviron()
  environ.REMOTE_ADDR = "192.0.2.1"
  return { ...finishedEntry(environ, 404, 12, 1234.5678), time: new Date(0) }
}

test.each([
  ["%(h)s|%(l)s|%(u)s|%(m)s|%(s)s|%(B)s|%(b)s", "192.0.2.1|-|-|GET|404|12|12"],
  ["%(t)s", "[1970-01-01T00:00:00.000Z]"],
  ["%(U)s %(q)s %(H)s", "/a b q=1 HTTP/1.1"],
  ["%(T)s %(M)s %(D)s %(L)s", "1 1235 1234568 1.234568"],
  ["%(f)s %(a)s %({X-Request-Id}i)s", "- - -"],
  ["100% %(s)s%", "100% 404%"],
])("%s", (format, line) => {
  expect(accessFormat(format)(entry())).toBe(line)
})

test("what the client sent ends no line and no field", () => {
  const line = accessFormat(`"%(a)s" %({X-Evil}i)s`)(entry({ "User-Agent": 'a"b\\', "X-Evil": "\x9b2J\tx" }))
  expect(line).toBe(`"a\\"b\\\\" \\x9b2J\\x09x`)
})

describe("by name", () => {
  test("common, combined, json", () => {
    expect(accessFormat("common")(entry())).toMatch(
      /^192\.0\.2\.1 - - \[01\/Jan\/1970:00:00:00 \+0000\] "GET .* HTTP\/1\.1" 404 12$/,
    )
    expect(accessFormat("combined")(entry({ Referer: "http://a.test/" }))).toMatch(/ 404 12 "http:\/\/a\.test\/" "-"$/)
    const json = JSON.parse(accessFormat("json")(entry()) as string)
    expect(json).toMatchObject({ address: "192.0.2.1", status: 404, bytes: 12, durationMs: 1234.568 })
    expect(json).not.toHaveProperty("environ")
  })

  test.each(["", "apache", "__proto__", "%(h)", "%(z)s", "%(__proto__)s", "%({a b}i)s"])("%j is none", (format) => {
    expect(() => accessFormat(format)).toThrow(TypeError)
  })
})

test("a client that left before there was a status is 499, as nginx writes it", () => {
  const environ = new EnvironBuilder({}).getEnviron()
  expect(finishedEntry(environ, undefined, 0, 1)).toMatchObject({ status: 499, complete: false })
})
