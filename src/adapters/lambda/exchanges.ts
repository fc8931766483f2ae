// One request of AWS Lambda: a response that is collected, and one that is streamed.

import type { Writable } from "node:stream"
import { inputFrom } from "../../environ/input.ts"
import type { InputStream } from "../../gateway.ts"
import { Exchange } from "../../running/exchange.ts"
import type { Service } from "../../running/service.ts"
import type { WireHead } from "../../running/wire-head.ts"
import type { LambdaRequest } from "./event.ts"
import { type LambdaPrelude, type LambdaResult, preludeOf, resultOf } from "./result.ts"

abstract class LambdaExchange extends Exchange {
  readonly #service: Service
  readonly #body: Uint8Array | undefined

  constructor(service: Service, request: LambdaRequest) {
    super(service)
    this.#service = service
    this.#body = request.body
  }

  override input(): InputStream {
    return inputFrom(this.#body ?? [])
  }

  override finished(head: WireHead | undefined, _error: unknown): void {
    this.#service.finished(this, head?.code)
    this.settle()
  }

  /** The response is complete: a request that no application gets to see ends here too. */
  abstract settle(): void
}

/** A response that is handed over as a whole. */
export class CollectingExchange extends LambdaExchange {
  readonly result: Promise<LambdaResult>
  readonly #make: (head: WireHead, chunks: readonly Uint8Array[]) => LambdaResult
  readonly #chunks: Uint8Array[] = []
  #head: WireHead | undefined = undefined
  #isBroken = false
  #resolve!: (result: LambdaResult) => void

  constructor(service: Service, request: LambdaRequest, isMultiple: boolean) {
    super(service, request)
    this.#make = (head, chunks) => resultOf(request.form, isMultiple, head, chunks)
    this.result = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  override start(head: WireHead): void {
    this.#head = head
  }

  override write(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk)
    return true
  }

  override end(): void {}

  override destroy(): void {
    this.#isBroken = true
  }

  // The process may be frozen as soon as the result is there, so that comes when the body is closed.
  override settle(): void {
    // Nothing of a response that was broken off has been seen yet.
    if (this.#head === undefined || this.#isBroken) this.#resolve(this.#make(FAILED, [FAILED_TEXT]))
    else this.#resolve(this.#make(this.#head, this.#chunks))
  }
}

const FAILED_TEXT = new TextEncoder().encode("Internal Server Error\n")
const FAILED: WireHead = {
  status: "500 Internal Server Error",
  code: 500,
  reason: "Internal Server Error",
  fields: ["Content-Type", "text/plain; charset=utf-8"],
  contentLength: undefined,
  hasDate: false,
}

/** A response that is streamed. */
export class StreamingExchange extends LambdaExchange {
  /** Settles when all is written and the body is closed. */
  readonly over: Promise<void>
  readonly #begin: (prelude: LambdaPrelude) => Writable
  readonly #target: Writable
  #stream: Writable | undefined = undefined
  #resolve!: () => void

  /** @param begin sends the head and gives the stream for the body */
  constructor(service: Service, request: LambdaRequest, target: Writable, begin: (prelude: LambdaPrelude) => Writable) {
    super(service, request)
    this.#begin = begin
    this.#target = target
    this.over = new Promise((resolve) => {
      this.#resolve = resolve
    })
    target.on("error", () => this.leave())
    target.on("close", () => {
      if (!target.writableFinished) this.leave()
    })
  }

  override start(head: WireHead): void {
    this.#stream = this.#begin(preludeOf(head))
    this.#stream.on("drain", () => this.resume())
    // The runtime sends the head with the first write, and an event must not wait for one.
    this.#stream.write(new Uint8Array(0))
  }

  override write(chunk: Uint8Array): boolean {
    if (this.isGone || this.#stream === undefined) return true
    return this.#stream.write(chunk)
  }

  override end(): void {
    if (!this.isGone) this.#stream?.end()
  }

  override destroy(): void {
    this.#stream?.destroy(new Error("the response was broken off"))
  }

  override settle(): void {
    if (this.#target.writableFinished || this.#target.destroyed) this.#resolve()
    else {
      this.#target.once("finish", this.#resolve)
      this.#target.once("close", this.#resolve)
      this.#target.once("error", this.#resolve)
    }
  }
}
