// Where the server that is checked listens, and connections to it.

import { connect } from "node:net"
import type { Duplex } from "node:stream"
import { connect as connectTls } from "node:tls"

/** Where a server listens, and how long it may take for an answer. */
export interface Place {
  hostname: string
  port: number
  isSecure: boolean
  timeoutMs: number
}

/** A connection to the server. */
export function connectTo({ hostname, port, isSecure }: Place): Duplex {
  if (!isSecure) return connect({ host: hostname, port })
  // The test is about the server, and not about the issuer of its certificate.
  return connectTls({ host: hostname, port, rejectUnauthorized: false })
}
