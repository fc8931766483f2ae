// A request whose response is text in one stream, head and body, and ends with the stream: CGI, SCGI and uwsgi.

import type { Writable } from "node:stream"
import type { Body } from "../../gateway.ts"
import { canLend } from "../../running/lending.ts"
import type { Service } from "../../running/service.ts"
import type { WireHead } from "../../running/wire-head.ts"
import { type HeadStart, headText } from "./answer.ts"
import { GatewayExchange } from "./gateway-exchange.ts"
import type { Source } from "./queued-input.ts"

/** Up to this size, chunks go out in one write with the head before them. */
const JOINED = 16 * 1024

export abstract class TextExchange extends GatewayExchange {
  readonly #service: Service
  readonly #output: Writable
  readonly #headStart: HeadStart
  /** The head, until it is written. */
  #head: string | undefined = undefined
  #isLent = false

  constructor(service: Service, source: Source, output: Writable, headStart: HeadStart) {
    super(service, source)
    this.#service = service
    this.#output = output
    this.#headStart = headStart
  }

  /** The response is written: closes the output when that has left. */
  protected abstract close(): void

  override get isGone(): boolean {
    return super.isGone || this.#output.destroyed
  }

  override adopt(body: Body): void {
    if (!canLend(body)) return
    body.lend()
    this.#isLent = true
  }

  override start(head: WireHead): void {
    this.#head = headText(this.#headStart, head)
  }

  override write(chunk: Uint8Array): boolean {
    if (this.isGone) return true
    if (this.#isLent) {
      this.#flushHead()
      this.#output.write(chunk, (error) => {
        if (!error) this.resume()
      })
      return false
    }
    const hasRoom = this.#send(chunk)
    if (!hasRoom) this.#output.once("drain", () => this.resume())
    return hasRoom
  }

  #send(chunk: Uint8Array): boolean {
    const head = this.#head
    if (head === undefined) return this.#output.write(chunk)
    this.#head = undefined
    if (chunk.length <= JOINED) return this.#output.write(joined(head, [chunk], chunk.length))
    this.#output.cork()
    this.#output.write(head, "latin1")
    const hasRoom = this.#output.write(chunk)
    this.#output.uncork()
    return hasRoom
  }

  override respond(head: WireHead, chunks: readonly Uint8Array[]): void {
    if (this.isGone) return
    let total = 0
    for (const chunk of chunks) total += chunk.length
    const text = headText(this.#headStart, head)
    if (total <= JOINED) this.#output.write(joined(text, chunks, total))
    else {
      this.#output.cork()
      this.#output.write(text, "latin1")
      for (const chunk of chunks) this.#output.write(chunk)
      this.#output.uncork()
    }
    this.close()
  }

  override end(): void {
    if (this.isGone) return
    this.#flushHead()
    this.close()
  }

  #flushHead(): void {
    if (this.#head === undefined) return
    this.#output.write(this.#head, "latin1")
    this.#head = undefined
  }

  override finished(head: WireHead | undefined): void {
    this.closeInput()
    this.#service.finished(this, head?.code)
  }
}

function joined(head: string, chunks: readonly Uint8Array[], bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(head.length + bytes)
  let at = buffer.write(head, 0, "latin1")
  for (const chunk of chunks) {
    buffer.set(chunk, at)
    at += chunk.length
  }
  return buffer
}
