// `npm run test:oracle [-- suite... --show listed|quirk]`: runs the corpus, prints what disagrees, ends with a line per suite.

import { argv } from "node:process"
import { explain, type Report, runSuite, suiteNames, summary } from "./runner.ts"

const shown = new Set(["unexplained", ...argv.filter((_, index) => argv[index - 1] === "--show")])
const wanted = argv.slice(2).filter((word) => !word.startsWith("--") && !shown.has(word))

const reports: Report[] = []
for (const name of suiteNames()) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const report = await runSuite(name)
  reports.push(report)
  for (const found of report.disagreements) if (shown.has(found.kind)) console.log(explain(found))
  for (const line of report.stale) console.log(`stale: ${line}`)
}

const listed = reports.flatMap(({ disagreements }) => disagreements).filter(({ kind }) => kind === "listed").length
const total = reports.reduce((sum, report) => sum + report.total, 0)
console.log(`${listed} of ${total} cases are listed, ${((listed / total) * 100).toFixed(1)} %`)
for (const report of reports) console.log(summary(report))
if (reports.some(({ disagreements }) => disagreements.some(({ kind }) => kind === "unexplained"))) process.exitCode = 1
