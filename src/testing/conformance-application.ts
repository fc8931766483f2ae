// The applications of the conformance table as one, for servers that run in a process, a runtime or a language of their own: the
// request says in a header which of them is to answer. What an application noted, and what the linter found fault with, is asked
// for by another request. Runs wherever applications run.

import type { Application, Environ } from "../gateway.ts"
import { lint } from "../middleware/lint.ts"
import type { LintError } from "../middleware/lint-exchange.ts"
import { conformance } from "./conformance.ts"
import { latin1, say, takeNotes } from "./conformance-case.ts"
import { websocketConformance } from "./conformance-websockets.ts"

/**
 * The header that names a case by its place in the table `conformance`, as `3`, or in `websocketConformance`, as `websocket 3`; `report`
 * before it asks for what the case left behind. The application of the case does not see it.
 */
export const CASE_HEADER = "X-Conformance-Case"
const KEY = "HTTP_X_CONFORMANCE_CASE"

/** What a case left behind in the server. */
export interface ConformanceReport {
  /** What its application has noted. */
  notes: string[]
  /** Rules of `docs/gateway.md` that the server broke, and how. */
  breaches: { rule: string; message: string }[]
}

/** What the application of a case may be: one of either table. */
type Row = readonly [name: string, application: Application, request: unknown, expected: { breaks?: readonly string[] }]

const breaches = new Map<Application, LintError[]>()
const linted = new Map<Application, Application>()

/**
 * Serve this with a server of the gateway interface, in one process, and `werkstatt conformance URL` tells which rules the
 * server breaks.
 *
 * Applications that keep to the rules run inside the linter.
 */
export const conformanceApplication: Application = (environ, startResponse) => {
  const [isReport, row] = caseOf(environ)
  delete environ[KEY]
  if (row === undefined) return say(startResponse, `no case is named in ${CASE_HEADER}\n`, "404 Not Found")
  if (!isReport) return checked(row)(environ, startResponse)
  startResponse("200 OK", [["Content-Type", "application/json"]])
  return [latin1(JSON.stringify(reportOf(row)))]
}

function caseOf(environ: Environ): [isReport: boolean, row: Row | undefined] {
  const match = /^(report )?(websocket )?(\d{1,4})$/.exec(String(environ[KEY]))
  if (match === null) return [false, undefined]
  const table: readonly Row[] = match[2] === undefined ? conformance : websocketConformance
  return [match[1] !== undefined, table[Number(match[3])]]
}

function checked([, application, , { breaks }]: Row): Application {
  // The linter would refuse it before the server does.
  if (breaks !== undefined) return application
  let inside = linted.get(application)
  if (inside === undefined) {
    const report = (breach: LintError) => {
      if (breach.level === "error") breaches.set(application, [...(breaches.get(application) ?? []), breach])
    }
    inside = lint(application, { report })
    linted.set(application, inside)
  }
  return inside
}

function reportOf([, application]: Row): ConformanceReport {
  const found = breaches.get(application) ?? []
  breaches.delete(application)
  const notes = takeNotes(application)
  // JSON as Latin-1 bytes: messages may quote anything.
  const plain = (text: string) => text.replace(/[^\x20-\x7e]/g, "?")
  return { notes, breaches: found.map(({ rule, message }) => ({ rule, message: plain(message) })) }
}
