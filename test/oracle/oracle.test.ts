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

  test("what is listed is less than 3 % of all cases", () => {
    const listed = reports.flatMap(({ disagreements }) => disagreements.filter(({ kind }) => kind === "listed"))
    expect(listed.length / countCases()).toBeLessThan(0.03)
  })

  test("every listed difference has a reason and names a group or a case", () => {
    for (const entry of readDifferences()) {
      expect(entry.reason.length, JSON.stringify(entry)).toBeGreaterThan(20)
      expect([entry.group, entry.id].filter((name) => name !== undefined)).toHaveLength(1)
    }
  })
})
