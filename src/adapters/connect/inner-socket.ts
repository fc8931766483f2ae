// The far end of a ServerResponse that is on no connection: what Node writes here is read and handed to the server outside, as it
// asks for it. A write is done when its bytes are taken, so that a handler which heeds back-pressure is held back.

import { Duplex } from "node:stream"
import type { Environ, HeaderList, StartResponse } from "../../gateway.ts"
import { CONNECTION_FIELDS } from "../../http/fields.ts"
import { asciiLower } from "../../http/tokens.ts"
import { ResponseReader } from "./response-reader.ts"

export class InnerSocket extends Duplex implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly localAddress: string
  readonly localPort: number
  readonly encrypted: boolean
  readonly #reader: ResponseReader
  readonly #chunks: Uint8Array[] = []
  /** To be called when the chunks are taken. */
  #written: (() => void) | undefined = undefined
  #isComplete = false
  #failure: { error: unknown } | undefined = undefined
  #wake: (() => void) | undefined = undefined

  /** @param onHead called when the head is there: the response has begun */
  constructor(environ: Environ, startResponse: StartResponse, onHead: () => void) {
    super({ autoDestroy: false })
    this.remoteAddress = environ.REMOTE_ADDR
    this.remotePort = environ.REMOTE_PORT === undefined ? undefined : Number(environ.REMOTE_PORT)
    this.localAddress = environ.SERVER_NAME
    this.localPort = Number(environ.SERVER_PORT)
    this.encrypted = environ["wsgi.url_scheme"] === "https"
    this.#reader = new ResponseReader({
      onInterim: (code, fields) => {
        if (code === 103) environ["wsgi.early_hints"]?.(endToEnd(fields))
      },
      onHead: (status, fields) => {
        startResponse(status, endToEnd(fields))
        onHead()
      },
      onBytes: (chunk) => void this.#chunks.push(chunk),
    })
  }

  // ---- what a handler may do with a socket

  setTimeout(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  destroySoon(): void {
    this.end(() => this.destroy())
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    try {
      this.#reader.push(chunk)
    } catch (error) {
      // The gateway does not take this status or this field.
      this.fail(error)
      done()
      return
    }
    if (this.#chunks.length === 0) done()
    else this.#written = done
    this.#tell()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#isComplete) this.fail(error ?? new Error("the handler destroyed its response before it was complete"))
    this.#chunks.length = 0
    this.#takeNext()
    // An error without a listener would end the process; the reader of the body is told of it.
    done(null)
  }

  // ---- what the response says

  /** Node has written all of the response. */
  complete(): void {
    this.#isComplete = true
    this.#tell()
  }

  /** What has kept the response from being completed; undefined when nothing has. */
  get failure(): unknown {
    return this.#failure?.error
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#tell()
  }

  // ---- the body

  override [Symbol.asyncIterator](): this & NodeJS.AsyncIterator<never> {
    return this as this & NodeJS.AsyncIterator<never>
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      const value = this.#chunks.shift()
      if (value !== undefined) {
        if (this.#chunks.length === 0) this.#takeNext()
        return { done: false, value }
      }
      if (this.#isComplete) return { done: true, value: undefined }
      if (this.#failure !== undefined) throw this.#failure.error
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The server wants no more. */
  close(): void {
    this.destroy()
  }

  #takeNext(): void {
    const written = this.#written
    this.#written = undefined
    written?.()
  }

  #tell(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

function endToEnd(fields: HeaderList): HeaderList {
  return fields.filter(([name]) => !CONNECTION_FIELDS.has(asciiLower(name)))
}
