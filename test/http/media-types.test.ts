import { expect, test } from "vitest"
import { getContentType, isJsonType, isTextType, parseMediaType } from "../../src/http/media-types.ts"

test("type and parameters are read once, in lower case", () => {
  const [type, parameters] = parseMediaType(' Application/JSON ; Charset="UTF-8"')
  expect([type, parameters.get("charset")]).toEqual(["application/json", "UTF-8"])
})

test.each([
  undefined,
  "",
  "json",
  "application/",
  "/json",
  "application/json\ta",
  "application/json garbage",
  "application/json, text/html",
  "application/json/x",
  "application /json",
  "application/jsön",
])("%j is no media type, and has no parameters", (text) => {
  expect(parseMediaType(text)).toEqual(["", new Map()])
  expect(parseMediaType(`${text ?? ""}; charset=utf-8`)[0]).toBe("")
})

test.each([
  ["text/html", true],
  ["image/svg+xml", true],
  ["application/xml-dtd", true],
  ["application/json", false],
  ["image/png", false],
])("%s is text: %s", (type, text) => {
  expect(isTextType(type)).toBe(text)
})

test.each([
  ["application/json", true],
  ["application/ld+json", true],
  ["text/json", false],
  ["image/x+json", false],
])("%s is JSON: %s", (type, json) => {
  expect(isJsonType(type)).toBe(json)
})

test("a charset that is there already is not doubled", () => {
  expect(getContentType("text/html; charset=utf-16", "utf-8")).toBe("text/html; charset=utf-16")
  expect(getContentType("text/html; a=b", "utf-8")).toBe("text/html; a=b; charset=utf-8")
  expect(getContentType("TEXT/HTML", "utf-8")).toBe("TEXT/HTML; charset=utf-8")
})
