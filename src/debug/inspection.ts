// The frames of what is thrown in this thread, kept for as long as the error itself. The work is done by a thread of its
// own (inspection-thread.ts), which is started here and stopped; what it leaves behind is found here by the error.
// Knows nothing of pages, requests or sources.

import { AsyncLocalStorage } from "node:async_hooks"
import { types } from "node:util"
import { isMainThread, Worker } from "node:worker_threads"
import { ownFile, ownFolder } from "../own-files.ts"
import {
  type Answer,
  type HiddenNames,
  type PausedThrow,
  type Question,
  type Script,
  STORE_NAME,
  type ThreadData,
} from "./inspection-messages.ts"

/** The inspector is not asked about objects with more properties. */
const MAX_PROPERTIES = 10_000

/** Runs code in a frame, gives its value, and throws what the code throws. Names are those of the frame. */
export type Evaluate = (code: string) => unknown

/** The variables of one block or function, as they were at the throw. */
export interface Scope {
  /** local, block, catch, closure, module, with or eval. */
  readonly kind: string
  /** Reading a property throws where the engine has no value any more. */
  readonly variables: Readonly<Record<string, unknown>>
}

/** One frame of a throw. Line and column count from 1. */
export interface CapturedFrame {
  readonly functionName: string
  readonly url: string
  readonly line: number
  readonly column: number
  /** Where its function begins. */
  readonly functionLine: number
  readonly scopes: readonly Scope[]
  /** undefined where too many frames lie further in. */
  readonly evaluate: Evaluate | undefined
}

/** A throw with its frames, the innermost first; those of Node and of this package are left out. */
export interface CapturedThrow {
  readonly place: string
  readonly frames: readonly CapturedFrame[]
  /** Runs a function in the asynchronous context of the throw. */
  readonly run: <T>(callback: () => T) => T
}

/** What an object has that JavaScript does not tell. */
export interface HiddenProperties {
  readonly privates: readonly [name: string, value: unknown][]
  readonly internals: readonly [name: string, value: unknown][]
}

/** What the other thread calls in this one. */
interface Store {
  keep(index: number, closure: Evaluate): void
  record(thrown: unknown, text: string, variables: Record<string, unknown>[]): void
  subject: unknown
  hidden: unknown[]
}

/** Watches this thread; there is one for a process. */
export class Inspection {
  static #running: Promise<Inspection | undefined> | undefined = undefined

  readonly #worker: Worker
  readonly #store: Store
  readonly #quiet: Int32Array
  readonly #throws: WeakMap<object, CapturedThrow>
  readonly #lastPrimitive: { thrown: unknown; captured: CapturedThrow | undefined }
  readonly #waiting = new Map<number, (result: Answer) => void>()
  #ids = 0
  #isOver = false
  #hiddenBefore: Promise<unknown> = Promise.resolve()

  /**
   * Begins to watch. Resolves when throws are seen; with undefined where they cannot be: outside of the main thread, or
   * without an inspector.
   */
  static start(): Promise<Inspection | undefined> {
    Inspection.#running ??= isMainThread ? startThread() : Promise.resolve(undefined)
    return Inspection.#running
  }

