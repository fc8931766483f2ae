// The runner itself: that it sees differences, and that another folder of the same format may take the corpus's place.

import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { alikeResponses, covers, type Difference } from "./runner.ts"
import { alike, alikeHeaderLists, camel, type Json, read, record } from "./values.ts"

describe("comparing", () => {
  test.each<[Json, Json, boolean]>([
    [1, 1.0000000000001, true],
    [1, 1.1, false],
    [1, "1", false],
    [null, null, true],
    [null, false, false],
    [[1, 2], [1, 2], true],
    [[1, 2], [2, 1], false],
    [{ $set: [1, 2] }, { $set: [2, 1] }, true],
    [{ $set: [1, 1] }, { $set: [1, 2] }, false],
    [{ $date: "1994-11-06T08:49:37" }, { $date: "1994-11-06T10:49:37+02:00" }, true],
    [{ $date: "1994-11-06T08:49:37" }, { $date: "1994-11-06T08:49:38Z" }, false],
    [{ $seconds: 90 }, 90, true],
    [{ $enum: ["COOP", "same-origin"] }, "same-origin", true],
    [
      {
        $dict: [
          ["a", 1],
          ["b", 2],
        ],
      },
      {
        $dict: [
          ["b", 2],
          ["a", 1],
        ],
      },
      false,
    ],
    [
      {
        $multi: [
          ["a", 1],
          ["b", 2],
          ["a", 3],
        ],
      },
      {
        $multi: [
          ["a", 1],
          ["a", 3],
          ["b", 2],
        ],
      },
      true,
    ],
    [{ $multi: [["A", "1"]] }, { $multi: [["a", "1"]] }, false],
    [{ $multi: [["A", "1"]] }, { $multi: [["a", "1"]], $headers: true }, true],
    [{ $raises: "ValueError" }, { $raises: "TypeError" }, true],
    [{ $raises: "ValueError" }, "no failure", false],
    [{ $raises: "BadRequest", code: 400 }, { $raises: "BadRequest", code: 400, message: "x" }, true],
    [{ $raises: "BadRequest", code: 400 }, { $raises: "TypeError" }, false],
    [{ $raises: "BadRequest", code: 400 }, { $raises: "NotFound", code: 400 }, false],
    [{ $type: "Range", units: "bytes" }, { $type: "Range", units: "items" }, false],
    [{ $type: "Range" }, { $type: "Range", units: "bytes" }, false],
  ])("%j against %j: %s", (expected, actual, same) => {
    expect(alike(expected, actual)).toBe(same)
  })

  test("headers of a response may change places, but not with their like", () => {
    expect(
      alikeHeaderLists(
        [
          ["A", "1"],
          ["B", "2"],
        ],
        [
          ["b", "2"],
          ["a", "1"],
        ],
      ),
    ).toBe(true)
    expect(
      alikeHeaderLists(
        [
          ["A", "1"],
          ["A", "2"],
        ],
        [
          ["a", "2"],
          ["a", "1"],
        ],
      ),
    ).toBe(false)
  })
})

describe("a whole response", () => {
  const response = (...headers: [string, string][]) => ({ status: "200 OK", headers, body: { $bytes: "" } })
  const type: [string, string] = ["Content-Type", "text/html"]
  const nosniff: [string, string] = ["X-Content-Type-Options", "nosniff"]
  const sniff: [string, string] = ["X-Content-Type-Options", "sniff"]

  test.each<[claim: string, expected: Json, actual: Json, same: boolean]>([
    ["may forbid sniffing in addition", response(type), response(nosniff, type), true],
    ["may have no other header in addition", response(type), response(type, ["X-Other", "nosniff"]), false],
    ["may have no other value of that header", response(type), response(type, sniff), false],
    ["has to forbid sniffing if the record does", response(type, nosniff), response(type), false],
    ["has to forbid it as often as the record does", response(nosniff), response(nosniff, nosniff), false],
    ["has to allow sniffing if the record does", response(sniff), response(sniff, nosniff), false],
    ["has the same status", response(type), { ...response(type), status: "201 Created" }, false],
    ["has the same body", response(type), { ...response(type), body: { $bytes: "YQ==" } }, false],
    ["is no error", response(type), { $raises: "TypeError" }, false],
  ])("%s", (_, expected, actual, same) => {
    expect(alikeResponses(expected, actual)).toBe(same)
  })
})

