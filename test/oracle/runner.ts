// Runs the recorded behaviour of another toolkit (the `*.json` beside this file) against the library, suite by suite.
//
// A suite takes part when there is an adapter of its name beside this file: `http.ts` for `http.json`. It exports
//
//     export const adapter: Adapter = {
//       outcomes: ["returns"],            // the keys of a case that say what happened; all others are its input
//       async run(testCase, suite) {      // do it, and tell what happened under the same keys, as plain values
//         return { returns: parseAge("5") }
//       },
//       describe: (value) => ...          // optional: objects of the library in the notation of the corpus
//     }
//
// `run` gives JavaScript values (`record` in values.ts writes them down), and may throw: that is the outcome
// `{"$raises": ...}` under the first of its keys. For suites whose cases are lists of operations there is operations.ts.
// An adapter maps names and encodings and nothing else: what is compared is decided here, and no case is special.
//
// Two general rules hold for whole responses, which adapters give under the key `response`, in every suite. Headers of
// different names have no order (RFC 9110 section 5.3). And where the record has no `X-Content-Type-Options`, ours may have
// `nosniff`: pages that the library makes (errors, redirects) show text of strangers, and no browser shall guess that they
// are anything but what their Content-Type says. Another value of that header, or a missing one, is a disagreement.
//
// A case agrees or disagrees. A disagreement is a *quirk* when the corpus itself tags the case as one, *listed* when an
// entry of differences.json covers it with a reason, and otherwise *unexplained*, which fails the run. An entry covers the
// cases that it names, or those whose input passes its test: a further case of the same group is not explained by it.

import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { frozenAt } from "./clock.ts"
import { alike, alikeHeaderLists, type Describe, type Json, record } from "./values.ts"

/** One recorded call: its input, and under the adapter's outcome keys what happened. */
export interface Case {
  id: string
  group: string
  quirk?: string
  [key: string]: Json | undefined
}

export interface Suite {
  suite: string
  /** The instant at which the clock stood still. */
  now: string
  cases: Case[]
  [key: string]: unknown
}

export interface Adapter {
  outcomes: readonly string[]
  run(testCase: Case, suite: Suite): Record<string, unknown> | Promise<Record<string, unknown>>
  describe?: Describe
  /** Called once before the first case and after the last: temporary files and the like. */
  open?(suite: Suite): void | Promise<void>
  close?(): void | Promise<void>
}

/** A reason to differ, and which cases it is for: those that it names, or those with such an input. */
export interface Difference {
  suite: string
  /** Ids of cases. */
  cases?: string[]
  /** A regular expression for the JSON text of the input: of the case without its id, group, quirk and outcomes. */
  input?: string
  /** Narrows `input` to one group of the suite. */
  group?: string
  reason: string
}

export interface Disagreement {
  testCase: Case
  kind: "listed" | "quirk" | "unexplained"
  expected: Record<string, Json>
  actual: Record<string, Json>
}

export interface Report {
  suite: string
  total: number
  disagreements: Disagreement[]
  /** Entries of differences.json that cover cases which agree, or which there are not. */
  stale: string[]
}

const here = import.meta.dirname

/** Where the corpus is: beside this file, unless `ORACLE_DIR` names another folder of the same format. */
export const folder: string = process.env["ORACLE_DIR"] ?? here

/** The suites of the folder that have an adapter. */
export function suiteNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json") && existsSync(join(here, file.replace(/json$/, "ts"))))
    .map((file) => file.slice(0, -".json".length))
    .sort()
}

/** How many cases the folder has, those of suites without an adapter included. */
export function countCases(): number {
  const suites = readdirSync(folder).filter((file) => file.endsWith(".json") && file !== "differences.json")
  return suites.reduce((sum, file) => sum + readSuite(file).cases.length, 0)
}

function readSuite(file: string): Suite {
  return JSON.parse(readFileSync(join(folder, file), "utf8")) as Suite
}

export function readDifferences(): Difference[] {
  return JSON.parse(readFileSync(join(here, "differences.json"), "utf8")) as Difference[]
}

export async function runSuite(name: string): Promise<Report> {
  const suite = readSuite(`${name}.json`)
  const module = (await import(pathToFileURL(join(here, `${name}.ts`)).href)) as { adapter: Adapter }
  const differences = readDifferences().filter((entry) => entry.suite === name)
  const disagreements: Disagreement[] = []
  await frozenAt(new Date(suite.now), async () => {
    await module.adapter.open?.(suite)
    for (const testCase of suite.cases) {
      const found = await compare(testCase, suite, module.adapter)
      if (found) disagreements.push({ testCase, kind: kindOf(testCase, differences, module.adapter), ...found })
    }
    await module.adapter.close?.()
  })
  const stale =
    folder === here ? differences.flatMap((entry) => staleness(entry, suite, disagreements, module.adapter)) : []
  return { suite: name, total: suite.cases.length, disagreements, stale }
}

