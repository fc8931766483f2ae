// `wsgi.input` and `wsgi.errors` as the linter hands them to applications: every call is told to the rules, then made.

import { claim, firstReaderOf } from "../environ/first-reader.ts"
import { handled } from "../environ/handled.ts"
import type { ErrorStream, InputStream } from "../gateway.ts"
import type { Inspection } from "./lint-inspection.ts"

type ReadMethod = "read" | "readLine" | "readLines"

export class CheckedInput implements InputStream {
  readonly #inspection: Inspection
  readonly #input: InputStream

  constructor(inspection: Inspection, input: InputStream) {
    this.#inspection = inspection
    this.#input = input
  }

  /** The request that a stream belongs to, if it is one of these; it stays the same when middleware copies the environ. */
  static inspectionOf(input: InputStream): Inspection | undefined {
    return #inspection in input ? input.#inspection : undefined
  }

  /** That of the input itself. */
  get firstReader(): string | undefined {
    return firstReaderOf(this.#input)
  }

  set firstReader(reader: string) {
    claim(this.#input, reader)
  }

  // The rules count arguments, so all of them are taken and handed on.
  read(...args: [size?: number]): Promise<Uint8Array> {
    return this.#read("read", args, () => this.#input.read(...args))
  }

  readLine(...args: [size?: number]): Promise<Uint8Array> {
    return this.#read("readLine", args, () => this.#input.readLine(...args))
  }

  readLines(...args: [hint?: number]): Promise<Uint8Array[]> {
    return this.#read("readLines", args, () => this.#input.readLines(...args))
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    const iterator = this.#input[Symbol.asyncIterator]()
    const chunk = async () => {
      const step = await iterator.next()
      if (!step.done) this.#inspection.judge("bytesRead", { method: "iteration", args: [], result: step.value })
      return step as IteratorResult<Uint8Array, undefined>
    }
    return { next: () => this.#read("iteration", [], chunk) }
  }

  /** Not for applications: here to be refused by name. */
  close(): never {
    return this.#refuse()
  }

  destroy(): never {
    return this.#refuse()
  }

  #refuse(): never {
    this.#inspection.judge("streamClosed", "wsgi.input")
    throw new TypeError("wsgi.input cannot be closed")
  }

  #read<T>(method: ReadMethod | "iteration", args: readonly unknown[], work: () => Promise<T>): Promise<T> {
    return handled(this.#checked(method, args, work))
  }

  async #checked<T>(method: ReadMethod | "iteration", args: readonly unknown[], work: () => Promise<T>): Promise<T> {
    const inspection = this.#inspection
    inspection.notLate("wsgi.input")
    inspection.judge("read", { method, args })
    inspection.pendingReads += 1
    try {
      const result = await work()
      if (method !== "iteration") inspection.judge("bytesRead", { method, args, result })
      return result
    } finally {
      inspection.pendingReads -= 1
    }
  }
}

export class CheckedErrors implements ErrorStream {
  readonly #inspection: Inspection
  readonly #errors: ErrorStream

  constructor(inspection: Inspection, errors: ErrorStream) {
    this.#inspection = inspection
    this.#errors = errors
  }

  write(text: string): void {
    this.#inspection.judge("log", { method: "write", text })
    this.#errors.write(text)
  }

  writeLines(lines: Iterable<string>): void {
    const checked = [...lines]
    for (const text of checked) this.#inspection.judge("log", { method: "writeLines", text })
    this.#errors.writeLines(checked)
  }

  flush(): void | Promise<void> {
    return this.#errors.flush()
  }

  /** Not for applications: here to be refused by name. */
  close(): never {
    this.#inspection.judge("streamClosed", "wsgi.errors")
    throw new TypeError("wsgi.errors cannot be closed")
  }
}
