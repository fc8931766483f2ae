// For tests: applications run inside the linter. After each test nothing may have been reported, neither error nor advice,
// swallowed or not, and every body must be closed.

import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, expect } from "vitest"
import type { Application } from "../../src/gateway.ts"
import { type LintError, lint, unclosedBodies } from "../../src/middleware/lint.ts"

const breaches: LintError[] = []
let running: Application[] = []
const checkedApps = new WeakSet<Application>()

/**
 * The application inside the linter. Breaches of the rules in `allow` are not held against it, though errors are still thrown.
 * One that is in the linter already is left as it is: what a test allows itself goes before what its server allows.
 */
export function linted(app: Application, { allow = [] }: { allow?: readonly string[] } = {}): Application {
  if (checkedApps.has(app)) return app
  const report = (breach: LintError) => {
    if (!allow.includes(breach.rule)) breaches.push(breach)
  }
  const checked = lint(app, { report })
  checkedApps.add(checked)
  if (!allow.includes("L27")) running.push(checked)
  return checked
}

/** What has been reported since the last call, for tests that expect something. */
export function reportedBreaches(): LintError[] {
  return breaches.splice(0)
}

afterEach(async () => {
  // A server closes the body after the client has its answer: it is given a second for that.
  const unclosed = () => running.flatMap(unclosedBodies)
  for (let tries = 0; unclosed().length > 0 && tries < 100; tries++) await sleep(10)
  const found = [...reportedBreaches(), ...unclosed()].map(String)
  running = running.filter((app) => unclosedBodies(app).length === 0)
  expect(found).toEqual([])
})
