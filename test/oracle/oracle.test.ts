import { describe, expect, test } from "vitest"
import { countCases, explain, type Report, readDifferences, runSuite, suiteNames } from "./runner.ts"

describe("recorded behaviour", () => {
  const reports: Report[] = []

  test.each(suiteNames())("%s agrees with the record, or says why not", { timeout: 60_000 }, async (name) => {
    const report = await runSuite(name)
    reports.push(report)
    expect(report.disagreements.filter(({ kind }) => kind === "unexplained").map(explain)).toEqual([])
    expect(report.stale).toEqual([])
  })

  test("what is listed is less than 5 % of all cases", () => {
    const listed = reports.flatMap(({ disagreements }) => disagreements.filter(({ kind }) => kind === "listed"))
    expect(listed.length / countCases()).toBeLessThan(0.05)
  })

  test("every listed difference has a reason, and names cases or has a test on the input", () => {
    const keys = ["suite", "cases", "group", "input", "reason"]
    for (const entry of readDifferences()) {
      expect(entry.reason.length, JSON.stringify(entry)).toBeGreaterThan(20)
      expect(Object.keys(entry).filter((key) => !keys.includes(key))).toEqual([])
      if (entry.input === undefined) {
        expect(entry.cases?.length, JSON.stringify(entry)).toBeGreaterThan(0)
        expect(entry.group, "a group alone explains nothing").toBeUndefined()
      } else expect(entry.cases, JSON.stringify(entry)).toBeUndefined()
    }
  })
})
