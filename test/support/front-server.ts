// For tests: what a front server does, for one request. It makes CGI variables of a request, sends them by SCGI, uwsgi or
// FastCGI, and takes the response apart, without anything of the adapters.

import { connect, type Socket } from "node:net"
import type { HeaderList } from "../../src/gateway.ts"
import type { ConformanceRequest } from "../../src/testing/conformance-case.ts"
import type { RawResponse } from "./raw-http.ts"

export type Pairs = readonly (readonly [name: string, value: string])[]
export type GatewayName = "scgi" | "uwsgi" | "fastcgi"

/** The variables of a request, as nginx sends them with `scgi_params`, but for DOCUMENT_URI. */
export function frontVariables(request: ConformanceRequest): Pairs {
  const { method = "GET", target = "/", headers = [], body, protocol = "HTTP/1.1" } = request
  const query = target.includes("?") ? target.slice(target.indexOf("?") + 1) : ""
  const length = body === undefined ? "" : String((typeof body === "string" ? body : body.join("")).length)
  const variables: [string, string][] = [
    ["CONTENT_LENGTH", length === "" ? "0" : length],
    ["REQUEST_METHOD", method],
    ["REQUEST_URI", target],
    ["QUERY_STRING", query],
    ["CONTENT_TYPE", ""],
    ["SERVER_PROTOCOL", protocol],
    ["SERVER_NAME", ""],
    ["SERVER_PORT", "80"],
    ["REMOTE_ADDR", "192.0.2.7"],
    ["REMOTE_PORT", "40000"],
    ["REQUEST_SCHEME", "http"],
    ["HTTP_HOST", "example.org"],
  ]
  for (const [name, value] of headers) {
    // nginx drops names with underscores.
    if (name.includes("_")) continue
    const upper = name.toUpperCase().replaceAll("-", "_")
    if (upper === "CONTENT_TYPE") variables.push(["CONTENT_TYPE", value])
    variables.push([`HTTP_${upper}`, value])
  }
  if (body !== undefined) variables.push(["HTTP_CONTENT_LENGTH", length])
  return variables
}

const latin1 = (text: string) => Buffer.from(text, "latin1")

/** The bytes of a netstring with the variables. */
export function scgiHead(variables: Pairs): Buffer {
  const text = [["SCGI", "1"], ...variables].map(([name, value]) => `${name}\0${value}\0`).join("")
  return latin1(`${text.length}:${text},`)
}

export function uwsgiHead(variables: Pairs): Buffer {
  const block = Buffer.concat(
    variables.flat().map((text) => {
      const length = Buffer.alloc(2)
      length.writeUInt16LE(text.length)
      return Buffer.concat([length, latin1(text)])
    }),
  )
  const head = Buffer.alloc(4)
  head.writeUInt16LE(block.length, 1)
  return Buffer.concat([head, block])
}

/** A record of FastCGI. */
export function fastCgiRecord(type: number, id: number, content: Uint8Array | string = "", padding = 0): Buffer {
  const bytes = typeof content === "string" ? latin1(content) : content
  const header = Buffer.from([1, type, id >> 8, id & 0xff, bytes.length >> 8, bytes.length & 0xff, padding, 0])
  return Buffer.concat([header, bytes, Buffer.alloc(padding)])
}