async function compare(testCase: Case, suite: Suite, adapter: Adapter) {
  const keys = adapter.outcomes
  let outcome: Record<string, unknown>
  try {
    outcome = await adapter.run(testCase, suite)
  } catch (error) {
    outcome = { [keys.find((key) => key in testCase) ?? (keys[0] as string)]: error }
  }
  const expected: Record<string, Json> = {}
  const actual: Record<string, Json> = {}
  for (const key of keys) {
    if (key in testCase) expected[key] = testCase[key] as Json
    if (key in outcome) actual[key] = record(outcome[key], adapter.describe)
  }
  const agrees = keys.every((key) => (key === "response" ? alikeResponses : alike)(expected[key], actual[key]))
  return agrees ? undefined : { expected, actual }
}

/** Whether two whole responses agree, by the rules above. */
export function alikeResponses(expected: Json | undefined, actual: Json | undefined): boolean {
  const [one, other] = [expected, actual] as { headers?: [string, string][] }[]
  if (!Array.isArray(one?.headers) || !Array.isArray(other?.headers)) return alike(expected, actual)
  const isSniffing = ([name]: [string, string]) => name.toLowerCase() === "x-content-type-options"
  const isExtra = (pair: [string, string]) => isSniffing(pair) && pair[1] === "nosniff"
  const headers = one.headers.some(isSniffing) ? other.headers : other.headers.filter((pair) => !isExtra(pair))
  return (
    alikeHeaderLists(one.headers, headers) &&
    alike({ ...(one as object), headers: null } as Json, { ...(other as object), headers: null } as Json)
  )
}

function kindOf(testCase: Case, differences: Difference[], adapter: Adapter): Disagreement["kind"] {
  if (testCase.quirk !== undefined) return "quirk"
  return differences.some((entry) => covers(entry, testCase, adapter.outcomes)) ? "listed" : "unexplained"
}

/** Whether the reason of an entry is one for this case. */
export function covers(entry: Difference, testCase: Case, outcomes: readonly string[]): boolean {
  if (entry.cases?.includes(testCase.id)) return true
  if (entry.input === undefined || (entry.group ?? testCase.group) !== testCase.group) return false
  return new RegExp(entry.input).test(JSON.stringify(inputOf(testCase, outcomes)))
}

/** What is wrong with an entry: it names a case that agrees or that there is not, or its test lets in one that agrees. */
function staleness(entry: Difference, suite: Suite, disagreements: Disagreement[], adapter: Adapter): string[] {
  const differing = new Set(disagreements.map(({ testCase }) => testCase.id))
  const named = entry.cases?.filter((id) => !differing.has(id)).map((id) => `${id}: is said to differ, and does not`)
  if (entry.input === undefined) return named ?? []
  const covered = suite.cases.filter((testCase) => covers(entry, testCase, adapter.outcomes))
  if (covered.length === 0) return [`${entry.suite} ${entry.input}: no case has such an input`]
  return covered
    .filter(({ id }) => !differing.has(id))
    .map(({ id }) => `${entry.suite} ${entry.input}: covers ${id}, which agrees`)
}

function inputOf(testCase: Case, outcomes: readonly string[]): Record<string, unknown> {
  const others = ["id", "group", "quirk", ...outcomes]
  return Object.fromEntries(Object.entries(testCase).filter(([key]) => !others.includes(key)))
}

/** `http: 690 agree, 9 listed, 3 quirk, 0 unexplained` */
export function summary({ suite, total, disagreements }: Report): string {
  const count = (kind: Disagreement["kind"]) => disagreements.filter((found) => found.kind === kind).length
  const agree = total - disagreements.length
  return `${suite}: ${agree} agree, ${count("listed")} listed, ${count("quirk")} quirk, ${count("unexplained")} unexplained`
}

/** A disagreement in a few lines. */
export function explain({ testCase, kind, expected, actual }: Disagreement): string {
  const input = inputOf(testCase, Object.keys(expected))
  const text = (value: unknown) => {
    const json = JSON.stringify(value)
    return json.length > 1000 ? `${json.slice(0, 1000)}...` : json
  }
  return [
    `${kind} ${testCase.id}${testCase.quirk ? ` (${testCase.quirk})` : ""}`,
    `  input    ${text(input)}`,
    `  expected ${text(expected)}`,
    `  actual   ${text(actual)}`,
  ].join("\n")
}
