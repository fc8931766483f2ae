// A connection of a front server that speaks FastCGI: one request at work at a time, and the connection kept for the next one where
// the front server asks for it. The protocol could carry several at once; no common front server does, and one that tries is told
// that it can't be had, as the protocol provides.

import type { Socket } from "node:net"
import type { Refusal } from "../../running/environ.ts"
import { refusalText } from "../cgi/answer.ts"
import type { Gateway } from "../cgi/gateway.ts"
import { GatewayConnection } from "../cgi/gateway-connection.ts"
import { serveVariables } from "../cgi/serve-variables.ts"
import { FaultyRequest } from "../cgi/variables.ts"
import { FastCgiExchange } from "./exchange.ts"
import {
  ABORT_REQUEST,
  BEGIN_REQUEST,
  CANT_MPX_CONN,
  DATA,
  END_BYTES,
  endRecord,
  GET_VALUES,
  GET_VALUES_RESULT,
  HEADER_BYTES,
  PARAMS,
  pairBytes,
  pairsOf,
  REQUEST_COMPLETE,
  RecordReader,
  record,
  STDIN,
  STDOUT,
  UNKNOWN_ROLE,
  UNKNOWN_TYPE,
  writeEnd,
  writeHeader,
} from "./records.ts"

const RESPONDER = 1
const KEEP_CONNECTION = 1

/** What may be asked for by GET_VALUES. Connections and requests have no limit, so the numbers are large. */
const VALUES: ReadonlyMap<string, string> = new Map([
  ["FCGI_MAX_CONNS", "65535"],
  ["FCGI_MAX_REQS", "65535"],
  ["FCGI_MPXS_CONNS", "0"],
])

/** A request, from its BEGIN_REQUEST to its END_REQUEST. */
interface Request {
  readonly id: number
  /** Whether the connection goes on behind it. */
  readonly keeps: boolean
  /** The variables so far, until they are complete. */
  params: Buffer[] | undefined
  paramBytes: number
}

export class FastCgiConnection extends GatewayConnection<FastCgiExchange> {
  readonly #reader: RecordReader
  readonly #errorsToFront: boolean
  #request: Request | undefined = undefined
  /** The number of the request whose STDIN goes on, and how much came of it behind the response. */
  #openBody = 0
  #discarded = 0

