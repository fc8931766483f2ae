// Bytes to a socket, and the response that comes back, taken apart without any HTTP library, so that what a server got
// wrong is seen.

import { connect } from "node:net"
import type { Duplex } from "node:stream"
import type { HeaderList } from "../../gateway.ts"

export interface RawResponse {
  /** Code and reason phrase. */
  status: string
  headers: HeaderList
  body: Uint8Array
  /** Whether the body ended where it said that it would. */
  complete: boolean
}

/** A response that was waited for. */
export interface TimedResponse extends RawResponse {
  /** The server neither answered to the end nor closed the connection in time. */
  isLate: boolean
}

/**
 * Sends the bytes to a port of 127.0.0.1, or by a connection, and reads until the server closes it, or until the time is over.
 */
export async function exchange(
  to: number | Duplex,
  request: Uint8Array,
  method = "GET",
  timeoutMs = 20_000,
): Promise<TimedResponse> {
  const socket = typeof to === "number" ? connect({ port: to, host: "127.0.0.1" }) : to
  const chunks: Buffer[] = []
  socket.on("data", (chunk) => chunks.push(chunk))
  // A connection that is cut is an answer, too.
  socket.on("error", () => undefined)
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    socket.destroy()
  }, timeoutMs)
  socket.write(request)
  await new Promise<void>((resolve) => socket.once("close", () => resolve()))
  clearTimeout(timer)
  return { ...parse(Buffer.concat(chunks).toString("latin1"), method), isLate }
}

function parse(text: string, method: string): RawResponse {
  const end = text.indexOf("\r\n\r\n")
  const [start = "", ...lines] = text.slice(0, Math.max(end, 0)).split("\r\n")
  const status = start.slice(start.indexOf(" ") + 1)
  // The server's own 100 comes before the response.
  if (status.startsWith("100")) return parse(text.slice(end + 4), method)
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":")
    return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")]
  })
  const field = (name: string) => headers.find(([key]) => key.toLowerCase() === name)?.[1]
  const rest = text.slice(end + 4)
  const bytes = (content: string, complete: boolean) => ({
    status,
    headers,
    body: Buffer.from(content, "latin1"),
    complete,
  })
  if (method === "HEAD" || /^(204|205|304)/.test(status)) return bytes(rest, end !== -1)
  if (field("transfer-encoding") === "chunked") return bytes(...unchunk(rest))
  const length = field("content-length")
  return bytes(rest, end !== -1 && (length === undefined || Number(length) === rest.length))
}

function unchunk(text: string): [content: string, complete: boolean] {
  let content = ""
  let at = 0
  for (;;) {
    const line = text.indexOf("\r\n", at)
    const size = Number.parseInt(text.slice(at, line), 16)
    if (line === -1 || Number.isNaN(size)) return [content, false]
    if (size === 0) return [content, text.slice(line) === "\r\n\r\n"]
    content += text.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
  }
}
