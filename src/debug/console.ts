// A console: code goes in line by line, and what it comes to, writes and throws comes out. Where it is evaluated is given to
// it as a function: a frame of an error, or a namespace of its own. Knows nothing of requests and pages.

import { inspect } from "node:util"
import { Script } from "node:vm"
import { IncompleteCode, prepare } from "./console-code.ts"
import { type Dump, dump, help, isDump } from "./console-help.ts"
import { ConsoleOutput, collectOutput, writeInto } from "./console-output.ts"
import type { Evaluate } from "./inspection.ts"
import { parseStack } from "./stack.ts"

/** What code came to. */
export type Outcome =
  /** More has to be typed. */
  | { readonly kind: "incomplete" }
  | { readonly kind: "value"; readonly value: unknown; readonly output: string }
  /** `dump(x)` or `help(x)`: shown as a table. */
  | { readonly kind: "dump"; readonly dump: Dump; readonly output: string }
  | { readonly kind: "error"; readonly text: string; readonly thrown: unknown; readonly output: string }

/** Called with an evaluation, runs it in some context. */
export type Wrapper = <T>(callback: () => T) => T

/** How a console evaluates. */
export interface ConsoleOptions {
  /** Put around each evaluation, the first one outermost. */
  readonly wrappers?: readonly Wrapper[]
  /** What does not wait may run for so long. Default 10000 ms. */
  readonly timeoutMs?: number
  /** Put around what throws by nature and is no error of the program. */
  readonly quietly?: (<T>(callback: () => T) => T) | undefined
  /** A promise is waited for for so long. Default 30000 ms. */
  readonly awaitMs?: number
}

const CALL_NAME = "__werkstatt_call__"

/**
 * A console with a memory: variables that are declared stay, and `_` is the last value that was not undefined.
 *
 * @example
 * const console = new Console({ a: 20 })
 * await console.eval("let b = await a + 1; b") // => { kind: "value", value: 21, output: "" }
 * await console.eval("f(") // => { kind: "incomplete" }
 */
export class Console {
  #evaluate: Evaluate
  readonly #options: ConsoleOptions
  #setLast: ((value: unknown) => void) | undefined = undefined
  readonly #names: string[] = []
  #isReady = false
  /** One evaluation after the other. */
  #before: Promise<unknown> = Promise.resolve()

  /**
   * @param where a function that evaluates code in a frame, or names and their values
   */
  constructor(where: Evaluate | Record<string, unknown> = {}, options: ConsoleOptions = {}) {
    this.#evaluate = typeof where === "function" ? (where as Evaluate) : namespace(where)
    if (typeof where !== "function") this.#names.push(...Object.keys(where))
    this.#options = options
  }

  /** Names that were declared here, the latest last. */
  get names(): readonly string[] {
    return this.#names
  }

  /** What a name stands for, without running anything; throws where there is no such name. */
  read(name: string): unknown {
    return this.#evaluate(name)
  }

  /** Evaluates code. Never rejects: what is thrown is an outcome. */
  eval(code: string): Promise<Outcome> {
    const next = this.#before.then(() => this.#eval(code))
    this.#before = next
    return next
  }

  async #eval(typed: string): Promise<Outcome> {
    const output = new ConsoleOutput()
    try {
      const { quietly = (callback) => callback() } = this.#options
      const { code, gives, names } = quietly(() => prepare(typed))
      const value = await collectOutput(output, () => this.#run(output, code, gives, names))
      // In a box: a promise that is a result is shown, and not waited for.
      return this.#outcome(value.box, output.text)
    } catch (error) {
      if (error instanceof IncompleteCode) return { kind: "incomplete" }
      return { kind: "error", text: errorText(error), thrown: error, output: output.text }
    }
  }

