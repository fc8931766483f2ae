// Standard output of a CGI process belongs to the response. Other text written to it would end up in the middle of that, so it
// gets standard error instead, which front servers write to their log.

import { createWriteStream, fstatSync } from "node:fs"
import { Socket } from "node:net"
import type { Writable } from "node:stream"

const STDOUT = 1

let taken: Writable | undefined

/** Where the response goes. From the first call on, `console.log` and `process.stdout` write to standard error. */
export function takeOutput(): Writable {
  if (taken !== undefined) return taken
  const { stdout, stderr } = process
  stdout.write = stderr.write.bind(stderr)
  const facts = fstatSync(STDOUT)
  taken =
    facts.isFIFO() || facts.isSocket()
      ? new Socket({ fd: STDOUT, readable: false, writable: true })
      : createWriteStream("", { fd: STDOUT })
  return taken
}
