// What a case left behind in the server: asked for with a request of its own.

import { requestBytes } from "../../testing/conformance.ts"
import { CASE_HEADER, type ConformanceReport } from "../../testing/conformance-application.ts"
import { connectTo, type Place } from "./place.ts"
import { exchange } from "./raw-exchange.ts"

/**
 * A body may be closed after the client has its answer, so notes are waited for.
 *
 * @param which the case, as CASE_HEADER names it
 * @param notes how many there will be
 */
export async function reportOf(which: string, notes: number, place: Place): Promise<ConformanceReport> {
  const all: ConformanceReport = { notes: [], breaches: [] }
  for (let tries = 0; tries < 20; tries++) {
    const bytes = requestBytes({ headers: [[CASE_HEADER, `report ${which}`]] })
    const { body } = await exchange(connectTo(place), bytes, "GET", place.timeoutMs)
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
