// Requests as bytes: whole ones, faulty ones, and those in which something was changed. Text of one character a byte.

import fc from "fast-check"

const method = fc.constantFrom("GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "CONNECT", "get", "MADEUP", "")
const target = fc.constantFrom(
  "/",
  "/a?b=c",
  "/caf%C3%A9/%2e%2e//x",
  "/a#b",
  "/a b",
  "/\xe9",
  "*",
  "http://a.com/x?y",
  "https://a.com:99999/",
  "a.com:80",
  "",
  `/${"x".repeat(300)}`,
)
const version = fc.oneof(
  { weight: 8, arbitrary: fc.constant("HTTP/1.1") },
  fc.constantFrom("HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.1 ", "HTTP/11", "ICE/1.0", ""),
)
const field = fc.oneof(
  fc.constantFrom(
    "Accept: */*",
    "Cookie: a=b",
    "Cookie: c=d",
    "X-Empty:",
    "X-Spaces: \t a b \t ",
    "X-High: \xe9\xff",
    "X_Under: 1",
    "Content-Type: text/plain",
    "Host: b.com",
    "Host:",
    "Host: a@b",
    "Host : a",
    " folded",
    "NoColon",
    ": empty",
    "Na me: x",
    "X-Nul: a\0b",
    "X-Cr: a\rb",
    "X-Lf: a\nb",
    "X-Del: \x7f",
    "Connection: close",
    "Connection: keep-alive",
    "Connection: Keep-Alive, x",
    "Connection: x, CLOSE",
    "Expect: 100-continue",
    "Expect: more",
    "Upgrade: other",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: Chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding:",
    "Content-Length: 5",
    "Content-Length: 0",
    "Content-Length: 05",
    "Content-Length: +5",
    "Content-Length: 5, 5",
    "Content-Length: -1",
    "Content-Length: 5a",
    "Content-Length:",
    "Content-Length: 99999999999999999999",
    "Proxy: x",
    "__proto__: x",
    "constructor: y",
  ),
  fc.tuple(fc.string({ maxLength: 6 }), fc.string({ maxLength: 12 })).map(([name, value]) => `${name}: ${value}`),
)
const chunked = fc.array(
  fc.oneof(
    fc.constantFrom("5\r\nhello\r\n", "1\r\nx\r\n", "0A\r\n0123456789\r\n", "2;a=b\r\nhi\r\n", '3;q="x"\r\nabc\r\n'),
    fc.constantFrom(
      "x\r\n",
      "-1\r\n",
      "5\r\nhelloX\r\n",
      "2\nhi\r\n",
      "0x2\r\nhi\r\n",
      "\r\n",
      "f0000000000000003\r\n",
    ),
  ),
  { maxLength: 3 },
)
const chunks = fc
  .tuple(
    chunked,
    fc.constantFrom(
      "0\r\n\r\n",
      "0\r\nTrail: x\r\n\r\n",
      "0\r\nContent-Length: 5\r\n\r\n",
      "0\r\nbad\r\n\r\n",
      "0\r\n",
    ),
  )
  .map(([parts, end]) => parts.join("") + end)
const body = fc.oneof(fc.constantFrom("", "hello", "hell", "hello!"), chunks)

/** A request that may be right. */
const usual = fc
  .tuple(
    fc.constantFrom("GET", "POST", "PUT", "HEAD", "OPTIONS"),
    fc.constantFrom("/", "/a?b=c", "/caf%C3%A9"),
    fc.array(fc.constantFrom("Accept: */*", "Cookie: a=b", "X-High: \xe9", "Connection: keep-alive"), { maxLength: 3 }),
    fc.oneof(
      fc.constant(["\r\n", ""] as const),
      fc.constant(["Content-Length: 5\r\n\r\n", "hello"] as const),
      chunks.map((bytes) => ["Transfer-Encoding: chunked\r\n\r\n", bytes] as const),
    ),
  )
  .map(([verb, path, fields, [framing, bytes]]) => {
    const lines = ["Host: a.com", ...fields].map((line) => `${line}\r\n`).join("")
    return `${verb} ${path} HTTP/1.1\r\n${lines}${framing}${bytes}`
  })

/** A request in which anything may be wrong. */
const strange = fc
  .tuple(
    method,
    target,
    version,
    fc.array(field, { maxLength: 4 }),
    fc.boolean(),
    body,
    fc.constantFrom("\r\n", "\n", "\r"),
  )
  .map(([verb, path, protocol, fields, hasHost, bytes, end]) => {
    const lines = [`${verb} ${path} ${protocol}`, ...(hasHost ? ["Host: a.com"] : []), ...fields]
    return `${lines.join("\r\n")}\r\n${end}${bytes}`
  })

const mutation = fc.tuple(
  fc.constantFrom("insert", "replace", "delete", "double"),
  fc.nat(),
  fc.constantFrom(
    "\r",
    "\n",
    "\r\n",
    "\0",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "0",
    "f",
    "\x7f",
    "\x80",
    "\xff",
    "Host: x\r\n",
    "a",
  ),
)

function mutate(text: string, [kind, where, bytes]: [string, number, string]): string {
  const at = where % (text.length + 1)
  if (kind === "insert") return text.slice(0, at) + bytes + text.slice(at)
  if (kind === "replace") return text.slice(0, at) + bytes + text.slice(at + bytes.length)
  if (kind === "delete") return text.slice(0, at) + text.slice(at + 1)
  return text.slice(0, at) + text.slice(Math.max(0, at - 9))
}

/** What a client says on one connection. */
export const conversation: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.oneof({ weight: 2, arbitrary: usual }, strange), { minLength: 1, maxLength: 3 }),
    fc.array(mutation, { maxLength: 2 }),
    fc.constantFrom("", "", "\r\n"),
  )
  .map(([requests, mutations, before]) => mutations.reduce(mutate, before + requests.join("")))

/** Where a client cuts what it says into pieces. */
export const cuts: fc.Arbitrary<number[]> = fc.oneof(
  fc.constant<number[]>([]),
  fc.array(fc.nat(400), { maxLength: 4 }),
  // Single bytes.
  fc.constant(Array.from({ length: 2000 }, (_, index) => index)),
)

/** The pieces. */
export function pieces(text: string, at: readonly number[]): string[] {
  const ends = [...new Set([...at.filter((each) => each > 0 && each < text.length), text.length])].sort((a, b) => a - b)
  return ends.map((end, index) => text.slice(index === 0 ? 0 : ends[index - 1], end))
}
