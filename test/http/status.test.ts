import { STATUS_CODES } from "node:http"
import { expect, test } from "vitest"
import { parseStatus, reasonPhrase } from "../../src/http/status.ts"

test("knows every code that Node knows, but for withdrawn ones", () => {
  const unknown = Object.keys(STATUS_CODES).filter((code) => reasonPhrase(Number(code)) === "Unknown")
  expect(unknown).toEqual(["509"])
})

test.each<[number | string, number, string]>([
  [404, 404, "404 Not Found"],
  ["404", 404, "404 Not Found"],
  ["200 TEA POT", 200, "200 TEA POT"],
  [" 200 OK ", 200, "200 OK"],
  [588, 588, "588 Unknown"],
  [100, 100, "100 Continue"],
  ["999 Own", 999, "999 Own"],
])("%j is the code %i and the line %j", (status, code, line) => {
  expect(parseStatus(status)).toEqual([code, line])
})

test.each([-1, 0, 99, 1000, 200.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses the number %d", (status) => {
  expect(() => parseStatus(status)).toThrow(
    new RangeError(
      `A status is a code from 100 to 999, or a text that starts with one, as "404 Not Found", not ${status}`,
    ),
  )
})

test.each([null, undefined, true, {}, [404]])("refuses %j", (status) => {
  expect(() => parseStatus(status as unknown as number)).toThrow(TypeError)
})

test.each([
  "",
  " ",
  "wtf",
  "+200 OK",
  "200OK",
  "99 Low",
  "1000 High",
  "-1",
  "0",
  "200 OK\r\nX: y",
  "200 OK\0",
  "200 \u20ac",
])("refuses %j", (status) => {
  expect(() => parseStatus(status)).toThrow(TypeError)
})