describe("an entry of differences.json", () => {
  const testCase = { id: "http.a.1", group: "a", fn: "f", args: ["x y"], returns: "z" }
  const entry = { suite: "http", reason: "because" }

  test.each<[claim: string, covers: boolean, Partial<Difference>]>([
    ["covers the cases that it names", true, { cases: ["http.a.0", "http.a.1"] }],
    ["does not cover other cases of their group", false, { cases: ["http.a.0"] }],
    ["covers a case whose input passes its test", true, { input: '"args":\\["[^"]* ' }],
    ["does not cover one whose input fails it", false, { input: '"args":\\["[^" ]*"' }],
    ["does not look at the outcomes, nor at the id", false, { input: "z|http" }],
    ["may look into one group alone", true, { group: "a", input: " " }],
    ["does not cover other groups then", false, { group: "b", input: " " }],
    ["covers nothing by its group alone", false, { group: "a" }],
  ])("%s", (_, covered, further) => {
    expect(covers({ ...entry, ...further }, testCase, ["returns"])).toBe(covered)
  })
})

test("the notation comes back", () => {
  const notation: Json[] = [
    { $bytes: "aGk=" },
    { $date: "1994-11-06T08:49:37.000Z" },
    { $set: [1, "a"] },
    { $dict: [["a", { $int: "99999999999999999999" }]] },
    { $float: "-inf" },
    [null, true, "x"],
  ]
  for (const json of notation) expect(record(read(json))).toEqual(json)
  expect(read({ $repeat: ["a", "b", 3, "c"] })).toEqual(new TextEncoder().encode("abbbc"))
  expect(record(new RangeError("no"))).toEqual({ $raises: "RangeError", message: "no" })
  expect([camel("if_none_match"), camel("s_maxage"), camel("__getitem__")]).toEqual([
    "ifNoneMatch",
    "sMaxage",
    "__getitem__",
  ])
})

describe("ORACLE_DIR", () => {
  const run = (...cases: object[]) => {
    const folder = mkdtempSync(join(tmpdir(), "oracle-"))
    try {
      const now = "2023-11-14T22:13:20+00:00"
      writeFileSync(join(folder, "http.json"), JSON.stringify({ suite: "http", format: 1, now, cases }))
      const { stdout, status } = spawnSync(
        process.execPath,
        ["--import", "tsx", new URL("main.ts", import.meta.url).pathname],
        { env: { ...process.env, ORACLE_DIR: folder }, encoding: "utf8" },
      )
      return { lines: stdout.trimEnd().split("\n"), status }
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  const right = { id: "a", group: "http_date", fn: "http_date", args: [null], returns: "Tue, 14 Nov 2023 22:13:20 GMT" }
  const listed = { id: "b", group: "parse_cookie", fn: "parse_cookie", args: ["a=b\nc=d"], returns: "x" }
  const kin = { id: "e", group: "parse_cookie", fn: "parse_cookie", args: ["a=b"], returns: "x" }
  const quirk = { id: "c", group: "http_date", quirk: "odd", fn: "http_date", args: [0], returns: "x" }
  const wrong = { id: "d", group: "http_date", fn: "http_date", args: [0], returns: "x" }

  test("another folder takes the place of the corpus, with the clock stopped and the same reasons", () => {
    const { lines, status } = run(right, listed, quirk)
    expect(lines.at(-1)).toBe("http: 1 agree, 1 listed, 1 quirk, 0 unexplained")
    expect(status).toBe(0)
  })

  test("what is not explained fails the run", () => {
    const { lines, status } = run(right, wrong)
    expect(lines.at(-1)).toBe("http: 1 agree, 0 listed, 0 quirk, 1 unexplained")
    expect(lines[0]).toBe("unexplained d")
    expect(status).toBe(1)
  })

  test("a further case of a listed group fails the run unless its input is listed too", () => {
    const { lines, status } = run(listed, kin)
    expect(lines.at(-1)).toBe("http: 0 agree, 1 listed, 0 quirk, 1 unexplained")
    expect(lines[0]).toBe("unexplained e")
    expect(status).toBe(1)
  })
})
