// Runs the conformance table against a server that serves the conformance application, over raw sockets.

import { type ConformanceCase, conformance, differences, requestBytes } from "../../testing/conformance.ts"
import { CASE_HEADER } from "../../testing/conformance-application.ts"
import { connectTo, type Place } from "./place.ts"
import { exchange } from "./raw-exchange.ts"
import { reportOf } from "./report.ts"

/** A case that a server does not fulfil. */
export interface Problem {
  /** The claim of the case. */
  name: string
  /** Rules of `docs/gateway.md` that are broken: those that the linter found, or that the application of the case breaks on purpose. */
  rules: string[]
  /** What is not as it has to be. */
  found: string[]
}

/** Asks for every case of the table, one after the other. */
export async function checkServer(options: Place): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const [index, each] of conformance.entries()) {
    const problem = await checkCase(each, index, options)
    if (problem !== undefined) problems.push(problem)
  }
  return problems
}

async function checkCase(
  [name, , request, expected]: ConformanceCase,
  index: number,
  options: Place,
): Promise<Problem | undefined> {
  const headers = [...(request.headers ?? []), [CASE_HEADER, String(index)] as const]
  const wanted = options.isSecure && expected.body === "http" ? { ...expected, body: "https" } : expected
  const answer = await exchange(
    connectTo(options),
    requestBytes({ ...request, headers }),
    request.method,
    options.timeoutMs,
  )
  const found = answer.status === "" ? ["there was no answer"] : differences(wanted, answer)
  if (answer.isLate) found.push(`the response did not end within ${options.timeoutMs} ms`)
  else if (expected.fails === "after the head") {
    if (answer.complete) found.push("the response looks complete, though the application failed")
  } else if (!answer.complete) found.push("the response was broken off")
  const { notes, breaches } = await reportOf(String(index), expected.notes?.length ?? 0, options)
  if (expected.notes !== undefined && JSON.stringify(notes) !== JSON.stringify(expected.notes)) {
    found.push(`the application saw ${JSON.stringify(notes)}, not ${JSON.stringify(expected.notes)}`)
  }
  for (const { message } of breaches) found.push(message)
  if (found.length === 0) return undefined
  const rules = breaches.length > 0 ? breaches.map(({ rule }) => rule) : (expected.breaks ?? [])
  return { name, rules: [...new Set(rules)], found }
}
