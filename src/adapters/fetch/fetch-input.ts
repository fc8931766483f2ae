// wsgi.input over the body of a web Request. Nothing is read before the application asks. A runtime tells of a client that
// leaves by an error of the stream, or by nothing at all, so the announced length is checked too.

import { BodyWasReadError } from "../../environ/first-reader.ts"
import { PulledInput } from "../../environ/input.ts"
import { ClientDisconnected } from "../../exceptions/statuses.ts"
import { describe } from "../../mistakes/describe.ts"

type Reader = ReadableStreamDefaultReader<Uint8Array>

export class FetchInput extends PulledInput {
  readonly #request: Request
  #reader: Reader | undefined = undefined
  #isOver = false
  #hasFailed = false
  /** Bytes that are still to come, if that is known. */
  #rest: number | undefined

  constructor(request: Request) {
    super()
    this.#request = request
    const length = request.headers.get("content-length")
    this.#rest = length === null ? undefined : Number(length)
  }

  /** The response is over: a body that was read in part is let go of, and one that was not read is left to the runtime. */
  finish(): void {
    this.#isOver = true
    this.#letGo()
  }

  /** The client has left: the rest of the body will not come. */
  fail(): void {
    this.#hasFailed = true
    this.#letGo()
  }

  #letGo(): void {
    // A body that has failed rejects here too; the reader is told of that.
    this.#reader?.cancel().catch(() => {})
  }

  protected async pull(): Promise<Uint8Array | undefined> {
    this.#check()
    this.#reader ??= this.#open()
    let step: { done: boolean; value?: unknown }
    try {
      step = await this.#reader.read()
    } catch (error) {
      throw new ClientDisconnected({ cause: error })
    }
    this.#check()
    if (step.done) {
      if (this.#rest !== undefined && this.#rest > 0) throw new ClientDisconnected()
      return undefined
    }
    const { value } = step
    if (!(value instanceof Uint8Array)) {
      throw new TypeError(`the body of a Request must consist of Uint8Array, not ${describe(value)}`)
    }
    if (this.#rest !== undefined) this.#rest -= value.length
    return value
  }

  #check(): void {
    if (this.#hasFailed) throw new ClientDisconnected()
    if (this.#isOver) throw new Error("the request body was read after the response was over")
  }

  #open(): Reader {
    const { body, bodyUsed } = this.#request
    if (bodyUsed || body === null || body.locked) {
      throw new BodyWasReadError("a body parser or other code in front of the application")
    }
    return body.getReader() as Reader
  }
}
