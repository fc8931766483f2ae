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
  ["wtf", 0, "0 wtf"],
  ["+200 OK", 0, "0 +200 OK"],
  ["200OK", 0, "0 200OK"],
])("%j is the code %i and the line %j", (status, code, line) => {
  expect(parseStatus(status)).toEqual([code, line])
})

test.each(["", " ", "200 OK\r\nX: y", "200 OK\0", "200 \u20ac"])("refuses %j", (status) => {
  expect(() => parseStatus(status)).toThrow(TypeError)
})