export function fastCgiPairs(variables: Pairs): Buffer {
  return Buffer.concat(
    variables.flatMap(([name, value]) => {
      const lengths = [name, value].map(({ length }) =>
        length < 128
          ? Buffer.of(length)
          : Buffer.of(0x80 | (length >> 24), (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff),
      )
      return [...lengths, latin1(name), latin1(value)]
    }),
  )
}

/** Content as records of a stream of at most `size` bytes each, with the empty one at the end. */
export function fastCgiStream(type: number, id: number, content: Buffer, size = 65_535): Buffer {
  const records: Buffer[] = []
  for (let at = 0; at < content.length; at += size)
    records.push(fastCgiRecord(type, id, content.subarray(at, at + size)))
  records.push(fastCgiRecord(type, id))
  return Buffer.concat(records)
}

/** A whole request of FastCGI. */
export function fastCgiRequest(variables: Pairs, body: Buffer, { id = 1, keeps = false } = {}): Buffer {
  const begin = fastCgiRecord(1, id, Buffer.from([0, 1, keeps ? 1 : 0, 0, 0, 0, 0, 0]))
  return Buffer.concat([begin, fastCgiStream(4, id, fastCgiPairs(variables)), fastCgiStream(5, id, body)])
}

/** A request as bytes of the protocol. */
export function gatewayBytes(protocol: GatewayName, variables: Pairs, body: Buffer): Buffer {
  if (protocol === "fastcgi") return fastCgiRequest(variables, body)
  return Buffer.concat([(protocol === "scgi" ? scgiHead : uwsgiHead)(variables), body])
}

/** Asks a gateway on a port of 127.0.0.1, or by a path. */
export async function askGateway(
  protocol: GatewayName,
  to: number | string,
  request: ConformanceRequest,
): Promise<RawResponse> {
  const { body } = request
  const content = latin1(body === undefined ? "" : typeof body === "string" ? body : body.join(""))
  const socket = connectTo(to)
  const { bytes, isReset } = await conversation(socket, gatewayBytes(protocol, frontVariables(request), content))
  if (protocol !== "fastcgi") return parseGatewayResponse(bytes.toString("latin1"), request.method, !isReset)
  const records = fastCgiRecords(bytes)
  const output = records.filter(({ type }) => type === 6).map(({ content: each }) => each.toString("latin1"))
  const isEnded = records.at(-1)?.type === 3
  return parseGatewayResponse(output.join(""), request.method, isEnded)
}

export function connectTo(to: number | string): Socket {
  return connect({ ...(typeof to === "number" ? { port: to, host: "127.0.0.1" } : { path: to }), allowHalfOpen: true })
}

/** Sends bytes, and gives all that comes until the other side closes. */
export async function conversation(socket: Socket, bytes: Uint8Array): Promise<{ bytes: Buffer; isReset: boolean }> {
  const chunks: Buffer[] = []
  let isReset = false
  socket.on("data", (chunk: Buffer) => chunks.push(chunk))
  socket.on("error", () => {
    isReset = true
  })
  // Where data and a reset come together, Node tells of an end. Then a write shows what it was; over TCP only, since on a unix socket
  // it fails after every end.
  let isTcp = false
  socket.once("connect", () => {
    isTcp = socket.remoteAddress !== undefined
  })
  socket.on("end", () => {
    if (!isTcp) socket.destroy()
    else
      socket.write("\0", (error) => {
        if (error) isReset = true
        socket.destroy()
      })
  })
  socket.write(bytes)
  await new Promise((resolve) => socket.once("close", resolve))
  return { bytes: Buffer.concat(chunks), isReset }
}

export interface FastCgiRecord {
  type: number
  id: number
  content: Buffer
}

/** Records that came; a last one that is incomplete is left out. */
export function fastCgiRecords(bytes: Buffer): FastCgiRecord[] {
  const records: FastCgiRecord[] = []
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt16BE(at + 4)
    const end = at + 8 + length
    if (end > bytes.length) break
    records.push({
      type: bytes[at + 1] as number,
      id: bytes.readUInt16BE(at + 2),
      content: bytes.subarray(at + 8, end),
    })
    at = end + (bytes[at + 6] as number)
  }
  return records
}

/** Takes a response with a Status field or a status line apart. */
export function parseGatewayResponse(text: string, method = "GET", isWhole = true): RawResponse {
  const end = text.indexOf("\r\n\r\n")
  const lines = text.slice(0, Math.max(end, 0)).split("\r\n")
  let status = ""
  const headers: HeaderList = []
  for (const line of lines) {
    const colon = line.indexOf(":")
    if (line.startsWith("HTTP/1.1 ")) status = line.slice("HTTP/1.1 ".length)
    else if (line.startsWith("Status: ")) status = line.slice("Status: ".length)
    else headers.push([line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")])
  }
  const body = Buffer.from(end === -1 ? "" : text.slice(end + 4), "latin1")
  const length = headers.find(([name]) => name.toLowerCase() === "content-length")?.[1]
  const isEmpty = method === "HEAD" || /^(204|205|304)/.test(status)
  const complete = isWhole && end !== -1 && (isEmpty || length === undefined || Number(length) === body.length)
  return { status, headers, body, complete }
}
