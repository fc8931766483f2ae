// The body of a request on its way to an upstream. The input tells whether there is one, and no header does: a request of
// HTTP/2 has a body without a length and without a transfer coding. Knows nothing of connections.

import { emptyInput } from "../environ/input.ts"
import { getInputStream } from "../environ/request-input.ts"
import type { Environ, InputStream } from "../gateway.ts"

/** A request body that can be sent as long as nothing of it was taken. */
export class Upload {
  readonly #input: InputStream
  #isTaken = false
  #failure: { readonly reason: unknown } | undefined = undefined

  private constructor(input: InputStream) {
    this.#input = input
  }

  /** `undefined` for a request that certainly has no body. */
  static of(environ: Environ): Upload | undefined {
    const input = getInputStream(environ)
    return input === emptyInput ? undefined : new Upload(input)
  }

  /** Whether a part of the body may be gone, so that it can't be sent to another upstream. */
  get isTaken(): boolean {
    return this.#isTaken
  }

  /** Why the body could not be read, when that is what ended the exchange: the fault is the client's, not the upstream's. */
  get failure(): { readonly reason: unknown } | undefined {
    return this.#failure
  }

  /** The chunks until `isOver`: what the client sends after the response is for the server to throw away. */
  async *chunks(isOver: () => boolean): AsyncGenerator<Uint8Array, void, void> {
    let hasBody = false
    // From the first read on: a chunk that comes too late for this upstream would be missing at the next one.
    this.#isTaken = true
    try {
      for await (const chunk of this.#input) {
        hasBody = true
        yield chunk
        if (isOver()) return
      }
    } catch (reason) {
      this.#failure = { reason }
      throw reason
    }
    this.#isTaken = hasBody
  }
}