  /** Use `start`. */
  constructor(
    worker: Worker,
    store: Store,
    quiet: Int32Array,
    throws: WeakMap<object, CapturedThrow>,
    lastPrimitive: { thrown: unknown; captured: CapturedThrow | undefined },
  ) {
    this.#worker = worker
    this.#store = store
    this.#quiet = quiet
    this.#throws = throws
    this.#lastPrimitive = lastPrimitive
    worker.on("message", (answer: Answer) => {
      if (!("id" in answer)) return
      this.#waiting.get(answer.id)?.(answer)
      this.#waiting.delete(answer.id)
      if (this.#waiting.size === 0) worker.unref()
    })
    worker.once("exit", () => {
      this.#isOver = true
      for (const [id, settle] of this.#waiting) settle({ id, result: undefined })
      this.#waiting.clear()
    })
    // Last: a listener would keep the process alive.
    worker.unref()
  }

  /** The frames of what was thrown, if they were kept. */
  captureOf(thrown: unknown): CapturedThrow | undefined {
    if (isObject(thrown)) return this.#throws.get(thrown)
    return Object.is(this.#lastPrimitive.thrown, thrown) ? this.#lastPrimitive.captured : undefined
  }

  /**
   * To be called with what reached the server, so that its place goes on being watched.
   *
   * @param isBehind whether it came as the cause of another error, or in it
   */
  reached(thrown: unknown, isBehind: boolean): void {
    const place = this.captureOf(thrown)?.place
    this.#send(place === undefined ? { ask: "missed" } : { ask: "reached", place, isBehind })
  }

  /** The script with this URL, if one runs in this thread. */
  script(url: string): Promise<Script | undefined> {
    return this.#ask({ ask: "script", id: ++this.#ids, url }) as Promise<Script | undefined>
  }

  /** Its text as the engine has it. */
  source(url: string): Promise<string | undefined> {
    return this.#ask({ ask: "source", id: ++this.#ids, url }) as Promise<string | undefined>
  }

  /**
   * Private fields of an object, and what is inside of proxies, promises and the like. Runs no code of the object. The inspector
   * lists them with all properties, so nothing is told of an object that has very many.
   */
  hiddenOf(object: object): Promise<HiddenProperties> {
    if (isHuge(object)) return Promise.resolve({ privates: [], internals: [] })
    // There is one place in the store for it.
    const next = this.#hiddenBefore.then(async (): Promise<HiddenProperties> => {
      this.#store.subject = object
      const names = (await this.#ask({ ask: "hidden", id: ++this.#ids })) as HiddenNames | undefined
      const values = this.#store.hidden
      this.#store.subject = undefined
      this.#store.hidden = []
      if (names === undefined) return { privates: [], internals: [] }
      const { privateNames, internalNames } = names
      return {
        privates: privateNames.map((name, index) => [name, values[index]]),
        internals: internalNames.map((name, index) => [name, values[privateNames.length + index]]),
      }
    })
    this.#hiddenBefore = next
    return next
  }

  /** Runs a function whose throws are of no interest. */
  quietly<T>(callback: () => T): T {
    Atomics.add(this.#quiet, 0, 1)
    try {
      return callback()
    } finally {
      Atomics.sub(this.#quiet, 0, 1)
    }
  }

  /** Stops watching: a process that ends while it is watched says that it waits for a debugger. */
  async stop(): Promise<void> {
    Inspection.#running = undefined
    await this.#ask({ ask: "stop", id: ++this.#ids })
    await this.#worker.terminate()
  }

  #send(question: Question): void {
    this.#worker.postMessage(question)
  }

  #ask(question: Question & { id: number }): Promise<unknown> {
    if (this.#isOver) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      // A caller that waits for an answer keeps the process alive.
      this.#worker.ref()
      this.#waiting.set(question.id, (answer) => resolve("result" in answer ? answer.result : undefined))
      this.#send(question)
    })
  }
}

async function startThread(): Promise<Inspection | undefined> {
  const throws = new WeakMap<object, CapturedThrow>()
  const lastPrimitive: { thrown: unknown; captured: CapturedThrow | undefined } = {
    thrown: undefined,
    captured: undefined,
  }
  const store = makeStore(throws, lastPrimitive)
  // Read by name from within any frame. Configurable, so that it can be taken away and made again.
  Object.defineProperty(globalThis, STORE_NAME, { value: store, configurable: true, enumerable: false })
  const quiet = new SharedArrayBuffer(4)
  const worker = new Worker(ownFile("debug/inspection-thread"), {
    workerData: { quiet, ownPrefix: ownFolder.href } satisfies ThreadData,
    // No loaders and no --inspect of the application.
    execArgv: [],
    env: {},
  })
  const isReady = await new Promise<boolean>((resolve) => {
    worker.once("message", () => resolve(true))
    worker.once("error", () => resolve(false))
    worker.once("exit", () => resolve(false))
  })
  if (!isReady) return undefined
  worker.on("error", () => {})
  return new Inspection(worker, store, new Int32Array(quiet), throws, lastPrimitive)
}

function makeStore(
  throws: WeakMap<object, CapturedThrow>,
  lastPrimitive: { thrown: unknown; captured: CapturedThrow | undefined },
): Store {
  let closures: (Evaluate | undefined)[] = []
  return {
    subject: undefined,
    hidden: [],
    keep(index, closure) {
      closures[index] = closure
    },
    record(thrown, text, variables) {
      const kept = closures
      closures = []
      const known = isObject(thrown) ? throws.get(thrown) : undefined
      const { place, frames }: PausedThrow = JSON.parse(text)
      // Thrown on by the code that caught it: where it began says more. Thrown anew from the same place: this time counts.
      if (known !== undefined && known.place !== place) return
      let next = 0
      const captured: CapturedThrow = {
        place,
        frames: frames.map(({ functionName, url, lineNumber, columnNumber, functionLine, scopes }, index) => ({
          functionName,
          url,
          line: lineNumber + 1,
          column: columnNumber + 1,
          functionLine: functionLine + 1,
          scopes: scopes.map((kind) => ({ kind, variables: variables[next++] ?? {} })),
          evaluate: kept[index],
        })),
        run: AsyncLocalStorage.snapshot(),
      }
      if (isObject(thrown)) throws.set(thrown, captured)
      else Object.assign(lastPrimitive, { thrown, captured })
    },
  }
}

function isHuge(object: object): boolean {
  if (types.isProxy(object)) return false
  const isList = Array.isArray(object) || types.isTypedArray(object)
  return (isList ? (object as ArrayLike<unknown>).length : Reflect.ownKeys(object).length) > MAX_PROPERTIES
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function"
}
