// A response body to write into, for programs that produce output rather than give it when asked: writers of archives and
// tables. What is written stands behind what the body has, in memory.

import type { WebWritableStream } from "../web-platform.ts"
import { type Chunk, encodeChunk } from "./body-source.ts"

/** The body that is written to, as an array that can grow; a stream is read first. */
export type WritableBody = () => Promise<Uint8Array[]>

/**
 * The body of a response as something to write to. Writing makes the body an array, and its length unknown until it is
 * sent. Writes take effect in the order of their calls, whether one waits for them or not.
 */
export class ResponseStream {
  readonly #body: WritableBody
  #closed = false

  /** @internal */
  constructor(body: WritableBody) {
    this.#body = body
  }

  /** Whether nothing can be written any more. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * Adds text or bytes; resolves to the number of bytes.
   *
   * @throws TypeError after `close`
   */
  async write(chunk: Chunk): Promise<number> {
    if (this.#closed) throw new TypeError("the response stream is closed")
    const bytes = encodeChunk(chunk)
    const body = await this.#body()
    body.push(bytes)
    return bytes.length
  }

  /** Adds several. */
  async writeLines(chunks: Iterable<Chunk>): Promise<void> {
    for (const chunk of chunks) await this.write(chunk)
  }

  /** Ends the writing; the response can be sent as before. */
  close(): void {
    this.#closed = true
  }

  /** Resolves to the number of bytes that the body has. */
  async tell(): Promise<number> {
    let length = 0
    for (const chunk of await this.#body()) length += chunk.length
    return length
  }

  /** The same as a stream of the web, to pipe into. */
  toWritableStream(): WebWritableStream {
    return new WritableStream<Chunk>({
      write: async (chunk) => {
        await this.write(chunk)
      },
      close: () => this.close(),
    })
  }
}
