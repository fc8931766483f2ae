// Runs the conformance table against a server that serves the conformance application, over raw sockets.

import { connect } from "node:net"
import type { Duplex } from "node:stream"
import { connect as connectTls } from "node:tls"
import { type ConformanceCase, conformance, differences, requestBytes } from "../../testing/conformance.ts"
import { CASE_HEADER, type ConformanceReport } from "../../testing/conformance-application.ts"
import { exchange } from "./raw-exchange.ts"

/** A case that a server does not fulfil. */
export interface Problem {
  /** The claim of the case. */
  name: string
  /** Rules of `docs/gateway.md` that are broken: those that the linter found, or that the application of the case breaks on purpose. */
  rules: string[]
  /** What is not as it has to be. */
  found: string[]
}

/** Where a server listens, and how long it may take for an answer. */
export interface CheckOptions {
  hostname: string
  port: number
  isSecure: boolean
  timeoutMs: number
}

/** Asks for every case of the table, one after the other. */
export async function checkServer(options: CheckOptions): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const [index, each] of conformance.entries()) {
    const problem = await checkCase(each, index, options)
    if (problem !== undefined) problems.push(problem)
  }
  return problems
}

function open({ hostname, port, isSecure }: CheckOptions): Duplex {
  if (!isSecure) return connect({ host: hostname, port })
  // What is tested is the server, and not who has signed its certificate.
  return connectTls({ host: hostname, port, rejectUnauthorized: false })
}

async function checkCase(
  [name, , request, expected]: ConformanceCase,
  index: number,
  options: CheckOptions,
): Promise<Problem | undefined> {
  const headers = [...(request.headers ?? []), [CASE_HEADER, String(index)] as const]
  const wanted = options.isSecure && expected.body === "http" ? { ...expected, body: "https" } : expected
  const answer = await exchange(open(options), requestBytes({ ...request, headers }), request.method, options.timeoutMs)
  const found = answer.status === "" ? ["there was no answer"] : differences(wanted, answer)
  if (answer.isLate) found.push(`the response did not end within ${options.timeoutMs} ms`)
  else if (expected.fails === "after the head") {
    if (answer.complete) found.push("the response looks complete, though the application failed")
  } else if (!answer.complete) found.push("the response was broken off")
  const { notes, breaches } = await reportOf(index, expected.notes?.length ?? 0, options)
  if (expected.notes !== undefined && JSON.stringify(notes) !== JSON.stringify(expected.notes)) {
    found.push(`the application saw ${JSON.stringify(notes)}, not ${JSON.stringify(expected.notes)}`)
  }
  for (const { message } of breaches) found.push(message)
  if (found.length === 0) return undefined
  const rules = breaches.length > 0 ? breaches.map(({ rule }) => rule) : (expected.breaks ?? [])
  return { name, rules: [...new Set(rules)], found }
}

/** What the case left behind. A body may be closed after the client has its answer, so notes are waited for. */
async function reportOf(index: number, notes: number, options: CheckOptions): Promise<ConformanceReport> {
  const all: ConformanceReport = { notes: [], breaches: [] }
  for (let tries = 0; tries < 20; tries++) {
    const bytes = requestBytes({ headers: [[CASE_HEADER, `report ${index}`]] })
    const { body } = await exchange(open(options), bytes, "GET", options.timeoutMs)
    let report: ConformanceReport
    try {
      report = JSON.parse(new TextDecoder().decode(body)) as ConformanceReport
    } catch {
      break
    }
    all.notes.push(...report.notes)
    all.breaches.push(...report.breaches)
    if (all.notes.length >= notes) break
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return all
}
