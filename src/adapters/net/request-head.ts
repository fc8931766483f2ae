// The head of a request of HTTP/1.1 as it stands on the wire, taken apart (RFC 9112 sections 2 to 5). What two parties could
// read in two ways is refused; what the fields mean together is up to environOf, as for every server.
// It works on text of one character a byte, looks at each character a fixed number of times, and remembers names.

import { isToken, stripOws } from "../../http/tokens.ts"
import { Refusal, type WireRequestHead } from "../../running/environ.ts"

/** A head, and what its fields say of the connection. */
export interface ParsedHead extends WireRequestHead {
  protocol: "HTTP/1.0" | "HTTP/1.1"
  /** Whether the client lets the connection go on behind this request. */
  isKeptAlive: boolean
  /** The length of the body, as the client wrote it. */
  contentLength: string | undefined
  /** Whether the body comes in chunks. */
  isChunked: boolean
  /** Whether the client waits for a 100 before it sends the body. */
  expectsContinue: boolean
  /** Whether the client would leave HTTP. */
  hasUpgrade: boolean
}

export const BAD_REQUEST: Refusal = new Refusal("400 Bad Request")
const EXPECTATION_FAILED = new Refusal("417 Expectation Failed")
const VERSION_NOT_SUPPORTED = new Refusal("505 HTTP Version Not Supported")

const PLAIN = 0
const HOST = 1
const CONTENT_LENGTH = 2
const TRANSFER_ENCODING = 3
const CONNECTION = 4
const EXPECT = 5
const UPGRADE = 6
const FAULTY = -1
const KINDS: ReadonlyMap<string, number> = new Map([
  ["host", HOST],
  ["content-length", CONTENT_LENGTH],
  ["transfer-encoding", TRANSFER_ENCODING],
  ["connection", CONNECTION],
  ["expect", EXPECT],
  ["upgrade", UPGRADE],
])
const MEMORY = 1024
const knownNames = new Map<string, number>()

/** A length has at most so many digits: what is longer is no exact number. */
const LENGTH_DIGITS = 15

// RFC 9110 section 5.5: no controls but the tab; and no CR or LF but those that end a line.
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/
// RFC 9112 section 3.2: the characters of a target; those of other alphabets come percent-encoded.
const TARGET = /^[\x21-\x7e]+$/
/** The methods that Node's parser knows (RFC 9110 section 16.1 has the registry). Another word, or one in lower case, is refused. */
const METHODS: ReadonlySet<string> = new Set(
  (
    "ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS PATCH " +
    "POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE"
  ).split(" "),
)

/**
 * Takes a head apart, without the empty line behind it; gives the reason why it is refused otherwise.
 *
 * @example
 * const head = parseHead("GET /a?b HTTP/1.1\r\nHost: a\r\nConnection: close")
 * head.target // => "/a?b"
 * head.fields // => ["Host", "a", "Connection", "close"]
 * head.isKeptAlive // => false
 * parseHead("GET / HTTP/1.1\r\nHost : a").status // => "400 Bad Request"
 */
export function parseHead(text: string): ParsedHead | Refusal {
  if (FORBIDDEN.test(text)) return BAD_REQUEST
  const lineEnd = text.indexOf("\r\n")
  const line = lineEnd === -1 ? text : text.slice(0, lineEnd)
  const first = line.indexOf(" ")
  const second = line.indexOf(" ", first + 1)
  if (second === -1) return BAD_REQUEST
  const method = line.slice(0, first)
  const target = line.slice(first + 1, second)
  const protocol = line.slice(second + 1)
  if (!METHODS.has(method) || !TARGET.test(target)) return BAD_REQUEST
  if (protocol !== "HTTP/1.1" && protocol !== "HTTP/1.0") {
    return protocol === "HTTP/2.0" ? VERSION_NOT_SUPPORTED : BAD_REQUEST
  }
  const head: ParsedHead = {
    method,
    target,
    protocol,
    fields: [],
    isKeptAlive: protocol === "HTTP/1.1",
    contentLength: undefined,
    isChunked: false,
    expectsContinue: false,
    hasUpgrade: false,
  }
  return readFields(text, lineEnd === -1 ? text.length : lineEnd + 2, head) ?? head
}

function readFields(text: string, start: number, head: ParsedHead): Refusal | undefined {
  const fields = head.fields as string[]
  let hasHost = false
  let options = ""
  let expectation = ""
  for (let at = start; at < text.length; ) {
    let end = text.indexOf("\r\n", at)
    if (end === -1) end = text.length
    const colon = text.indexOf(":", at)
    if (colon === -1 || colon >= end) return BAD_REQUEST
    const name = text.slice(at, colon)
    const kind = knownNames.get(name) ?? kindOf(name)
    if (kind === FAULTY) return BAD_REQUEST
    const value = stripOws(text, colon + 1, end)
    fields.push(name, value)
    at = end + 2
    if (kind === PLAIN) continue
    if (kind === HOST) hasHost = true
    else if (kind === CONTENT_LENGTH) {
      if (value.length > LENGTH_DIGITS) return BAD_REQUEST
      head.contentLength = value
    } else if (kind === TRANSFER_ENCODING) {
      if (head.isChunked || isFaultyCoding(value)) return BAD_REQUEST
      head.isChunked = true
    } else if (kind === CONNECTION) options = options === "" ? value : `${options},${value}`
    else if (kind === EXPECT) expectation = value
    else head.hasUpgrade = true
  }
  if (options !== "") heedOptions(options, head)
  if (head.protocol === "HTTP/1.0") return undefined
  // RFC 9112 section 3.2
  if (!hasHost) return BAD_REQUEST
  if (expectation === "") return undefined
  // RFC 9110 section 10.1.1
  if (expectation.toLowerCase() !== "100-continue") return EXPECTATION_FAILED
  head.expectsContinue = true
  return undefined
}

/** RFC 9112 section 6.1: chunked comes last, and once. */
function isFaultyCoding(codings: string): boolean {
  const first = codings
    .toLowerCase()
    .split(",")
    .findIndex((coding) => coding.trim() === "chunked")
  return first !== -1 && first < codings.split(",").length - 1
}

/** What Connection says of whether the connection goes on (RFC 9112 section 9.3). */
function heedOptions(options: string, head: ParsedHead): void {
  if (options === "keep-alive") head.isKeptAlive = true
  else if (options === "close") head.isKeptAlive = false
  else {
    const named = options.toLowerCase().split(",")
    const has = (wanted: string) => named.some((option) => option.trim() === wanted)
    if (has("close")) head.isKeptAlive = false
    else if (has("keep-alive")) head.isKeptAlive = true
  }
}

function kindOf(name: string): number {
  if (!isToken(name)) return FAULTY
  const kind = KINDS.get(name.toLowerCase()) ?? PLAIN
  if (knownNames.size < MEMORY) knownNames.set(name, kind)
  return kind
}
