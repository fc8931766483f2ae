// One request under the linter: the exchange, the rules that judge it, and the function that gets the findings.
// Knows neither how events are observed (lint.ts, lint-body.ts, lint-streams.ts) nor what a rule says.

import { Exchange, LintError } from "./lint-exchange.ts"
import { clausesOn, type Events } from "./lint-rules.ts"

export type Report = (breach: LintError) => void

export class Inspection extends Exchange {
  readonly report: Report
  /** Called at the first close of the body, before that of the application's. */
  atClose: () => void = () => undefined

  constructor(report: Report) {
    super()
    this.report = report
  }

  /** Tells the rules what happened. Throws the LintError of the first error; advice is reported only. */
  judge<E extends keyof Events>(event: E, subject: Events[E]): void {
    for (const { id, clause } of clausesOn[event]) {
      const breach = clause.check(subject, this)
      if (breach === undefined) continue
      const error = new LintError(id, clause.level, clause.text, breach)
      this.report(error)
      if (clause.level === "error") throw error
    }
  }

  /** Refuses what comes when the response is over (rule L35). */
  notLate(what: string): void {
    if (this.over) this.judge("late", what)
  }

  /** What rule L27 says of this exchange, whose body was not closed. */
  unclosed(): LintError[] {
    return clausesOn.lost.map(({ id, clause }) => new LintError(id, clause.level, clause.text, { value: this.target }))
  }
}
