// A request of node:http that came over no connection: made from an environ, for handlers that want one.

import { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import { EnvironHeaders } from "../../datastructures/environ-headers.ts"
import { splitPath } from "../../environ/raw-path.ts"
import { getInputStream } from "../../environ/request-input.ts"
import type { Environ, InputStream } from "../../gateway.ts"

const READ_SIZE = 64 * 1024

export class InnerRequest extends IncomingMessage {
  readonly environ: Environ
  /** Where the handler is mounted, as routers of Express have it. */
  baseUrl: string
  originalUrl: string
  readonly #input: InputStream

  constructor(socket: Socket, environ: Environ) {
    super(socket)
    const { mount, path } = splitPath(environ)
    const query = environ.QUERY_STRING === "" ? "" : `?${environ.QUERY_STRING}`
    this.environ = environ
    this.method = environ.REQUEST_METHOD
    this.url = `${path.startsWith("/") ? "" : "/"}${path}${query}`
    this.baseUrl = mount
    this.originalUrl = `${mount}${path}${query}` || "/"
    this.httpVersion = "1.1"
    this.httpVersionMajor = 1
    this.httpVersionMinor = 1
    this.#input = getInputStream(environ)
    const headers: Record<string, string> = {}
    for (const [name, value] of new EnvironHeaders(environ).toList()) {
      this.rawHeaders.push(name, value)
      headers[name.toLowerCase()] = value
    }
    this.headers = headers
  }

  // A property of its own, since Express puts another prototype in the place of ours.
  override _read = (size: number): void => {
    super._read(size)
    this.#input.read(READ_SIZE).then(
      (chunk) => {
        if (chunk.length > 0) this.push(chunk)
        else {
          this.complete = true
          this.push(null)
        }
      },
      (error: Error) => this.destroy(error),
    )
  }
}
