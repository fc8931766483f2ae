// Frames of RFC 6455 section 5.2 as bytes, right or wrong, and back: for tests that say exactly what a client sends.

import { afterEach } from "vitest"
import { RawClient } from "./server.ts"

export interface Frame {
  opcode: number
  payload?: string | Uint8Array
  fin?: boolean
  /** The three reserved bits, as a number. */
  rsv?: number
  /** Clients mask; false for one that does not. */
  masked?: boolean
  /** What the frame says of its length, when that is not so. */
  length?: number
}

export const TEXT = 1
export const BINARY = 2
export const CONTINUATION = 0
export const CLOSE = 8
export const PING = 9
export const PONG = 10

/** Text is Latin-1: a character is a byte. */
export function frameBytes({ opcode, payload = "", fin = true, rsv = 0, masked = true, length }: Frame): Buffer {
  const data = typeof payload === "string" ? Buffer.from(payload, "latin1") : Buffer.from(payload)
  const size = length ?? data.length
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const bit = masked ? 0x80 : 0
  let head: Buffer
  if (size < 126) head = Buffer.from([first, bit | size])
  else if (size < 65536) head = Buffer.from([first, bit | 126, size >> 8, size & 255])
  else {
    head = Buffer.alloc(10)
    head[0] = first
    head[1] = bit | 127
    head.writeBigUInt64BE(BigInt(size), 2)
  }
  if (!masked) return Buffer.concat([head, data])
  const mask = Buffer.from([1, 2, 3, 4])
  return Buffer.concat([head, mask, data.map((byte, index) => byte ^ (mask[index % 4] as number))])
}

/** The payload of a close frame. */
export function closePayload(code: number, reason = ""): string {
  return String.fromCharCode(code >> 8, code & 255) + reason
}

/** Frames as a server sends them, one after the other; what is not there as a whole is left out. */
export function framesIn(text: string): { opcode: number; payload: string; fin: boolean }[] {
  const bytes = Buffer.from(text, "latin1")
  const frames: { opcode: number; payload: string; fin: boolean }[] = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const first = bytes[at] as number
    let size = (bytes[at + 1] as number) & 127
    let start = at + 2
    if (size === 126) {
      if (at + 4 > bytes.length) break
      size = bytes.readUInt16BE(at + 2)
      start = at + 4
    } else if (size === 127) {
      if (at + 10 > bytes.length) break
      size = Number(bytes.readBigUInt64BE(at + 2))
      start = at + 10
    }
    if (start + size > bytes.length) break
    frames.push({ opcode: first & 15, payload: bytes.toString("latin1", start, start + size), fin: first >= 128 })
    at = start + size
  }
  return frames
}

/** The code of a close frame, `undefined` without one. */
export function closeCodeIn(text: string): number | undefined {
  const close = framesIn(text).find(({ opcode }) => opcode === CLOSE)
  return close === undefined || close.payload.length < 2
    ? undefined
    : close.payload.charCodeAt(0) * 256 + close.payload.charCodeAt(1)
}

export const HANDSHAKE_FIELDS: readonly string[] = [
  "Host: localhost",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]

/** The handshake of RFC 6455 section 1.3. */
export function handshakeText(path = "/", ...fields: string[]): string {
  return `${[`GET ${path} HTTP/1.1`, ...HANDSHAKE_FIELDS, ...fields].join("\r\n")}\r\n\r\n`
}

const clean: (() => void)[] = []
// Runs before the linter counts, after each test, which bodies nobody has closed: that of an open socket is none of them.
afterEach(() => {
  for (const each of clean.splice(0)) each()
})

/** Has `action` end what a test has left open. */
export function beforeUnclosedBodiesCount(action: () => void): void {
  clean.push(action)
}

/** A client that is through with its handshake. */
export class FrameClient extends RawClient {
  head = ""

  static async open(port: number, path = "/", ...fields: string[]): Promise<FrameClient> {
    const client = new FrameClient(port)
    beforeUnclosedBodiesCount(() => client.socket.destroy())
    client.socket.on("end", () => client.socket.end())
    client.send(handshakeText(path, ...fields))
    const text = await client.until((received) => received.includes("\r\n\r\n"))
    const end = text.indexOf("\r\n\r\n") + 4
    client.head = text.slice(0, end)
    if (!client.head.startsWith("HTTP/1.1 101 ")) throw new Error(`refused: ${text}`)
    return client
  }

  frame(...frames: Frame[]): this {
    this.send(Buffer.concat(frames.map(frameBytes)))
    return this
  }

  /** What came behind the head. */
  get content(): string {
    return this.received.slice(this.head.length)
  }

  async frames(count: number): Promise<{ opcode: number; payload: string; fin: boolean }[]> {
    await this.until(() => framesIn(this.content).length >= count)
    return framesIn(this.content)
  }

  /** Waits until the server has closed; gives the code that it said. */
  async closeCode(): Promise<number | undefined> {
    await this.end()
    return closeCodeIn(this.content)
  }
}
