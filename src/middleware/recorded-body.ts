// A body that is sent as it comes, and handed over when it has come to its end: not when it breaks off, is left early, or is
// larger than one is willing to hold.

import { type BodyIterator, closeBody, iterateBody } from "../environ/body.ts"
import { concatenate } from "../environ/concatenation.ts"
import type { Body } from "../gateway.ts"

/** What becomes of a whole body. */
export interface Recorded {
  /** Whether it is no longer the whole. */
  spoiled: boolean
  /** Called once, when the body is closed. Does not reject. */
  whole(body: Uint8Array): Promise<void>
}

/** The same body. `recorded` is asked for when it has come to its end: a response may begin as late as that. */
export function recordedBody(body: Body, maxBytes: number, recorded: () => Recorded | undefined): Body {
  if (!Array.isArray(body)) return new RecordedBody(body, maxBytes, recorded)
  const record = recorded()
  const chunks = body as readonly Uint8Array[]
  if (record === undefined || record.spoiled || lengthOf(chunks) > maxBytes) return body
  // Taken at once: the server may hand the buffers on.
  const whole = concatenate(chunks).slice()
  const close = async () => {
    await closeBody(body)
    await record.whole(whole)
  }
  return Object.assign([...chunks], { close })
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0)
}

class RecordedBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #body: Body
  readonly #maxBytes: number
  readonly #recorded: () => Recorded | undefined
  #iterator: BodyIterator | undefined = undefined
  #chunks: Uint8Array[] | undefined = []
  #bytes = 0
  #isComplete = false

  constructor(body: Body, maxBytes: number, recorded: () => Recorded | undefined) {
    this.#body = body
    this.#maxBytes = maxBytes
    this.#recorded = recorded
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#iterator ??= iterateBody(this.#body)
    const step = await this.#iterator.next()
    if (step.done) {
      this.#isComplete = true
      return { done: true, value: undefined }
    }
    this.#record(step.value)
    return step
  }

  #record(chunk: Uint8Array): void {
    const record = this.#recorded()
    this.#bytes += chunk.length
    if (record === undefined || record.spoiled || this.#bytes > this.#maxBytes) this.#chunks = undefined
    // A copy: the application may fill the same buffer again.
    else this.#chunks?.push(chunk.slice())
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#chunks = undefined
    await this.#iterator?.return?.()
    return { done: true, value: undefined }
  }

  async close(): Promise<void> {
    await closeBody(this.#body)
    const record = this.#recorded()
    const chunks = this.#chunks
    this.#chunks = undefined
    if (this.#isComplete && chunks !== undefined && record !== undefined && !record.spoiled) {
      await record.whole(concatenate(chunks))
    }
  }
}
