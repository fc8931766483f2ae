// One request of a front server, over a connection of SCGI, uwsgi or FastCGI: the body that comes in, counted against its
// announced length. How a response is written is up to the protocol.

import type { Environ, InputStream } from "../../gateway.ts"
import { Exchange } from "../../running/exchange.ts"
import type { Service } from "../../running/service.ts"
import { QueuedInput, type Source } from "./queued-input.ts"

export abstract class GatewayExchange extends Exchange {
  readonly #source: Source
  #input: QueuedInput | undefined = undefined
  /** Bytes of the body that have not come yet. */
  #missing = 0

  constructor(service: Service, source: Source) {
    super(service)
    this.#source = source
  }

  /** What is to come of a body; its length is unknown where the protocol says the end. */
  expectBody(hasBody: boolean, length: number | undefined): void {
    this.#missing = hasBody ? (length ?? Number.POSITIVE_INFINITY) : 0
  }

  /** Changes an environ before the application gets it. */
  adjust(_environ: Environ): void {}

  override input(): InputStream {
    this.#input = new QueuedInput(this.#source)
    return this.#input
  }

  /** Whether bytes of the body are to come. */
  get isBodyOpen(): boolean {
    return this.#input?.isOpen === true
  }

  /** Bytes of the body; what goes beyond its length is left out. */
  bodyCame(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.#missing === 0) return
    const part = chunk.length > this.#missing ? chunk.subarray(0, this.#missing) : chunk
    this.#missing -= part.length
    this.#input?.push(part)
    if (this.#missing === 0) this.#input?.end()
  }

  /** Nothing more of the body will come, as the protocol says or because the connection ended. */
  bodyEnded(isComplete: boolean): void {
    if (isComplete && (this.#missing === 0 || this.#missing === Number.POSITIVE_INFINITY)) this.#input?.end()
    else this.#input?.fail()
  }

  /** To be called when the response is over. */
  protected closeInput(): void {
    this.#input?.finish()
  }
}
