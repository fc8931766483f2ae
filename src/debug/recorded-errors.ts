// The last errors that reached the server, each with its frames, its request and its consoles. Forgetting one frees all that
// its frames hold on to.

import { randomBytes } from "node:crypto"
import { Console, type ConsoleOptions, type Wrapper } from "./console.ts"
import type { RequestReport } from "./request-report.ts"
import { type Frame, framesOf, type TracedError } from "./traceback.ts"

/** So many are kept. */
export const MAX_RECORDED = 20

/** An error that was recorded. */
export class RecordedError {
  /** Part of its URL; cannot be guessed. */
  readonly id: string = randomBytes(9).toString("base64url")
  readonly time: Date = new Date()
  readonly traceback: TracedError
  /** What it was thrown at; undefined for an error that belongs to no request. */
  readonly request: RequestReport | undefined
  /** How it came here: `unhandled rejection` and the like; empty for what a view threw. */
  readonly circumstance: string
  readonly frames: readonly Frame[]
  readonly #options: Pick<ConsoleOptions, "wrappers" | "quietly">
  readonly #consoles = new Map<number, Console>()
  /** Objects that can be looked into, by the number that the page knows. */
  readonly #targets: object[] = []
  readonly #numbers = new Map<object, number>()

  constructor(
    traceback: TracedError,
    request: RequestReport | undefined,
    circumstance: string,
    options: Pick<ConsoleOptions, "wrappers" | "quietly">,
  ) {
    this.traceback = traceback
    this.request = request
    this.circumstance = circumstance
    this.frames = framesOf(traceback)
    this.#options = options
  }

  /** The console of a frame; undefined where nothing can be evaluated. */
  console(index: number): Console | undefined {
    let console = this.#consoles.get(index)
    const captured = this.frames[index]?.captured
    if (console === undefined && captured?.evaluate !== undefined) {
      const run = contextOf(this.traceback, index)
      const { wrappers = [], quietly } = this.#options
      console = new Console(captured.evaluate, {
        quietly,
        wrappers: run === undefined ? wrappers : [run, ...wrappers],
      })
      this.#consoles.set(index, console)
    }
    return console
  }

  /** The number by which a page asks for what is in an object. */
  numberOf(target: object): number {
    let number = this.#numbers.get(target)
    if (number === undefined) {
      number = this.#targets.push(target) - 1
      this.#numbers.set(target, number)
    }
    return number
  }

  /** The object with this number. */
  target(number: number): object | undefined {
    return this.#targets[number]
  }
}

/** The asynchronous context in which the error with this frame was thrown. */
function contextOf(error: TracedError, index: number): Wrapper | undefined {
  if (error.frames.some((frame) => frame.index === index)) return error.captured?.run
  for (const each of error.behind) {
    const found = contextOf(each, index)
    if (found !== undefined) return found
  }
  return undefined
}

/** The errors of a process, the newest first. */
export class RecordedErrors {
  readonly #errors: RecordedError[] = []

  /** Keeps an error, and forgets the oldest one when there are too many. */
  add(error: RecordedError): void {
    this.#errors.unshift(error)
    if (this.#errors.length > MAX_RECORDED) this.#errors.pop()
  }

  find(id: string): RecordedError | undefined {
    return this.#errors.find((each) => each.id === id)
  }

  [Symbol.iterator](): ArrayIterator<RecordedError> {
    return this.#errors.values()
  }
}
