// What pages of the debugger ask for: the PIN, evaluations, completions, what is inside of a value. Each is a function from JSON
// to JSON. Whether a request may ask is decided before (debugger-site.ts); whether the PIN was entered, here, by command.

import type { Completions } from "./completion.ts"
import { complete } from "./completion.ts"
import type { Console, Outcome } from "./console.ts"
import { namesOf, type Quietly } from "./frame-variables.ts"
import type { HiddenProperties } from "./inspection.ts"
import { markup } from "./markup.ts"
import type { RecordedError } from "./recorded-errors.ts"
import { membersOf, represent } from "./representation.ts"
import { dumpMarkup, membersMarkup, type NumberOf, valueMarkup } from "./value-markup.ts"

/** What a command works on. */
export interface CommandScope {
  /** Of the page that asks; undefined for the console without an error. */
  readonly error: RecordedError | undefined
  readonly console: Console | undefined
  /** Names and targets of the console without an error. */
  readonly numberOf: NumberOf
  target(number: number): object | undefined
  hiddenOf(target: object): Promise<HiddenProperties>
  readonly quietly: Quietly
}

/** A command that cannot be carried out: what the page is told. */
export class CommandError extends Error {
  override readonly name = "CommandError"
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const MAX_CODE = 100_000

/** Evaluates code. */
export async function evaluate(scope: CommandScope, body: Readonly<Record<string, unknown>>): Promise<unknown> {
  const { code } = body
  if (typeof code !== "string" || code.length > MAX_CODE) throw new CommandError(400, "There is no code.")
  const outcome = await consoleOf(scope, body).eval(code)
  return outcome.kind === "incomplete"
    ? { kind: outcome.kind }
    : { kind: outcome.kind, html: outcomeMarkup(outcome, scope.numberOf) }
}

function outcomeMarkup(outcome: Exclude<Outcome, { kind: "incomplete" }>, numberOf: NumberOf): string {
  const output = outcome.output !== "" && markup`<pre class="out">${outcome.output}</pre>`
  if (outcome.kind === "error") return String(markup`${output}<pre class="err">${outcome.text}</pre>`)
  if (outcome.kind === "dump") return String(markup`${output}${dumpMarkup(outcome.dump, numberOf)}`)
  if (outcome.value === undefined && outcome.output !== "") return String(markup`${output}`)
  return String(markup`${output}${valueMarkup(represent(outcome.value, { depth: 1 }), numberOf)}`)
}

/** Names that could stand at the end of a text. */
export function completions(scope: CommandScope, body: Readonly<Record<string, unknown>>): Completions {
  const { text, frame } = body
  if (typeof text !== "string" || text.length > MAX_CODE) throw new CommandError(400, "There is no text.")
  const console = consoleOf(scope, body)
  const captured = scope.error?.frames[frame as number]?.captured
  const names = [...console.names.toReversed(), ...(captured === undefined ? [] : namesOf(captured))]
  return scope.quietly(() => complete(text, { names, read: (name) => console.read(name) }))
}

/** What is in an object, with what only the inspector sees. Runs no code of it. */
export async function members(scope: CommandScope, { target }: Readonly<Record<string, unknown>>): Promise<unknown> {
  const object = objectOf(scope, target)
  const hidden = await scope.hiddenOf(object)
  const { members, more } = scope.quietly(() => membersOf(object, hidden, { depth: 2, maxMembers: 500 }))
  return { html: String(membersMarkup(members, more, scope.numberOf, target as number)) }
}

/** Calls a getter: that is running code. */
export function getter(scope: CommandScope, { target, key }: Readonly<Record<string, unknown>>): unknown {
  const object = objectOf(scope, target)
  if (typeof key !== "string") throw new CommandError(400, "There is no such property.")
  return scope.quietly(() => {
    try {
      const value: unknown = Reflect.get(object, key)
      return { html: String(valueMarkup(represent(value, { depth: 1, name: key }), scope.numberOf)) }
    } catch (error) {
      return { html: String(markup`<div class="v"><span class="missing">${String(error)}</span></div>`) }
    }
  })
}

function consoleOf({ error, console }: CommandScope, { frame }: Readonly<Record<string, unknown>>): Console {
  const found = error === undefined ? console : Number.isInteger(frame) ? error.console(frame as number) : undefined
  if (found === undefined)
    throw new CommandError(404, "There is no console for this frame any more. Load the page again.")
  return found
}

function objectOf(scope: CommandScope, target: unknown): object {
  const object = Number.isInteger(target) ? scope.target(target as number) : undefined
  if (object === undefined) throw new CommandError(404, "This value is not there any more. Load the page again.")
  return object
}
