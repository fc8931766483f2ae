// What holds for every parser of the folder: it takes any text, its time grows with the length of the text and not with
// the square of it, and names that an object inherits are names like any other.

import { execFileSync } from "node:child_process"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { expectLinear } from "../support/growth.ts"
import { PARSERS, WORST } from "./worst-inputs.ts"

// What throws at malformed text because a programmer wrote it.
const THROWING = new Set(["dumpContentDisposition", "iriToUri", "parseStatus", "uriToIri"])

describe.each(Object.entries(PARSERS))("%s", (name, parse) => {
  test("takes any text", () => {
    const text = fc.string({
      unit: fc.constantFrom(..."ab01,;=\"\\' \t*/-:%&+.[]@?#\n\0\u00ff€\ud800".split("")),
      maxLength: 60,
    })
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: "binary" })), (value) => {
        try {
          parse(value)
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          expect(THROWING).toContain(name)
        }
      }),
    )
  })

  // A head has 16 KiB at most; far beyond that it would be the garbage collector that is measured.
  test("takes time in proportion to the text", async () => {
    for (const [kind, make] of Object.entries(WORST)) {
      await expectLinear(
        (length) => {
          const text = make(length)
          return () => parse(text)
        },
        4096,
        kind,
      )
    }
  })
})

test("inherited names are plain data, with frozen prototypes too", () => {
  const script = `
    Object.freeze(Object.prototype); Object.freeze(Array.prototype); Object.freeze(Map.prototype)
    const http = await import("./src/http/index.ts")
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty"]
    const found = names.map((name) => [
      http.parseOptionsHeader("a; " + name + "=b")[1].get(name.toLowerCase()),
      http.parseDictHeader(name + "=b").get(name),
      http.parseContentSecurityPolicy(name + " b").get(name.toLowerCase()) ?? (name.includes("_") ? "b" : ""),
      http.parseQuery(name + "=b")[0][1],
      http.parseCookie(name + "=b")[0][1],
      http.parseCredentials("x " + name + "=b").parameters.get(name),
      http.parseAccept(name + ";q=0.5")[0][1] === 0.5 ? "b" : "",
      http.checkFieldName(name) === name ? "b" : "",
      http.dumpCookie(name, "b").startsWith(name + "=b") ? "b" : "",
      http.reasonPhrase(name) === "Unknown" ? "b" : "",
    ])
    console.log(JSON.stringify(found), Object.keys(Object.prototype).length, {}.b)
  `
  const root = new URL("../..", import.meta.url).pathname
  const output = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    cwd: root,
    encoding: "utf8",
  })
  expect(output.trim()).toBe(`${JSON.stringify(Array(4).fill(Array(10).fill("b")))} 0 undefined`)
})
