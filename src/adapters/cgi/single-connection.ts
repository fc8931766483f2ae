// A connection that carries one request and ends with its response, as in SCGI and uwsgi: a head with all variables, the body, and
// back comes a response as text. A protocol brings the parser of its head, and how a response begins.

import type { Socket } from "node:net"
import type { WireHead } from "../../running/wire-head.ts"
import { type HeadStart, refusalText } from "./answer.ts"
import type { Gateway } from "./gateway.ts"
import { GatewayConnection } from "./gateway-connection.ts"
import { serveVariables } from "./serve-variables.ts"
import { TextExchange } from "./text-exchange.ts"
import { FaultyRequest } from "./variables.ts"

/** What a parser has read. */
export interface ParsedHead {
  /** Names and values in turn, Latin-1. */
  readonly pairs: readonly string[]
  /** What stands behind the head. */
  readonly rest: Buffer
}

/** Reads the head of a request, in pieces of any size. */
export interface HeadParser {
  /** The head, if it is complete; `undefined` while it is not; or what is wrong, as a sentence, or as an answer. */
  push(chunk: Buffer): ParsedHead | string | FaultyRequest | undefined
}

export class SingleConnection extends GatewayConnection<SingleExchange> {
  readonly #parser: HeadParser
  readonly #start: HeadStart
  #state: "silent" | "head" | "body" | "over" = "silent"

  constructor(socket: Socket, gateway: Gateway, parser: HeadParser, start: HeadStart) {
    super(socket, gateway)
    this.#parser = parser
    this.#start = start
  }

  protected override received(chunk: Buffer): void {
    if (this.#state === "over") return
    if (this.#state === "body") {
      this.active?.bodyCame(chunk)
      return
    }
    this.#state = "head"
    const parsed = this.#parser.push(chunk)
    if (parsed === undefined) return
    if (typeof parsed === "string") {
      this.#state = "over"
      this.breakOff(parsed)
    } else if (parsed instanceof FaultyRequest) {
      this.say(`a request was answered with ${parsed.code}: ${parsed.why}`)
      this.#refuse(refusalText(this.#start, parsed))
    } else {
      this.#serve(parsed)
    }
  }

  #serve({ pairs, rest }: ParsedHead): void {
    this.#state = "body"
    this.greet()
    const exchange = new SingleExchange(this, this.#start)
    this.active = exchange
    const refusal = serveVariables(this.gateway, pairs, exchange)
    if (refusal === undefined) exchange.bodyCame(rest)
    else {
      this.active = undefined
      this.#refuse(refusalText(this.#start, refusal))
    }
  }

  #refuse(text: string): void {
    this.#state = "over"
    this.socket.write(text, "latin1")
    // Whether a body follows can't be told.
    this.closeAfter(true)
  }

  protected override ended(): void {
    if (this.#state === "head") this.breakOff("it ended in the middle of the variables")
    else if (this.#state === "silent") this.socket.destroy()
  }
}

/** Its end is that of the connection. */
class SingleExchange extends TextExchange {
  readonly #connection: SingleConnection
  readonly #socket: Socket

  constructor(connection: SingleConnection, start: HeadStart) {
    const { socket, gateway } = connection
    super(gateway.service, socket, socket, start)
    this.#connection = connection
    this.#socket = socket
  }

  // A whole response needs no such setting: its end is that of the connection.
  override start(head: WireHead): void {
    super.start(head)
    this.#socket.setNoDelay()
  }

  protected override close(): void {
    this.#connection.closeAfter(this.isBodyOpen)
  }

  // An orderly end would look like the end of the response. A unix socket has no other.
  override destroy(): void {
    if (this.#socket.remoteAddress === undefined) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  override finished(head: WireHead | undefined): void {
    super.finished(head)
    this.#connection.release()
  }
}
