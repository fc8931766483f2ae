// The applications of the conformance table as one, for servers that run in a process, a runtime or a language of their own: the
// request says in a header which of them is to answer. What an application noted, and what the linter found fault with, is asked
// for by another request. Runs wherever applications run.

import type { Application, Environ } from "../gateway.ts"
import { lint } from "../middleware/lint.ts"
import type { LintError } from "../middleware/lint-exchange.ts"
import { conformance } from "./conformance.ts"
import { latin1, say, takeNotes } from "./conformance-case.ts"

/** The header that names a case by its place in the table, or `report` and its place. The application of the case does not see it. */
export const CASE_HEADER = "X-Conformance-Case"
const KEY = "HTTP_X_CONFORMANCE_CASE"

/** What a case left behind in the server. */
export interface ConformanceReport {
  /** What its application has noted. */
  notes: string[]
  /** Rules of `docs/gateway.md` that the server broke, and how. */
  breaches: { rule: string; message: string }[]
}

const breaches = new Map<number, LintError[]>()
const linted = new Map<number, Application>()

/**
 * Serve this with a server of the gateway interface, in one process, and `werkstatt conformance URL` tells which rules the
 * server breaks.
 *
 * Applications that keep to the rules run inside the linter.
 */
export const conformanceApplication: Application = (environ, startResponse) => {
  const [what, index] = caseOf(environ)
  delete environ[KEY]
  const application = applicationOf(index)
  if (application === undefined) return say(startResponse, `no case is named in ${CASE_HEADER}\n`, "404 Not Found")
  if (what === "run") return application(environ, startResponse)
  startResponse("200 OK", [["Content-Type", "application/json"]])
  return [latin1(JSON.stringify(reportOf(index)))]
}

function caseOf(environ: Environ): [what: "run" | "report", index: number] {
  const match = /^(report )?(\d{1,4})$/.exec(String(environ[KEY]))
  return [match?.[1] === undefined ? "run" : "report", match === null ? -1 : Number(match[2])]
}

function applicationOf(index: number): Application | undefined {
  const row = conformance[index]
  if (row === undefined) return undefined
  const [, application, , expected] = row
  // The linter would refuse it before the server does.
  if (expected.breaks !== undefined) return application
  let checked = linted.get(index)
  if (checked === undefined) {
    const report = (breach: LintError) => {
      if (breach.level === "error") breaches.set(index, [...(breaches.get(index) ?? []), breach])
    }
    checked = lint(application, { report })
    linted.set(index, checked)
  }
  return checked
}

function reportOf(index: number): ConformanceReport {
  const found = breaches.get(index) ?? []
  breaches.delete(index)
  const notes = takeNotes((conformance[index] as (typeof conformance)[number])[1])
  // JSON as Latin-1 bytes: messages may quote anything.
  const plain = (text: string) => text.replace(/[^\x20-\x7e]/g, "?")
  return { notes, breaches: found.map(({ rule, message }) => ({ rule, message: plain(message) })) }
}