  constructor(socket: Socket, gateway: Gateway, errorsToFront: boolean) {
    super(socket, gateway)
    socket.setNoDelay()
    this.#errorsToFront = errorsToFront
    this.#reader = new RecordReader((type, id, content) => {
      this.#take(type, id, content)
      return this.isClosing || socket.destroyed
    })
  }

  protected override received(chunk: Buffer): void {
    if (this.isClosing) return
    const fault = this.#reader.push(chunk)
    if (fault !== undefined) this.breakOff(fault)
  }

  protected override ended(): void {
    if (this.isClosing) return
    if (this.#reader.isInside || this.#request?.params !== undefined)
      this.breakOff("it ended in the middle of a request")
    else if (this.#request === undefined) this.socket.destroy()
  }

  #take(type: number, id: number, content: Buffer): void {
    if (id === 0) this.#manage(type, content)
    else if (type === BEGIN_REQUEST) this.#begin(id, content)
    else if (id !== this.#request?.id) this.#takeLate(type, id, content)
    else if (type === PARAMS) this.#takeParams(this.#request, content)
    else if (type === STDIN) this.#takeBody(this.#request, content)
    else if (type === ABORT_REQUEST) this.#abort(this.#request)
    else if (type !== DATA) this.breakOff(`a record has the type ${type}`)
  }

  /** Records about the server, and no request. */
  #manage(type: number, content: Buffer): void {
    if (type !== GET_VALUES) {
      this.socket.write(record(UNKNOWN_TYPE, 0, Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0)))
      return
    }
    const asked = pairsOf(content)
    if (asked === undefined) {
      this.breakOff("the length of a name goes beyond its record")
      return
    }
    const answer: string[] = []
    for (let i = 0; i < asked.length; i += 2) {
      const value = VALUES.get(asked[i] as string)
      // A name that is asked for again and again must not make the answer longer than a record.
      if (value !== undefined && !answer.includes(asked[i] as string)) answer.push(asked[i] as string, value)
    }
    this.socket.write(record(GET_VALUES_RESULT, 0, pairBytes(answer)))
  }

  #begin(id: number, content: Buffer): void {
    if (content.length !== 8) {
      this.breakOff(`a BEGIN_REQUEST has ${content.length} bytes, not 8`)
      return
    }
    const keeps = ((content[2] as number) & KEEP_CONNECTION) !== 0
    const role = content.readUInt16BE(0)
    if (this.#request !== undefined) {
      if (id === this.#request.id) this.breakOff(`request ${id} begins while it is at work`)
      else this.socket.write(endRecord(id, CANT_MPX_CONN))
    } else if (role !== RESPONDER) {
      this.say(`the role ${role} was asked for; there is 1, a responder`)
      this.socket.write(endRecord(id, UNKNOWN_ROLE))
      if (!keeps) this.closeAfter(true)
    } else {
      this.greet()
      this.#openBody = id
      this.#discarded = 0
      this.#request = { id, keeps: keeps && !this.gateway.service.isClosing, params: [], paramBytes: 0 }
    }
  }

  #takeParams(request: Request, content: Buffer): void {
    if (request.params === undefined) {
      // The body of a refused request is read to its end.
      if (this.active !== undefined) this.breakOff("PARAMS go on behind their end")
      return
    }
    if (content.length > 0) {
      request.params.push(content)
      request.paramBytes += content.length
      const { maxHeadBytes } = this.gateway
      if (request.paramBytes <= maxHeadBytes) return
      request.params = undefined
      const why = `the variables have more than ${maxHeadBytes} bytes`
      this.say(`a request was answered with 431: ${why}`)
      this.#refuse(request, new FaultyRequest("431 Request Header Fields Too Large", why))
      return
    }
    const bytes = request.params.length === 1 ? (request.params[0] as Buffer) : Buffer.concat(request.params)
    request.params = undefined
    const pairs = pairsOf(bytes)
    if (pairs === undefined) {
      const why = "the length of a variable goes beyond the end of PARAMS"
      this.say(`a request was answered with 400: ${why}`)
      this.#refuse(request, new FaultyRequest("400 Bad Request", why))
      return
    }
    const exchange = new FastCgiExchange(this, request.id, this.#errorsToFront)
    this.active = exchange
    const refusal = serveVariables(this.gateway, pairs, exchange)
    if (refusal === undefined) return
    this.active = undefined
    this.#refuse(request, refusal)
  }

  #takeBody(request: Request, content: Buffer): void {
    if (request.params !== undefined) this.breakOff("STDIN comes before the end of PARAMS")
    else if (content.length > 0) this.active?.bodyCame(content)
    else {
      this.#openBody = 0
      this.active?.bodyEnded(true)
    }
  }

  /** What still comes of a request that is over. */
  #takeLate(type: number, id: number, content: Buffer): void {
    if (type !== STDIN || id !== this.#openBody) return
    if (content.length === 0) this.#openBody = 0
    this.#discarded += content.length
    if (this.#discarded > this.gateway.service.discard.maxDiscardBytes) this.closeAfter(true)
  }

  /** The client has gone; the front server waits for END_REQUEST. */
  #abort(request: Request): void {
    const { active } = this
    if (active === undefined) {
      this.socket.write(endRecord(request.id, REQUEST_COMPLETE))
      this.over(undefined)
      return
    }
    active.bodyEnded(false)
    active.leave()
  }

  #refuse(request: Request, refusal: Refusal): void {
    const text = refusalText("Status: ", refusal)
    const bytes = Buffer.allocUnsafe(HEADER_BYTES + text.length + END_BYTES)
    const at = writeHeader(bytes, 0, STDOUT, request.id, text.length)
    bytes.write(text, at, "latin1")
    writeEnd(bytes, at + text.length, request.id)
    this.socket.write(bytes)
    this.over(undefined)
  }

  /** The request is over, END_REQUEST is written. */
  over(exchange: FastCgiExchange | undefined): void {
    if (exchange !== this.active) return
    const keeps = this.#request?.keeps === true
    this.#request = undefined
    if (!keeps) this.closeAfter(this.#openBody !== 0)
    this.release()
  }
}
