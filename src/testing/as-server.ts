// Calls an application as a server does, but for the socket: the head is final with the first chunk that is not empty, the
// body is dropped where there is none to be, an array gets its length. Unlike runApplication of environ/, which is for
// middleware and says what the head is as soon as it is known.

import { Headers } from "../datastructures/headers.ts"
import { type BodyIterator, closeBody, iterateBody } from "../environ/body.ts"
import type { ApplicationResult } from "../environ/run.ts"
import type { Application, Body, Environ, HeaderList, StartResponse, Write } from "../gateway.ts"

/** What a client would see of the application's answer. The body is an array if all of it is there, and then closed. */
export async function callAsServer(app: Application, environ: Environ, buffered: boolean): Promise<ApplicationResult> {
  const call = new Call(environ.REQUEST_METHOD)
  const body = await app(environ, call.startResponse)
  return call.answer(body, buffered)
}

class Call {
  readonly #isHead: boolean
  #status: string | undefined = undefined
  #headers: HeaderList = []
  /** Whether the head would be on its way. */
  #sent = false
  readonly #chunks: Uint8Array[] = []

  constructor(method: string) {
    this.#isHead = method === "HEAD"
  }

  readonly startResponse: StartResponse = (status, headers, error) => {
    if (this.#status !== undefined && error === undefined) {
      throw new Error("startResponse was called a second time, without an error")
    }
    if (this.#sent && error !== undefined) throw error
    this.#status = status
    this.#headers = headers.map(([name, value]) => [name, value])
    return this.#write
  }

  readonly #write: Write = async (chunk) => this.#take(chunk)

  #take(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    if (this.#status === undefined) throw new Error("the application did not call startResponse")
    this.#sent = true
    this.#chunks.push(chunk)
  }

  async answer(body: Body, buffered: boolean): Promise<ApplicationResult> {
    if (Array.isArray(body)) {
      try {
        for (const chunk of body) this.#take(chunk)
        return this.#whole(true)
      } finally {
        await closeBody(body)
      }
    }
    let iterator: BodyIterator | undefined
    let open = false
    let streams = false
    try {
      iterator = iterateBody(body)
      open = true
      while (open && (buffered || !this.#sent) && !(this.#sent && this.#isBodiless)) {
        // An iterator that throws is over.
        open = false
        const step = await iterator.next()
        open = !step.done
        if (!step.done) this.#take(step.value)
      }
      if (!open || this.#isBodiless) return this.#whole(false)
      streams = true
      const rest = new StreamedBody(this.#chunks, iterator, body)
      return { status: this.#status as string, headers: new Headers(this.#headers), body: rest }
    } finally {
      if (!streams) {
        try {
          if (open) await iterator?.return?.()
        } finally {
          await closeBody(body)
        }
      }
    }
  }

  get #isBodiless(): boolean {
    return this.#isHead || this.#status?.startsWith("204") === true || this.#status?.startsWith("304") === true
  }

  #whole(isArray: boolean): ApplicationResult {
    if (this.#status === undefined) throw new Error("the application did not call startResponse")
    const headers = new Headers(this.#headers)
    if (this.#isBodiless) return { status: this.#status, headers, body: [] }
    if (isArray && !headers.has("Content-Length")) {
      let length = 0
      for (const chunk of this.#chunks) length += chunk.length
      headers.set("Content-Length", length)
    }
    return { status: this.#status, headers, body: this.#chunks }
  }
}

/** What was read for the head, then what is left. */
class StreamedBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #first: Uint8Array[]
  readonly #iterator: BodyIterator
  readonly #body: Body
  #open = true

  constructor(first: Uint8Array[], iterator: BodyIterator, body: Body) {
    this.#first = first
    this.#iterator = iterator
    this.#body = body
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const chunk = this.#first.shift()
    if (chunk !== undefined) return { done: false, value: chunk }
    // Still open while it is waited for: somebody may end it meanwhile.
    if (this.#open) {
      try {
        const step = await this.#iterator.next()
        if (!step.done) return step
      } catch (error) {
        this.#open = false
        throw error
      }
      this.#open = false
    }
    return { done: true, value: undefined }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#first.length = 0
    if (this.#open) {
      this.#open = false
      await this.#iterator.return?.()
    }
    return { done: true, value: undefined }
  }

  // Whoever closes without having read has begun nothing himself; the iteration was begun here.
  async close(): Promise<void> {
    try {
      await this.return()
    } finally {
      await closeBody(this.#body)
    }
  }
}
