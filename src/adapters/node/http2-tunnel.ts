// A stream of HTTP/2 that has become a tunnel (RFC 8441), as a stream to give to ws, which takes what it is given for a connection of
// HTTP/1.1 and answers the handshake on it. That answer is left out here: the stream has been answered with a 200 before.

import type { ServerHttp2Stream } from "node:http2"
import { Duplex } from "node:stream"

const CANCEL = 0x8

/** The window of a stream is opened again when what came is read, so that to pause is to hold the client back. */
export class Http2Tunnel extends Duplex {
  readonly #stream: ServerHttp2Stream
  #isHeadOver = false

  constructor(stream: ServerHttp2Stream) {
    super()
    this.#stream = stream
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
    if (this.#isHeadOver) this.#send(chunk, done)
    else {
      this.#isHeadOver = chunk.includes("\r\n\r\n")
      done()
    }
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    const frames = this.#isHeadOver ? chunks : chunks.slice(1)
    this.#isHeadOver = true
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
