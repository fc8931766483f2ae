// Calls an application once, without a server, and waits until it has said what its status and headers are.
// That may be late, in the iteration of its body; what was read up to there is given out again, before the rest.

import { asApplication } from "../as-application.ts"
import { Headers } from "../datastructures/headers.ts"
import type { ApplicationLike, Body, Environ, HeaderList, StartResponse } from "../gateway.ts"
import { type BodyIterator, closeBody, collectBody, iterateBody } from "./body.ts"

/** What an application answered. */
export interface ApplicationResult {
  /** Code and reason phrase: `"200 OK"`. */
  status: string
  headers: Headers
  /** To be iterated once, and closed. */
  body: Body
}

/**
 * Calls `app` with `environ`; resolves once it has called startResponse, which may need the first chunks of its body.
 *
 * @param options with `buffered`, the whole body is read, closed, and given as an array
 * @throws what the application throws, and an Error when it never calls startResponse; the body was closed then
 */
export async function runApplication(
  app: ApplicationLike,
  environ: Environ,
  options: { buffered?: boolean | undefined } = {},
): Promise<ApplicationResult> {
  let head: { status: string; headers: HeaderList } | undefined
  let committed = false
  const held: Uint8Array[] = []
  const startResponse: StartResponse = (status, headers, error) => {
    if (error === undefined || error === null) {
      if (head !== undefined) throw new Error("startResponse was called a second time, without an error")
    } else if (committed) throw error
    head = { status, headers: headers.map(([name, value]) => [name, value]) }
    return async (chunk) => {
      held.push(chunk)
    }
  }

  const body = await asApplication(app, "runApplication")(environ, startResponse)
  let iterator: BodyIterator | undefined
  let done = false
  try {
    while (head === undefined && !done) {
      iterator ??= iterateBody(body)
      const step = await iterator.next()
      if (step.done) done = true
      else held.push(step.value)
    }
    if (head === undefined) throw new Error("the application did not call startResponse")
    const { status, headers } = head as { status: string; headers: HeaderList }
    committed = true
    const answer =
      iterator === undefined && held.length === 0
        ? body
        : new ReplayedBody(body, held, iterator ?? iterateBody(body), done)
    return { status, headers: new Headers(headers), body: options.buffered ? await collectBody(answer) : answer }
  } catch (error) {
    // collectBody has closed the body by itself.
    if (!(committed && options.buffered)) await closeQuietly(body, done ? undefined : iterator)
    throw error
  }
}

async function closeQuietly(body: Body, iterator: BodyIterator | undefined): Promise<void> {
  try {
    await iterator?.return?.()
  } catch {
    // The error before it says more.
  }
  try {
    await closeBody(body)
  } catch {
    // As above.
  }
}

/** Chunks that were read already, then what is left of the body that they came from. */
class ReplayedBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #body: Body
  readonly #held: Uint8Array[]
  readonly #iterator: BodyIterator
  #done: boolean

  constructor(body: Body, held: Uint8Array[], iterator: BodyIterator, done: boolean) {
    this.#body = body
    this.#held = held
    this.#iterator = iterator
    this.#done = done
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const chunk = this.#held.shift()
    if (chunk !== undefined) return { done: false, value: chunk }
    if (!this.#done) {
      const step = await this.#iterator.next()
      if (!step.done) return step
      this.#done = true
    }
    return { done: true, value: undefined }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#held.length = 0
    if (!this.#done) {
      this.#done = true
      await this.#iterator.return?.()
    }
    return { done: true, value: undefined }
  }

  close(): void | Promise<void> {
    return closeBody(this.#body)
  }
}
