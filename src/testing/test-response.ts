// A response as a test sees it: a Response that knows its request and how it came about. It closes itself when its body has
// been read, so that a test need not.

import type { Environ } from "../gateway.ts"
import { EventParser, type ReceivedEvent } from "../http/server-sent-events.ts"
import { Request } from "../wrappers/request.ts"
import { Response, type ResponseClass } from "../wrappers/response.ts"
import { withFreshBody } from "./body-source.ts"

/** What a response of the client has besides what any Response has. */
export interface TestParts {
  /** The request that it answers, with the cookies that went with it. Its body can be read, even if the application has. */
  readonly request: Request
  /** The responses that redirected here, the oldest first; each has a request and a history of its own. */
  readonly history: readonly (Response & TestParts)[]
  /** The bytes of the body: `data()` by the name that the web has for it. */
  bytes(): Promise<Uint8Array>
  /** The server-sent events of the body, each as it comes. To leave the loop is to leave the stream. */
  events(): AsyncGenerator<ReceivedEvent, void>
}

/** How a response came about; told by the client. */
export interface Origin {
  /** What was asked for. */
  described: Environ
  /** The same with cookies: what was sent. */
  sent: Environ
  history: readonly Response[]
}

// A property rather than a WeakMap, which the garbage collector pays for with each response.
const ORIGIN = Symbol("origin")
type Told = Response & { [ORIGIN]?: Origin }

/** Tells a response how it came about. */
export function tellOrigin(response: Response, origin: Origin): void {
  ;(response as Told)[ORIGIN] = origin
}

/** How a response came about. Throws TypeError for one that no client has made. */
export function originOf(response: Response): Origin {
  const origin = (response as Told)[ORIGIN]
  if (origin === undefined) throw new TypeError("This response was not made by a Client")
  return origin
}

/** A class of responses with the parts that a test needs. */
export function withTestParts<R extends Response>(base: ResponseClass<R>): ResponseClass<R & TestParts> {
  class Tested extends (base as ResponseClass<Response>) implements TestParts {
    // The response has no header that the application has not sent.
    static readonly defaultMimetype: string | undefined = undefined
    #request: Request | undefined = undefined
    #reader: BodyReader | undefined = undefined

    get request(): Request {
      if (this.#request === undefined) {
        this.#request = new Request(withFreshBody(originOf(this).sent))
      }
      return this.#request
    }

    get history(): readonly (Response & TestParts)[] {
      return originOf(this).history as readonly (Response & TestParts)[]
    }

    bytes(): Promise<Uint8Array> {
      return this.data()
    }

    async *events(): AsyncGenerator<ReceivedEvent, void> {
      const decoder = new TextDecoder()
      const parser = new EventParser()
      for await (const chunk of this.iterEncoded()) yield* parser.push(decoder.decode(chunk, { stream: true }))
    }

    override async makeSequence(): Promise<void> {
      if (this.isSequence) return
      try {
        await super.makeSequence()
      } finally {
        await this.close()
      }
    }

    override iterEncoded(): AsyncIterableIterator<Uint8Array, undefined> {
      if (this.isSequence) return super.iterEncoded()
      this.#reader ??= new BodyReader(super.iterEncoded(), () => super.close())
      return this.#reader
    }

    // A reader that stops in the middle ends the iteration first, as the gateway asks for.
    override async close(): Promise<void> {
      if (this.#reader === undefined) await super.close()
      else await this.#reader.return()
    }
  }
  return Tested as unknown as ResponseClass<R & TestParts>
}

/** The chunks of a streaming response; closes when it is at its end, failed, or left. */
class BodyReader implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #chunks: AsyncIterator<Uint8Array, undefined>
  readonly #close: () => Promise<void>
  #done = false

  constructor(chunks: AsyncIterator<Uint8Array, undefined>, close: () => Promise<void>) {
    this.#chunks = chunks
    this.#close = close
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#done) return { done: true, value: undefined }
    try {
      const step = await this.#chunks.next()
      if (!step.done) return step
    } catch (error) {
      this.#done = true
      await this.#close()
      throw error
    }
    this.#done = true
    await this.#close()
    return { done: true, value: undefined }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#done) {
      this.#done = true
      try {
        await this.#chunks.return?.()
      } finally {
        await this.#close()
      }
    }
    return { done: true, value: undefined }
  }
}

const TestedResponse: ResponseClass<Response & TestParts> = withTestParts(Response)

/**
 * What a client answers with: a Response whose body is read with `text`, `json`, `bytes`, or chunk by chunk with `iterEncoded`.
 * There is no Content-Type unless the application sent one.
 */
export class TestResponse extends TestedResponse {}