  #outcome(value: unknown, output: string): Outcome {
    if (isDump(value)) return { kind: "dump", dump: value, output }
    if (value !== undefined) this.#setLast?.(value)
    return { kind: "value", value, output }
  }

  async #run(
    output: ConsoleOutput,
    code: string,
    gives: "value" | "pair" | "promise",
    names: readonly string[],
  ): Promise<{ box: unknown }> {
    const result = this.#inContext(() =>
      writeInto(output, () => {
        this.#prepareNames()
        return this.#timed(() => this.#evaluate(code))
      }),
    )
    if (gives === "value") return { box: result }
    const pair = gives === "pair" ? result : await this.#awaited(result as Promise<unknown>)
    const [value, next] = pair as [unknown, Evaluate]
    this.#evaluate = next
    this.#names.push(...names)
    return { box: value }
  }

  #inContext(callback: () => unknown): unknown {
    const { wrappers = [] } = this.#options
    return wrappers.reduceRight<() => unknown>((inner, wrap) => () => wrap(inner), callback)()
  }

  /**
   * Runs what does not wait, within its time. Only code that goes through node:vm can be stopped; no `finally` runs then, so
   * the contexts, which must be left, are around this.
   */
  #timed(callback: () => unknown): unknown {
    const { timeoutMs = 10_000 } = this.#options
    let result: unknown
    const holder = globalThis as Record<string, unknown>
    Object.defineProperty(holder, CALL_NAME, {
      value: () => {
        result = callback()
      },
      configurable: true,
    })
    try {
      new Script(`globalThis.${CALL_NAME}()`).runInThisContext({ timeout: timeoutMs })
    } finally {
      Reflect.deleteProperty(holder, CALL_NAME)
    }
    return result
  }

  async #awaited(promise: Promise<unknown>): Promise<unknown> {
    const { awaitMs = 30_000 } = this.#options
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not settled after ${awaitMs / 1000} seconds`)), awaitMs)
    })
    try {
      return await Promise.race([promise, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Puts `_`, `dump` and `help` in, where the program has nothing of that name. */
  #prepareNames(): void {
    if (this.#isReady) return
    this.#isReady = true
    const scope = this.#evaluate
    const offered: Record<string, unknown> = {
      dump: (...args: unknown[]) => dump(args.length > 0 ? args[0] : undefined, args.length > 0),
      help: (...args: unknown[]) => help(args.length > 0 ? args[0] : undefined, args.length > 0),
    }
    const free = ["_", ...Object.keys(offered)].filter((name) => scope(`typeof ${name} === "undefined"`) === true)
    const values = free.map((name) => offered[name])
    const setter = free.includes("_") ? "(__werkstatt_value) => { _ = __werkstatt_value }" : "undefined"
    const make = scope(`(${free.join(", ")}) => [(__werkstatt_code) => eval(__werkstatt_code), ${setter}]`) as (
      ...values: unknown[]
    ) => [Evaluate, ((value: unknown) => void) | undefined]
    const [evaluate, setLast] = make(...values)
    this.#evaluate = evaluate
    this.#setLast = setLast
  }
}

/** Names and values as a scope. */
function namespace(values: Record<string, unknown>): Evaluate {
  const names = Object.keys(values)
  for (const name of names)
    if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) throw new TypeError(`not the name of a variable: ${name}`)
  const make = new Function(...names, "return (__werkstatt_code) => eval(__werkstatt_code)") as (
    ...values: unknown[]
  ) => Evaluate
  return make(...Object.values(values))
}

/** Message and frames of an error, without those that lie below the console. */
function errorText(error: unknown): string {
  try {
    if (!(error instanceof Error)) return `Uncaught ${inspect(error, { depth: 2 })}`
    const head = `${error.name}: ${error.message}`
    const stack = String(error.stack ?? "")
    const frames = parseStack(stack, head)
    const lines = stack.split("\n").slice(-frames.length)
    const own = lines.findIndex((line) => line.includes("(eval at ") || line.includes("__werkstatt_"))
    return [head, ...(own > 0 ? lines.slice(0, own) : [])].join("\n")
  } catch {
    return "(what was thrown cannot be shown)"
  }
}
