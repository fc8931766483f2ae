// The bytes of a response over HTTP/1.1 (RFC 9112): its head as text, and how head and body go to the socket in few writes.
// It knows a socket and no server: what the connection says of itself is handed in.

import type { Socket } from "node:net"
import type { HeaderList } from "../../gateway.ts"
import { httpDate } from "../../http/dates.ts"
import { checkFieldName, checkFieldValue } from "../../http/fields.ts"
import type { WireHead } from "../../running/wire-head.ts"

/** Up to this size a chunk is cheaper to copy into the write of what stands before it than to be handed over beside it. */
const COPY_LIMIT = 4096

/**
 * The head of a response, up to the empty line.
 *
 * @param connection what becomes of the connection, as the field Connection says it
 * @param keepAliveHint the field Keep-Alive, as `timeout=5`; none when it is empty
 * @param isChunked whether the body comes in chunks
 */
export function headText(
  head: WireHead,
  connection: "keep-alive" | "close",
  keepAliveHint: string,
  isChunked: boolean,
): string {
  const { fields } = head
  let text = `HTTP/1.1 ${head.status}\r\n`
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  // RFC 9110 section 6.6.1
  if (!head.hasDate) text += `Date: ${httpDate()}\r\n`
  if (keepAliveHint !== "") text += `Keep-Alive: ${keepAliveHint}\r\n`
  // RFC 9110 section 7.8: the Upgrade of a 426 is a matter of the connection.
  const options = head.code === 426 ? `${connection}, Upgrade` : connection
  return `${text}Connection: ${options}\r\n${isChunked ? "Transfer-Encoding: chunked\r\n" : ""}\r\n`
}

/** A 103 with these fields, checked. */
export function earlyHintsText(headers: HeaderList): string {
  let text = "HTTP/1.1 103 Early Hints\r\n"
  for (const [name, value] of headers) text += `${checkFieldName(name)}: ${checkFieldValue(value)}\r\n`
  return `${text}\r\n`
}

/** The answer to what is no request: nothing more is read behind it. */
export function faultText(status: string): string {
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
}

/** Writes a head and all of a body, which is ASCII if it is text. */
export function sendTogether(socket: Socket, head: string, content: readonly Uint8Array[] | string): void {
  if (typeof content === "string") socket.write(head + content, "latin1")
  else sendWithChunks(socket, head, content)
}

function sendWithChunks(socket: Socket, head: string, chunks: readonly Uint8Array[]): void {
  const first = chunks[0]
  if (first === undefined) socket.write(head, "latin1")
  else if (chunks.length === 1) writeAround(socket, head, first, "")
  else {
    socket.cork()
    writeAround(socket, head, first, "")
    for (let i = 1; i < chunks.length; i++) socket.write(chunks[i] as Uint8Array)
    socket.uncork()
  }
}

/** Writes a chunk and the text around it in one go. */
function writeAround(socket: Socket, before: string, chunk: Uint8Array, after: string, taken?: Taken): boolean {
  // Where nothing stands before it, nothing stands behind it.
  if (before === "") return socket.write(chunk, taken)
  if (chunk.length <= COPY_LIMIT) return socket.write(before + latin1Text(chunk) + after, "latin1", taken)
  socket.cork()
  socket.write(before, "latin1")
  let hasRoom: boolean
  if (after === "") hasRoom = socket.write(chunk, taken)
  else {
    socket.write(chunk)
    hasRoom = socket.write(after, "latin1", taken)
  }
  socket.uncork()
  return hasRoom
}

/** Up to this size V8 keeps an array on its own heap; Node's functions would first move it out of there. */
const ON_HEAP_LIMIT = 64

// Takes any Uint8Array, without a copy first.
const { latin1Slice } = Buffer.prototype

/** Bytes as a text of one character a byte. */
function latin1Text(bytes: Uint8Array): string {
  if (bytes.length > ON_HEAP_LIMIT) return latin1Slice.call(bytes, 0, bytes.length)
  return String.fromCharCode.apply(null, bytes as unknown as number[])
}

/** Called when the kernel has what was written, or with an error. */
type Taken = (error?: Error | null) => void

/** So many bytes gather before they are written, also in the middle of a turn. */
const GATHER_LIMIT = 32 * 1024

/**
 * Writes the parts of a body, each with what frames it (RFC 9112 section 7.1). Short parts that come in one turn of the event
 * loop go to the socket together when the turn ends: a write costs more than what is in it. They are copied on their way.
 */
export class PartWriter {
  readonly #socket: Socket
  readonly #isChunked: boolean
  /** What has gathered: the head at first, then parts with their frames. */
  #gathered: string
  #isFlushDue = false

  constructor(socket: Socket, head: string, isChunked: boolean) {
    this.#socket = socket
    this.#gathered = head
    this.#isChunked = isChunked
  }

  /** Sends a part, in this turn. True while the socket takes more at once; else its `drain` tells when it does. */
  write(chunk: Uint8Array): boolean {
    if (chunk.length > COPY_LIMIT) this.#writeLong(chunk)
    else {
      this.#gathered += this.#isChunked ? `${frame(chunk)}${latin1Text(chunk)}\r\n` : latin1Text(chunk)
      if (this.#gathered.length >= GATHER_LIMIT) this.flush()
      else if (!this.#isFlushDue) {
        this.#isFlushDue = true
        process.nextTick(flush, this)
      }
    }
    return !this.#socket.writableNeedDrain
  }

  /** Sends a part without a copy; calls `taken` when the kernel has it, or with an error. */
  lend(chunk: Uint8Array, taken: Taken): void {
    this.#writeLong(chunk, taken)
  }

  #writeLong(chunk: Uint8Array, taken?: Taken): void {
    const before = this.#isChunked ? this.#gathered + frame(chunk) : this.#gathered
    this.#gathered = ""
    writeAround(this.#socket, before, chunk, this.#isChunked ? "\r\n" : "", taken)
  }

  /** Writes what has gathered. */
  flush(): void {
    const text = this.#gathered
    this.#isFlushDue = false
    if (text === "" || this.#socket.destroyed) return
    this.#gathered = ""
    this.#socket.write(text, "latin1")
  }

  end(): void {
    if (this.#isChunked) this.#gathered += "0\r\n\r\n"
    this.flush()
  }
}

function flush(parts: PartWriter): void {
  parts.flush()
}

function frame(chunk: Uint8Array): string {
  return `${chunk.length.toString(16)}\r\n`
}
