// One request over FastCGI, and how its response is written: records of STDOUT, and END_REQUEST. A small response is one write.

import type { Socket } from "node:net"
import type { Body, Environ, ErrorStream } from "../../gateway.ts"
import { canLend } from "../../running/lending.ts"
import type { WireHead } from "../../running/wire-head.ts"
import { headText } from "../cgi/answer.ts"
import type { Gateway } from "../cgi/gateway.ts"
import { GatewayExchange } from "../cgi/gateway-exchange.ts"
import {
  END_BYTES,
  endRecord,
  HEADER_BYTES,
  REQUEST_COMPLETE,
  STDERR,
  STDOUT,
  streamParts,
  writeEnd,
  writeHeader,
} from "./records.ts"

/** Up to this size, head and chunks go out in one record. */
const JOINED = 16 * 1024

/** The connection of a request, as it sees it. */
export interface RequestConnection {
  readonly socket: Socket
  readonly gateway: Gateway
  /** END_REQUEST is written. */
  over(exchange: FastCgiExchange): void
}

export class FastCgiExchange extends GatewayExchange {
  readonly #connection: RequestConnection
  readonly #socket: Socket
  readonly #id: number
  readonly #errorsToFront: boolean
  #head: string | undefined = undefined
  #isLent = false
  /** END_REQUEST was written. */
  #isEnded = false

  constructor(connection: RequestConnection, id: number, errorsToFront: boolean) {
    super(connection.gateway.service, connection.socket)
    this.#connection = connection
    this.#socket = connection.socket
    this.#id = id
    this.#errorsToFront = errorsToFront
  }

  override adjust(environ: Environ): void {
    if (this.#errorsToFront) environ["wsgi.errors"] = this.#errors(environ["wsgi.errors"])
  }

  /** What the front server writes to its log; after the response it takes nothing more. */
  #errors(after: ErrorStream): ErrorStream {
    const errors: ErrorStream = {
      write: (text) => {
        if (this.#isEnded || this.#socket.destroyed) after.write(text)
        else this.#writeParts(streamParts(STDERR, this.#id, Buffer.from(text)))
      },
      writeLines: (lines) => errors.write([...lines].join("")),
      flush: () => undefined,
    }
    return errors
  }

  override get isGone(): boolean {
    return super.isGone || this.#socket.destroyed
  }

  override adopt(body: Body): void {
    if (!canLend(body)) return
    body.lend()
    this.#isLent = true
  }

  override start(head: WireHead): void {
    this.#head = headText("Status: ", head)
  }

  override write(chunk: Uint8Array): boolean {
    if (this.isGone) return true
    const parts = streamParts(STDOUT, this.#id, chunk)
    if (this.#head !== undefined) parts.unshift(...this.#takeHead())
    if (!this.#isLent) {
      const hasRoom = this.#writeParts(parts)
      if (!hasRoom) this.#socket.once("drain", () => this.resume())
      return hasRoom
    }
    this.#writeParts(parts, (error) => {
      if (!error) this.resume()
    })
    return false
  }

  override respond(head: WireHead, chunks: readonly Uint8Array[]): void {
    if (this.isGone) return
    const text = headText("Status: ", head)
    let total = text.length
    for (const chunk of chunks) total += chunk.length
    if (total > JOINED) {
      const parts = streamParts(STDOUT, this.#id, Buffer.from(text, "latin1"))
      for (const chunk of chunks) parts.push(...streamParts(STDOUT, this.#id, chunk))
      parts.push(this.#endBytes())
      this.#writeParts(parts)
      this.#ended()
      return
    }
    const buffer = Buffer.allocUnsafe(HEADER_BYTES + total + END_BYTES)
    let at = writeHeader(buffer, 0, STDOUT, this.#id, total)
    at += buffer.write(text, at, "latin1")
    for (const chunk of chunks) {
      buffer.set(chunk, at)
      at += chunk.length
    }
    writeEnd(buffer, at, this.#id)
    this.#socket.write(buffer)
    this.#ended()
  }

  override end(): void {
    if (this.isGone) return
    this.#writeParts(this.#head === undefined ? [this.#endBytes()] : [...this.#takeHead(), this.#endBytes()])
    this.#ended()
  }

  // From now on the front server may send the next request, even while the body of this one is being closed.
  #ended(): void {
    this.#isEnded = true
    this.#connection.over(this)
  }

  // Without END_REQUEST the front server sees that something is missing.
  override destroy(): void {
    this.#socket.destroy()
  }

  override finished(head: WireHead | undefined): void {
    this.closeInput()
    this.#connection.gateway.service.finished(this, head?.code)
    if (this.#isEnded || this.#socket.destroyed) return
    this.#socket.write(endRecord(this.#id, REQUEST_COMPLETE))
    this.#ended()
  }

  #takeHead(): Uint8Array[] {
    const head = this.#head as string
    this.#head = undefined
    return streamParts(STDOUT, this.#id, Buffer.from(head, "latin1"))
  }

  #endBytes(): Buffer {
    const bytes = Buffer.allocUnsafe(END_BYTES)
    writeEnd(bytes, 0, this.#id)
    return bytes
  }

  /** @param onTaken called when the last of them has left this process */
  #writeParts(parts: readonly Uint8Array[], onTaken?: (error?: Error | null) => void): boolean {
    const socket = this.#socket
    if (parts.length > 1) socket.cork()
    let hasRoom = true
    for (let i = 0; i < parts.length; i++) {
      const isLast = i === parts.length - 1
      hasRoom =
        isLast && onTaken !== undefined
          ? socket.write(parts[i] as Uint8Array, onTaken)
          : socket.write(parts[i] as Uint8Array)
    }
    if (parts.length > 1) socket.uncork()
    return hasRoom
  }
}
