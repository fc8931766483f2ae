// The length of a message of a WebSocket on the wire, where text is UTF-8 (RFC 6455 section 5.6).

import type { WebSocketMessage } from "../gateway.ts"

const encoder = new TextEncoder()

// Node counts without making the bytes.
const { Buffer: native } = globalThis as { Buffer?: { byteLength?(text: string): number } }
const ofText = native?.byteLength ?? ((text: string) => encoder.encode(text).length)

/**
 * Bytes of a message.
 *
 * @example
 * messageBytes("h\u00e9") // => 3
 */
export function messageBytes(message: WebSocketMessage): number {
  return typeof message === "string" ? ofText(message) : message.length
}
