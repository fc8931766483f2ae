// A stream of HTTP/2 that becomes a tunnel (RFC 8441), as a stream to give to ws, which takes what it is given for a connection of
// HTTP/1.1 and answers the handshake on it. In place of that head the stream is answered in its own way; of the fields in it, the
// extensions alone are of interest, on which ws has agreed.

import type { ServerHttp2Stream } from "node:http2"
import { Duplex } from "node:stream"

const CANCEL = 0x8

/** The window of a stream is opened again when what came is read, so that to pause is to hold the client back. */
export class Http2Tunnel extends Duplex {
  readonly #stream: ServerHttp2Stream
  /** Undefined when it was called. */
  #answer: ((extensions: string | undefined) => void) | undefined

  /** @param answer called once, when the handshake is to be answered */
  constructor(stream: ServerHttp2Stream, answer: (extensions: string | undefined) => void) {
    super()
    this.#stream = stream
    this.#answer = answer
    stream.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause()
    })
    stream.on("end", () => this.push(null))
    stream.on("aborted", () => this.destroy())
    stream.on("close", () => this.destroy())
    stream.pause()
  }

  override _read(): void {
    this.#stream.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#takeHead(chunk)) done()
    else this.#send(chunk, done)
  }

  /** Whether it is the head of HTTP/1.1, which ws writes first and by itself. */
  #takeHead(chunk: Buffer): boolean {
    const answer = this.#answer
    if (answer === undefined) return false
    this.#answer = undefined
    if (!this.#stream.destroyed && !this.#stream.closed) {
      answer(/^Sec-WebSocket-Extensions: (.*)\r$/im.exec(chunk.toString("latin1"))?.[1])
    }
    return true
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    const frames = chunks.filter(({ chunk }) => !this.#takeHead(chunk))
    this.#send(Buffer.concat(frames.map(({ chunk }) => chunk)), done)
  }

  /** `done` is called when the client's window has let the bytes through. */
  #send(bytes: Buffer, done: (error?: Error | null) => void): void {
    if (this.#stream.destroyed || this.#stream.closed) done()
    else this.#stream.write(bytes, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#stream.destroyed && !this.#stream.closed) this.#stream.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const stream = this.#stream
    // RFC 8441 section 5: a reset with CANCEL is what a broken connection is to HTTP/1.1.
    if (!stream.closed) stream.close(stream.writableEnded && stream.readableEnded ? 0 : CANCEL)
    done(error)
  }
}
