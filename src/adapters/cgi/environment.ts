// The variables of a CGI request, from the environment of the process. Only those that speak of the request: the others belong
// to the process, and some are secrets. Bytes that are no UTF-8, Node has lost; Linux still knows them.

import { readFileSync } from "node:fs"

// RFC 3875 section 4.1, and what Apache and lighttpd add.
const OF_REQUEST =
  /^(?:AUTH_TYPE|CONTENT_LENGTH|CONTENT_TYPE|GATEWAY_INTERFACE|HTTPS|PATH_INFO|PATH_TRANSLATED|QUERY_STRING|UNIQUE_ID|(?:HTTP|SERVER|REMOTE|REQUEST|REDIRECT|SSL|SCRIPT|DOCUMENT|CONTEXT)_\w+)$/

const LOST = "\ufffd"

/** Names and values in turn, Latin-1: a character for each byte. */
export function variablesOf(env: Readonly<Record<string, string | undefined>>): string[] {
  const pairs: string[] = []
  let original: ReadonlyMap<string, string> | undefined
  for (const [name, value = ""] of Object.entries(env)) {
    if (!OF_REQUEST.test(name)) continue
    if (value.includes(LOST)) original ??= originalEnvironment()
    const bytes = value.includes(LOST) ? original?.get(name) : undefined
    pairs.push(name, bytes ?? Buffer.from(value, "utf8").toString("latin1"))
  }
  return pairs
}

/** What the process was started with, byte for byte; empty where the system does not tell. */
function originalEnvironment(): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  try {
    for (const line of readFileSync("/proc/self/environ", "latin1").split("\0")) {
      const sign = line.indexOf("=")
      if (sign > 0) values.set(line.slice(0, sign), line.slice(sign + 1))
    }
  } catch {
    // Not on Linux.
  }
  return values
}
