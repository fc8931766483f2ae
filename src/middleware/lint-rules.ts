// The gateway interface as a table of rules: number, prose, check. From it come the linter's checks (lint.ts), the
// specification (docs/gateway.md), and the titles of the tests, so that none of the three can drift from the others.
// A check is given what happened and what is known of the request; it returns the offending value or nothing.
// It changes nothing and throws nothing.

import { CONNECTION_FIELDS } from "../http/fields.ts"
import type { Breach, Exchange, Level } from "./lint-exchange.ts"

/** What can happen between server and application, and what a check of it is given. */
export interface Events {
  application: unknown
  call: readonly unknown[]
  environ: Record<string, unknown>
  read: { method: string; args: readonly unknown[] }
  bytesRead: { method: string; args: readonly unknown[]; result: unknown }
  streamClosed: string
  log: { method: string; text: unknown }
  start: { args: readonly unknown[]; status: string; headers: [string, string][]; error: unknown }
  write: unknown
  result: unknown
  iterate: undefined
  next: undefined
  chunk: unknown
  end: undefined
  return: undefined
  close: undefined
  open: undefined
  opened: unknown
  message: unknown
  closing: { code: unknown; reason: unknown }
  lost: string
  fileWrapper: readonly unknown[]
  earlyHints: readonly unknown[]
  finishers: unknown
  finished: readonly unknown[]
  finisherThrew: unknown
  late: string
}

export interface Clause<E extends keyof Events = keyof Events> {
  level: Level
  /** One sentence in the present tense: it stands in the specification and in the error. */
  text: string
  on: E
  check(subject: Events[E], exchange: Exchange): Breach | undefined
}

export interface Rule {
  id: string
  title: string
  /** Why it is so, and what follows from it; Markdown. */
  about: string
  clauses: Clause[]
}

const found = (value: unknown, where?: string): Breach => (where === undefined ? { value } : { value, where })

function must<E extends keyof Events>(on: E, text: string, check: Clause<E>["check"]): Clause {
  return { level: "error", text, on, check } as Clause
}

function should<E extends keyof Events>(on: E, text: string, check: Clause<E>["check"]): Clause {
  return { level: "advice", text, on, check } as Clause
}

/** A key of the environ, as the specification lists it. */
export interface EnvironKey {
  name: string
  presence: "always" | "if it applies" | "extension"
  text: string
}

export const environKeys: EnvironKey[] = [
  { name: "REQUEST_METHOD", presence: "always", text: "The method as the client wrote it." },
  {
    name: "SCRIPT_NAME",
    presence: "always",
    text: "Where the application is mounted: empty, or `/` and a path without a slash at its end. Percent-decoded.",
  },
  {
    name: "PATH_INFO",
    presence: "always",
    text: "The rest of the path, below the mount. Percent-decoded; may be empty.",
  },
  { name: "QUERY_STRING", presence: "always", text: "What stands behind the `?`, not decoded; may be empty." },
  { name: "SERVER_NAME", presence: "always", text: "Host name or address of the server." },
  { name: "SERVER_PORT", presence: "always", text: "Its port, in decimal digits." },
  { name: "SERVER_PROTOCOL", presence: "always", text: "`HTTP/1.0`, `HTTP/1.1` or `HTTP/2`." },
  { name: "CONTENT_TYPE", presence: "if it applies", text: "The header of that name." },
  {
    name: "CONTENT_LENGTH",
    presence: "if it applies",
    text: "The header of that name, digits only. Chunked bodies have none.",
  },
  {
    name: "HTTP_*",
    presence: "if it applies",
    text: "Any other header: upper case, `_` for `-`; repeated ones joined in order with `, ` (`Cookie`: `; `).",
  },
  { name: "REMOTE_ADDR", presence: "if it applies", text: "Address of the peer; left out on a unix socket." },
  { name: "REMOTE_PORT", presence: "if it applies", text: "Port of the peer." },
  { name: "REQUEST_URI", presence: "if it applies", text: "The request target as it came, before any decoding." },
  { name: "RAW_URI", presence: "if it applies", text: "The same, under the name that some servers use." },
  { name: "HTTPS", presence: "if it applies", text: "`on` over TLS." },
  { name: "wsgi.version", presence: "always", text: "`[1, 0]`" },
  { name: "wsgi.url_scheme", presence: "always", text: "`http` or `https`" },
  {
    name: "wsgi.input",
    presence: "always",
    text: "The request body: `read`, `readLine`, `readLines`, async iteration by chunks.",
  },
  {
    name: "wsgi.errors",
    presence: "always",
    text: "Where messages for the operator go: `write`, `writeLines`, `flush`.",
  },
  {
    name: "wsgi.multithread",
    presence: "always",
    text: "Whether another request may start before this one ends. On Node that is the rule: state must survive every `await`.",
  },
  { name: "wsgi.multiprocess", presence: "always", text: "Whether other processes serve the same application." },
  {
    name: "wsgi.run_once",
    presence: "always",
    text: "Whether the application is called once in the life of the process, as under CGI.",
  },
  {
    name: "wsgi.signal",
    presence: "extension",
    text: "An AbortSignal: the client has gone, the server ends the request, or it shuts down; `reason` tells which. Made on first use.",
  },
  {
    name: "wsgi.input_terminated",
    presence: "extension",
    text: "`true` when the body ends by itself, so that reading to its end is safe without a `CONTENT_LENGTH`.",
  },
  {
    name: "wsgi.file_wrapper",
    presence: "extension",
    text: "`(file, blockSize?) => Body`: makes a body of anything with `read(size)`; the server may send it in a faster way than by iterating.",
  },
  {
    name: "wsgi.response_finished",
    presence: "extension",
    text: "An array of `(environ, status, headers, error) => void`, called when the response is over, the last one first. What one throws is logged and does not stop the others.",
  },
  {
    name: "wsgi.early_hints",
    presence: "extension",
    text: "`(headers) => void`: sends a 103. Does nothing once the head was sent, and for HTTP/1.0 clients.",
  },
  {
    name: "wsgi.headers_sent",
    presence: "extension",
    text: "`() => boolean`: whether the head is on its way, after which it cannot be changed.",
  },
  {
    name: "wsgi.websocket",
    presence: "extension",
    text: "`{ protocols }`, there exactly when the request is a valid WebSocket handshake that the server can take: the subprotocols that the client offers.",
  },
]

const REQUIRED_KEYS = environKeys
  .filter(({ name, presence }) => presence === "always" && name !== "QUERY_STRING")
  .map(({ name }) => name)
const RESERVED_KEYS = new Set(environKeys.map(({ name }) => name).filter((name) => name.startsWith("wsgi.")))

const isLatin1 = (text: string) => /^[\0-\xff]*$/.test(text)
// tchar of RFC 9110 section 5.6.2
const isToken = (text: string) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)
const isDigits = (text: string) => /^[0-9]+$/.test(text)
// uri-host [ ":" port ] of RFC 3986 section 3.2, as coarse as it takes to find slips: names, IPv4, IPv6 with or without brackets.
const isHost = (text: string) => /^(?:[A-Za-z0-9\-._~%!$&'()*+,;=]+|\[[0-9A-Za-z:.%\-_~]+\]|[0-9A-Fa-f:.]+)$/.test(text)
const isAuthority = (text: string) => {
  const colon = text.endsWith("]") ? -1 : text.lastIndexOf(":")
  return colon === -1 ? isHost(text) : isHost(text.slice(0, colon)) && /^[0-9]*$/.test(text.slice(colon + 1))
}

// PEP 3333 forbids them all. RFC 2616 section 13.5.1, which it goes by, misspells Trailer, and programs do so after it.
const HOP_BY_HOP = new Set([...CONNECTION_FIELDS, "trailers"])
// What describes a representation that a 304 does not carry (RFC 9110 section 15.4.5). Content-Length may stay (section 8.6).
const REPRESENTATION_HEADERS = new Set([
  "content-type",
  "content-encoding",
  "content-language",
  "content-range",
  "content-md5",
])
let knownMethods: ReadonlySet<string> | undefined

/** Whether Node knows the method. node:http is loaded when the first request is looked at. */
function isKnownMethod(method: string): boolean {
  knownMethods ??= new Set(process.getBuiltinModule("node:http").METHODS)
  return knownMethods.has(method)
}

const isPlain = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
const hasMethods = (value: unknown, names: readonly PropertyKey[]) =>
  typeof value === "object" && value !== null && names.every((name) => typeof Reflect.get(value, name) === "function")

const named = (headers: [string, string][], name: string) => headers.filter(([key]) => key.toLowerCase() === name)

function headerThat(
  headers: [string, string][],
  isWrong: (name: string, value: string) => boolean,
): Breach | undefined {
  for (const header of headers) if (isWrong(header[0], header[1])) return found(header)
  return undefined
}

const isPairList = (headers: unknown): boolean =>
  Array.isArray(headers) &&
  headers.every(
    (pair) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string" && typeof pair[1] === "string",
  )

function badHeader(headers: [string, string][]): Breach | undefined {
  return headerThat(headers, (name, value) => !isToken(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value))
}

const isSize = (value: unknown) => value === undefined || (Number.isInteger(value) && (value as number) >= 0)

const WEBSOCKETS = `An application accepts a handshake with the status 101 and a body that has \`websocket(socket)\`, which the server calls in place of the
iteration; with any other status it refuses. \`close\` of the body comes when both are over. So what stands around an application,
a login, a log, a dispatcher, sees a request and an answer as ever.

The socket is an async iterable of messages, text or bytes, each taken when it is asked for. \`send()\` settles when there is room for the
next message, \`close(code, reason)\` when the other side has closed too; \`signal\` aborts when either side closes. The server closes with
1000 when the promise of \`websocket()\` resolves, with 1011 when it rejects, and with 1001 when the server stops. \`websocketLimits\` of the
body, if it is there, has \`maxMessageBytes\` (a longer message closes with 1009), \`maxBufferedBytes\` (of what waits for a client that does not read) and \`compress\`
(whether messages may be compressed).`

export const rules: Rule[] = [
  {
    id: "L1",
    title: "The application",
    about:
      "Nothing else is known of an application: servers do not look at its properties or its `length`, and call it many times, also while earlier calls still run.",
    clauses: [
      must("application", "An application is a function.", (app) =>
        typeof app === "function" ? undefined : found(app),
      ),
      must("call", "The server calls it with exactly two arguments, the environ and startResponse.", (args) =>
        args.length === 2 && typeof args[1] === "function" ? undefined : found(args),
      ),
    ],
  },
  {
    id: "L2",
    title: "The environ",
    about:
      "Fresh for each request, so that an application or middleware may add, change and delete keys, and copy it with a spread. Keys are strings; what a server keeps under a symbol is its private matter.",
    clauses: [
      must("environ", "The environ is a plain object.", (environ) => (isPlain(environ) ? undefined : found(environ))),
      must("environ", "The environ can be changed: it is neither frozen nor sealed.", (environ) =>
        Object.isExtensible(environ) ? undefined : found(environ),
      ),
    ],
  },
  {
    id: "L3",
    title: "Required keys",
    about: "They are in the table above as *always*. A variable without a value is the empty string.",
    clauses: [
      must("environ", "The required keys are there.", (environ) => {
        for (const key of REQUIRED_KEYS) if (!Object.hasOwn(environ, key)) return found(key)
        return undefined
      }),
    ],
  },
  {
    id: "L4",
    title: "Two headers have their own variables",
    about: "A front server that sends both spellings invites an application to check the one and use the other.",
    clauses: [
      must("environ", "There is no HTTP_CONTENT_TYPE and no HTTP_CONTENT_LENGTH.", (environ) => {
        for (const key of ["HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"]) if (key in environ) return found(key)
        return undefined
      }),
    ],
  },
  {
    id: "L5",
    title: "The query",
    about: "PEP 3333 lets it be absent; here it is always there, so that no default is needed.",
    clauses: [
      must("environ", "QUERY_STRING is there, if only empty.", (environ) =>
        Object.hasOwn(environ, "QUERY_STRING") ? undefined : found("QUERY_STRING"),
      ),
      should("environ", "QUERY_STRING has no fragment: `#` never reaches a server.", (environ) =>
        String(environ["QUERY_STRING"]).includes("#") ? found(environ["QUERY_STRING"]) : undefined,
      ),
    ],
  },
  {
    id: "L6",
    title: "Variables are byte strings",
    about:
      "Each character stands for one byte, code points up to 0xFF. Nothing is lost and nothing is guessed: a reader decodes to text where it knows the encoding. A variable that does not apply is left out, since `undefined` counts as present for `in`.",
    clauses: [
      must("environ", "Every key without a dot has a string as value, with code points up to 0xFF.", (environ) => {
        for (const key in environ) {
          const dot = key.includes(".")
          if (dot && !key.startsWith("HTTP_")) continue
          const value = environ[key]
          if (typeof value !== "string" || !isLatin1(value)) return found(value, key)
        }
        return undefined
      }),
    ],
  },
  {
    id: "L7",
    title: "Version and flags",
    about: "",
    clauses: [
      must("environ", "`wsgi.version` is `[1, 0]`.", (environ) => {
        const version = environ["wsgi.version"]
        const right = Array.isArray(version) && version.length === 2 && version[0] === 1 && version[1] === 0
        return right ? undefined : found(version)
      }),
      must("environ", "`wsgi.multithread`, `wsgi.multiprocess` and `wsgi.run_once` are booleans.", (environ) => {
        for (const key of ["wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"])
          if (typeof environ[key] !== "boolean") return found(environ[key], key)
        return undefined
      }),
    ],
  },
  {
    id: "L8",
    title: "Scheme",
    about: "",
    clauses: [
      must("environ", "`wsgi.url_scheme` is `http` or `https`.", (environ) => {
        const scheme = environ["wsgi.url_scheme"]
        return scheme === "http" || scheme === "https" ? undefined : found(scheme)
      }),
    ],
  },
  {
    id: "L9",
    title: "Method",
    about: "Methods are case-sensitive (RFC 9110 section 9.1); servers and middleware do not change their case.",
    clauses: [
      must("environ", "REQUEST_METHOD is a token, never empty.", ({ REQUEST_METHOD }) =>
        isToken(REQUEST_METHOD as string) ? undefined : found(REQUEST_METHOD),
      ),
      should("environ", "REQUEST_METHOD is one that Node's parser knows.", ({ REQUEST_METHOD }) =>
        isKnownMethod(REQUEST_METHOD as string) ? undefined : found(REQUEST_METHOD),
      ),
    ],
  },
  {
    id: "L10",
    title: "Path",
    about:
      "Both parts are percent-decoded to bytes, so `%2F` and `/` cannot be told apart in them; `REQUEST_URI` has the target as it came. Mounting an application moves a prefix from PATH_INFO to SCRIPT_NAME: the sum stays the whole path.",
    clauses: [
      must("environ", "SCRIPT_NAME is empty, or starts with `/` and does not end with it.", ({ SCRIPT_NAME }) => {
        const mount = SCRIPT_NAME as string
        return mount === "" || (mount.startsWith("/") && !mount.endsWith("/")) ? undefined : found(mount)
      }),
      must(
        "environ",
        "PATH_INFO is empty or starts with `/`; it is `*` for OPTIONS only, and an authority for CONNECT only.",
        ({ PATH_INFO, REQUEST_METHOD }) => {
          const path = PATH_INFO as string
          const right =
            path === "" ||
            path.startsWith("/") ||
            (path === "*" && REQUEST_METHOD === "OPTIONS") ||
            (REQUEST_METHOD === "CONNECT" && isAuthority(path))
          return right ? undefined : found(path)
        },
      ),
    ],
  },
  {
    id: "L11",
    title: "There is a path",
    about: "The root of an application that is not mounted is SCRIPT_NAME empty and PATH_INFO `/`.",
    clauses: [
      must("environ", "SCRIPT_NAME and PATH_INFO are not both empty.", ({ SCRIPT_NAME, PATH_INFO }) =>
        SCRIPT_NAME === "" && PATH_INFO === "" ? found("", "both") : undefined,
      ),
    ],
  },
  {
    id: "L12",
    title: "Server and host",
    about:
      "SERVER_NAME and SERVER_PORT tell where the server listens, on a unix socket what a client would write; `HTTP_HOST` is what the client wrote, unchecked.",
    clauses: [
      must("environ", "SERVER_NAME is a host name or an address.", ({ SERVER_NAME }) =>
        isHost(SERVER_NAME as string) ? undefined : found(SERVER_NAME),
      ),
      must("environ", "SERVER_PORT is a decimal number.", ({ SERVER_PORT }) =>
        isDigits(SERVER_PORT as string) ? undefined : found(SERVER_PORT),
      ),
      must("environ", "SERVER_PROTOCOL is `HTTP/` and a version.", ({ SERVER_PROTOCOL }) =>
        /^HTTP\/[0-9](?:\.[0-9])?$/.test(SERVER_PROTOCOL as string) ? undefined : found(SERVER_PROTOCOL),
      ),
      should("environ", "HTTP_HOST is a host with an optional port.", ({ HTTP_HOST }) =>
        HTTP_HOST === undefined || HTTP_HOST === "" || isAuthority(HTTP_HOST as string) ? undefined : found(HTTP_HOST),
      ),
    ],
  },
  {
    id: "L13",
    title: "Length of the request body",
    about:
      "A sign, a space or a list of numbers is how requests are smuggled; a server refuses them before there is an environ.",
    clauses: [
      must("environ", "CONTENT_LENGTH, if it is there, has digits only.", ({ CONTENT_LENGTH }) =>
        CONTENT_LENGTH === undefined || isDigits(CONTENT_LENGTH as string) ? undefined : found(CONTENT_LENGTH),
      ),
    ],
  },
  {
    id: "L14",
    title: "The streams",
    about: "They are objects of these methods and nothing more. A server does not hand out its own stream or socket.",
    clauses: [
      must("environ", "`wsgi.input` has read, readLine, readLines and an async iterator.", (environ) =>
        hasMethods(environ["wsgi.input"], ["read", "readLine", "readLines", Symbol.asyncIterator])
          ? undefined
          : found(environ["wsgi.input"]),
      ),
      must("environ", "`wsgi.errors` has write, writeLines and flush.", (environ) =>
        hasMethods(environ["wsgi.errors"], ["write", "writeLines", "flush"])
          ? undefined
          : found(environ["wsgi.errors"]),
      ),
    ],
  },
  {
    id: "L15",
    title: "Reading the request body",
    about:
      "Reads return promises. The end is an empty array, again and again. A body that ends before its announced length rejects: the client has gone. Reads that overlap are served in the order of their calls. An application need not read at all.",
    clauses: [
      must("read", "A read takes at most one argument, a whole number from 0.", ({ method, args }) =>
        args.length <= 1 && isSize(args[0]) ? undefined : found(args, method),
      ),
      should("read", "One read at a time: the one before is awaited.", ({ method }, { pendingReads }) =>
        pendingReads > 0 ? found(pendingReads, `${method} while reads are pending`) : undefined,
      ),
      must(
        "bytesRead",
        "A read gives a Uint8Array no longer than asked for; readLines gives an array of them.",
        ({ method, args, result }) => {
          if (method === "readLines")
            return Array.isArray(result) && result.every((line) => line instanceof Uint8Array)
              ? undefined
              : found(result, method)
          if (!(result instanceof Uint8Array)) return found(result, method)
          const size = args[0] as number | undefined
          return size === undefined || result.length <= size ? undefined : found(result.length, `${method}(${size})`)
        },
      ),
      must("streamClosed", "An application closes neither `wsgi.input` nor `wsgi.errors`.", (name) => found(name)),
    ],
  },
  {
    id: "L16",
    title: "Writing to the log",
    about: "`wsgi.errors` takes text, any Unicode. One write per line: other processes may write to the same file.",
    clauses: [
      must("log", "`wsgi.errors` is given strings.", ({ method, text }) =>
        typeof text === "string" ? undefined : found(text, method),
      ),
    ],
  },
  {
    id: "L17",
    title: "Status",
    about: 'As `"200 OK"`. The reason phrase may be empty, the space before it stays. HTTP/2 does not send it.',
    clauses: [
      must("start", "startResponse takes a status, headers, and perhaps an error.", ({ args }) =>
        args.length === 2 || args.length === 3 ? undefined : found(args),
      ),
      must(
        "start",
        "The status is a string: three digits from 100, a space, and a reason phrase without control characters.",
        ({ args: [status] }) =>
          typeof status === "string" && /^[1-9][0-9]{2} [\t\x20-\x7e\x80-\xff]*$/.test(status)
            ? undefined
            : found(status),
      ),
      should("start", "Status codes end at 599 (RFC 9110 section 15).", ({ status }) =>
        Number(status.slice(0, 3)) > 599 ? found(status) : undefined,
      ),
    ],
  },
  {
    id: "L18",
    title: "The list of headers",
    about:
      "Not a Headers object and not a mapping: order and repetition count. The server copies the list, but middleware on the way may change it in place, so it is not a shared constant.",
    clauses: [
      must("start", "Headers are an array of pairs of strings.", ({ args: [, headers] }) => {
        if (!Array.isArray(headers)) return found(headers)
        return isPairList(headers) ? undefined : found(headers.find((pair) => !isPairList([pair])))
      }),
      must("start", "The list of headers is not frozen.", ({ headers }) =>
        Object.isFrozen(headers) && headers.length > 0 ? found(headers) : undefined,
      ),
    ],
  },
  {
    id: "L19",
    title: "Names and values of headers",
    about:
      "All that passes this check is sent. Text beyond Latin-1 has to be encoded by the application or middleware that sets it (RFC 8187 for parameters, percent-encoding for URLs).",
    clauses: [
      must("start", "There is no Status header: the status is the first argument.", ({ headers }) =>
        headerThat(headers, (name) => name.toLowerCase() === "status"),
      ),
      must(
        "start",
        "Names are tokens, values are Latin-1 without control characters but TAB (RFC 9110 section 5.5).",
        ({ headers }) => badHeader(headers),
      ),
      should("start", "Names do not end with `-` or `_`.", ({ headers }) =>
        headerThat(headers, (name) => /[-_]$/.test(name)),
      ),
    ],
  },
  {
    id: "L20",
    title: "Content-Type",
    about: "Without it browsers guess, which is how an upload becomes a script. Responses without a body need none.",
    clauses: [
      should("chunk", "A response with a body has a Content-Type.", (chunk, { headers, bytes, code, method }) => {
        if (bytes > 0 || code === 0 || method === "HEAD" || (chunk as Uint8Array).length === 0) return undefined
        return named(headers, "content-type").length > 0 ? undefined : found(headers)
      }),
    ],
  },
  {
    id: "L21",
    title: "Content-Length",
    about:
      "Set by the side that knows it: the application, or the server for an array. In a 304 or to HEAD it may tell the length that a GET would have had (RFC 9110 section 8.6).",
    clauses: [
      must("start", "Content-Length occurs once, with digits only.", ({ headers }) => {
        const lengths = named(headers, "content-length")
        return lengths.length === 0 || (lengths.length === 1 && isDigits(lengths[0]?.[1] as string))
          ? undefined
          : found(lengths)
      }),
      must("start", "A 204 has no Content-Length.", ({ status, headers }) =>
        status.startsWith("204") ? headerThat(headers, (name) => name.toLowerCase() === "content-length") : undefined,
      ),
    ],
  },
  {
    id: "L22",
    title: "Hop-by-hop headers",
    about:
      "The connection belongs to the server. That is `Connection`, `Keep-Alive`, `Proxy-Authenticate`, `Proxy-Authorization`, `Proxy-Connection`, `TE`, `Trailer`, `Transfer-Encoding` and `Upgrade` (RFC 9110 section 7.6.1). A 426 has to say to what the client should upgrade (section 15.5.22); the server adds `Connection: Upgrade`, and drops the field in HTTP/2.",
    clauses: [
      must("start", "An application sets no hop-by-hop header, but for `Upgrade` in a 426.", ({ status, headers }) =>
        headerThat(headers, (name) => {
          const lowered = name.toLowerCase()
          return HOP_BY_HOP.has(lowered) && !(lowered === "upgrade" && status.startsWith("426"))
        }),
      ),
    ],
  },
  {
    id: "L23",
    title: "Changing one's mind",
    about:
      "An application that fails after startResponse may call it again with the error: before the head was sent, the new status and headers replace the old. A call that threw counts as a call.",
    clauses: [
      must("start", "The third argument of startResponse is an Error.", ({ error }) =>
        error === undefined || error instanceof Error ? undefined : found(error),
      ),
      must("start", "A second call of startResponse has an error.", ({ status, error }, { starts }) =>
        starts > 0 && error === undefined ? found(status) : undefined,
      ),
    ],
  },
  {
    id: "L24",
    title: "Too late to change",
    about:
      "After the head was sent, startResponse throws the error back. It has to reach the server, which then cuts the connection so that the client sees that the response is broken.",
    clauses: [
      must("result", "An error that startResponse threw back is let through.", (_, { thrownBack }) =>
        thrownBack ? found(thrownBack) : undefined,
      ),
      must("chunk", "After startResponse threw an error back, no further chunk comes.", (_, { thrownBack }) =>
        thrownBack ? found(thrownBack) : undefined,
      ),
      must(
        "end",
        "After startResponse threw an error back, the body does not end as if all were well.",
        (_, { thrownBack }) => (thrownBack ? found(thrownBack) : undefined),
      ),
    ],
  },
  {
    id: "L25",
    title: "The result",
    about:
      "A body or a promise of one. Text and typed arrays are iterable too, but into characters and numbers, so they are refused. An array is the mark of a body that is complete: the server may send it in one piece and count its length.",
    clauses: [
      must("result", "The application returns an iterable or async iterable of Uint8Array.", (body) => {
        const wrong =
          typeof body !== "object" ||
          body === null ||
          ArrayBuffer.isView(body) ||
          !(
            typeof Reflect.get(body, Symbol.iterator) === "function" ||
            typeof Reflect.get(body, Symbol.asyncIterator) === "function"
          )
        return wrong ? found(body) : undefined
      }),
      must("result", "`close` of a body, if it is there, is a function.", (body) => {
        const close: unknown = Reflect.get(body as object, "close")
        return close === undefined || typeof close === "function" ? undefined : found(close)
      }),
    ],
  },
  {
    id: "L26",
    title: "Chunks",
    about:
      "An empty chunk sends nothing, not even the head. startResponse may be called as late as in the first iteration: a generator runs nothing before. A server may write chunks of one turn of the event loop together, and never waits longer than that turn for a next chunk.",
    clauses: [
      must("iterate", "The server iterates over a body once.", (_, { iterations }) =>
        iterations > 0 ? found(iterations + 1, "iterations") : undefined,
      ),
      must("iterate", "The server does not iterate over a body that it closed.", (_, { closes }) =>
        closes > 0 ? found(closes, "closed") : undefined,
      ),
      must("next", "The server does not ask a body that it closed for chunks.", (_, { closes, returns }) =>
        closes + returns > 0 ? found(closes + returns, "closed") : undefined,
      ),
      must("next", "The server asks for a chunk when it has the one before.", (_, { waiting }) =>
        waiting ? found(waiting, "a chunk is pending") : undefined,
      ),
      must("chunk", "Chunks are Uint8Array.", (chunk) => (chunk instanceof Uint8Array ? undefined : found(chunk))),
      must("write", "Chunks for write() are Uint8Array.", (chunk) =>
        chunk instanceof Uint8Array ? undefined : found(chunk),
      ),
      must("chunk", "startResponse is called before the first chunk that is not empty.", (chunk, { starts }) =>
        starts === 0 && (chunk as Uint8Array).length > 0 ? found(chunk) : undefined,
      ),
      must("end", "startResponse is called before the body ends.", (_, { starts }) =>
        starts === 0 ? found(starts, "calls") : undefined,
      ),
    ],
  },
  {
    id: "L27",
    title: "Close",
    about:
      "On success, on errors, for HEAD and when the client has gone alike: `iterator.return()` if iteration began and did not end, then `body.close()`, once each. Middleware hands both on.",
    clauses: [
      must("close", "The server closes a body once.", (_, { closes }) =>
        closes > 0 ? found(closes + 1, "times") : undefined,
      ),
      must(
        "close",
        "The server calls the iterator's return() before close() when it stops early.",
        (_, { iterations, done, refused, returns }) =>
          iterations > 0 && !done && !refused && returns === 0 ? found(returns, "calls of return()") : undefined,
      ),
      must("return", "The server calls return() of an iterator once.", (_, { returns }) =>
        returns > 0 ? found(returns + 1, "times") : undefined,
      ),
      must("lost", "Every body is closed.", (target) => found(target, "no close() for")),
    ],
  },
  {
    id: "L28",
    title: "Length of the response body",
    about:
      "A longer body would be read as the start of the next response, a shorter one leaves the client waiting. Servers count, too. They drop the body of a response to HEAD.",
    clauses: [
      must(
        "chunk",
        "No more bytes than Content-Length are sent.",
        (chunk, { contentLength, bytes, method, bodiless }) =>
          contentLength !== undefined &&
          method !== "HEAD" &&
          !bodiless &&
          bytes + (chunk as Uint8Array).length > contentLength
            ? found(bytes + (chunk as Uint8Array).length, `more than ${contentLength}`)
            : undefined,
      ),
      must("end", "No fewer bytes than Content-Length are sent.", (_, { contentLength, bytes, method, bodiless }) =>
        contentLength !== undefined && method !== "HEAD" && !bodiless && bytes < contentLength
          ? found(bytes, `less than ${contentLength}`)
          : undefined,
      ),
      must("chunk", "A 204, 205 or 304 has no body.", (chunk, { bodiless }) =>
        bodiless && (chunk as Uint8Array).length > 0 ? found(chunk) : undefined,
      ),
      should("chunk", "A response to HEAD has no body.", (chunk, { method, bytes }) =>
        method === "HEAD" && bytes === 0 && (chunk as Uint8Array).length > 0 ? found(chunk) : undefined,
      ),
    ],
  },
  {
    id: "L29",
    title: "Validators",
    about: "A Location may be relative (RFC 9110 section 10.2.2); nothing is said against it.",
    clauses: [
      should("start", "A 304 describes no representation: no Content-Type and the like.", ({ status, headers }) =>
        status.startsWith("304")
          ? headerThat(headers, (name) => REPRESENTATION_HEADERS.has(name.toLowerCase()))
          : undefined,
      ),
      should("start", 'An ETag is `"tag"` or `W/"tag"`.', ({ headers }) =>
        headerThat(
          headers,
          (name, value) => name.toLowerCase() === "etag" && !/^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(value),
        ),
      ),
    ],
  },
  {
    id: "L30",
    title: "Middleware does not hold back",
    about:
      "What the application inside has given must be able to go out before it is asked for more. Middleware that needs more to go on gives an empty chunk meanwhile. Seen when the linter stands on both sides; arrays are complete and may be read at once.",
    clauses: [
      should("result", "Middleware returns before it has read more than one chunk.", (_, { innerChunks }) =>
        innerChunks > 1 ? found(innerChunks, "chunks") : undefined,
      ),
      should("chunk", "Middleware gives a chunk for each that it takes.", (_, { innerChunks }) =>
        innerChunks > 1 ? found(innerChunks, "chunks") : undefined,
      ),
    ],
  },
  {
    id: "L31",
    title: "write()",
    about:
      "What startResponse returns sends a chunk at once, before those of the body. It is deprecated: return an iterable.",
    clauses: [
      must("write", "write() is not called once iteration over the body began.", (chunk, { iterations }) =>
        iterations > 0 ? found(chunk) : undefined,
      ),
      should("write", "The promise of write() is awaited before the next.", (_, { pendingWrites }) =>
        pendingWrites > 0 ? found(pendingWrites, "pending") : undefined,
      ),
      should("result", "The promises of write() are awaited before the application returns.", (_, { pendingWrites }) =>
        pendingWrites > 0 ? found(pendingWrites, "pending") : undefined,
      ),
      must(
        "write",
        "write() sends no more bytes than Content-Length, and none where there is no body.",
        (chunk, exchange) => {
          if (exchange.method === "HEAD" || (chunk as Uint8Array).length === 0) return undefined
          const length = exchange.bodiless ? 0 : (exchange.contentLength ?? Infinity)
          const bytes = exchange.bytes + (chunk as Uint8Array).length
          return bytes > length ? found(bytes, `more than ${length}`) : undefined
        },
      ),
    ],
  },
  {
    id: "L32",
    title: "File wrapper",
    about:
      "Sends nothing before its body is returned, starts where the file stands, ends at its end, and hands `close` on. Middleware may wrap that body, so it works as any other.",
    clauses: [
      must("fileWrapper", "`wsgi.file_wrapper` takes a file with read() and perhaps a block size above 0.", (args) => {
        const [file, size] = args
        const right =
          (args.length === 1 || args.length === 2) &&
          typeof file === "object" &&
          file !== null &&
          typeof Reflect.get(file, "read") === "function" &&
          (size === undefined || (Number.isInteger(size) && (size as number) > 0))
        return right ? undefined : found(args)
      }),
    ],
  },
  {
    id: "L33",
    title: "Hints and afterthoughts",
    about: "",
    clauses: [
      must(
        "earlyHints",
        "`wsgi.early_hints` takes a list of headers of the form that startResponse demands.",
        (args) => {
          if (args.length !== 1 || !isPairList(args[0])) return found(args)
          return badHeader(args[0] as [string, string][])
        },
      ),
      must("finishers", "`wsgi.response_finished` is an array of functions.", (list) => {
        if (!Array.isArray(list)) return found(list)
        const wrong = list.findIndex((entry) => typeof entry !== "function")
        return wrong === -1 ? undefined : found(list[wrong])
      }),
      must("finished", "The server calls them with environ, status, headers and error.", (args) => {
        const [environ, status, headers] = args
        const right =
          args.length === 4 &&
          isPlain(environ) &&
          (status === undefined || typeof status === "string") &&
          (headers === undefined || isPairList(headers))
        return right ? undefined : found(args)
      }),
      should("finisherThrew", "They do not throw.", (reason) => found(reason)),
    ],
  },
  {
    id: "L34",
    title: "One final status",
    about:
      "1xx are interim: the server sends 100 by itself and 103 through `wsgi.early_hints`. 101 is how an application accepts a WebSocket; there is no extension for other upgrades.",
    clauses: [
      must(
        "start",
        "The status is a final one, from 200; or 101, where `wsgi.websocket` is there.",
        ({ status }, { offer }) =>
          status.startsWith("1") && !(status.startsWith("101") && offer !== undefined) ? found(status) : undefined,
      ),
    ],
  },
  {
    id: "L35",
    title: "After the response",
    about:
      "A timer or a forgotten promise that comes back later meets an error, not the next request of the connection.",
    clauses: [
      must(
        "late",
        "startResponse, write(), `wsgi.input` and `wsgi.early_hints` are not used when the response is over.",
        (what) => found(what),
      ),
    ],
  },
  {
    id: "L36",
    title: "Keys of servers and middleware",
    about: "A server or middleware that adds a key puts a prefix of its own and a dot before it: `myserver.socket`.",
    clauses: [
      must("environ", "Keys that start with `wsgi.` are those of the table.", (environ) => {
        for (const key in environ) if (key.startsWith("wsgi.") && !RESERVED_KEYS.has(key)) return found(key)
        return undefined
      }),
      should("environ", "Keys without a dot are CGI variables, in upper case.", (environ) => {
        for (const key in environ) if (!key.includes(".") && /[a-z]/.test(key)) return found(key)
        return undefined
      }),
    ],
  },
  {
    id: "L37",
    title: "WebSockets",
    about: WEBSOCKETS,
    clauses: [
      must("environ", "`wsgi.websocket`, if it is there, has `protocols`: an array of tokens.", (environ) => {
        if (!Object.hasOwn(environ, "wsgi.websocket")) return undefined
        const protocols = (environ["wsgi.websocket"] as { protocols?: unknown } | undefined)?.protocols
        const right = Array.isArray(protocols) && protocols.every((each) => typeof each === "string" && isToken(each))
        return right ? undefined : found(environ["wsgi.websocket"])
      }),
      must(
        "start",
        "A 101 has at most one Sec-WebSocket-Protocol, one of those offered, and no other field of the handshake.",
        ({ status, headers }, { offer }) => {
          if (!status.startsWith("101")) return undefined
          if (named(headers, "sec-websocket-protocol").length > 1) return found(headers)
          return headerThat(headers, (name, value) => {
            const lowered = name.toLowerCase()
            if (lowered === "sec-websocket-protocol") return offer?.protocols.includes(value) !== true
            return lowered.startsWith("sec-websocket-")
          })
        },
      ),
      must("result", "The body of a 101 has a method websocket, and is no array.", (body, { code }) => {
        if (code !== 101) return undefined
        const right = !Array.isArray(body) && typeof Reflect.get(body as object, "websocket") === "function"
        return right ? undefined : found(body)
      }),
      must("iterate", "The server does not iterate over the body of a 101.", (_, { code }) =>
        code === 101 ? found(code, "status") : undefined,
      ),
      must("open", "The server calls websocket() once, for a 101, before it closes the body.", (_, exchange) => {
        const { code, opens, closes } = exchange
        return code === 101 && opens === 0 && closes === 0 ? undefined : found({ status: code, opens, closes })
      }),
      must("opened", "websocket() returns a promise.", (result) =>
        typeof (result as { then?: unknown } | undefined)?.then === "function" ? undefined : found(result),
      ),
      must("message", "A message is a string or a Uint8Array.", (message) =>
        typeof message === "string" || message instanceof Uint8Array ? undefined : found(message),
      ),
      must(
        "closing",
        "A socket is closed with a code from 1000 to 1003, 1007 to 1014, or 3000 to 4999, and a reason of at most 123 bytes.",
        ({ code, reason }) => {
          const number = code === undefined ? 1000 : (code as number)
          const isCode =
            Number.isInteger(number) &&
            ((number >= 1000 && number <= 1014 && (number < 1004 || number > 1006)) ||
              (number >= 3000 && number <= 4999))
          const isReason = reason === undefined || (typeof reason === "string" && Buffer.byteLength(reason) <= 123)
          return isCode && isReason ? undefined : found({ code, reason })
        },
      ),
    ],
  },
]

type NumberedClauses<E extends keyof Events> = { id: string; clause: Clause<E> }[]

// Errors before advice, each in the order of the table: a later check may rely on what an earlier one has seen.
function collect<E extends keyof Events>(event: E): NumberedClauses<E> {
  const numbered = rules.flatMap(({ id, clauses }) => clauses.map((clause) => ({ id, clause })))
  const level = (wanted: Level) => numbered.filter(({ clause }) => clause.on === event && clause.level === wanted)
  return [...level("error"), ...level("advice")] as NumberedClauses<E>
}

/** The clauses by the event that they are about, in the order in which to check them. */
export const clausesOn: { [E in keyof Events]: NumberedClauses<E> } = {
  application: collect("application"),
  call: collect("call"),
  environ: collect("environ"),
  read: collect("read"),
  bytesRead: collect("bytesRead"),
  streamClosed: collect("streamClosed"),
  log: collect("log"),
  start: collect("start"),
  write: collect("write"),
  result: collect("result"),
  iterate: collect("iterate"),
  next: collect("next"),
  chunk: collect("chunk"),
  end: collect("end"),
  return: collect("return"),
  close: collect("close"),
  open: collect("open"),
  opened: collect("opened"),
  message: collect("message"),
  closing: collect("closing"),
  lost: collect("lost"),
  fileWrapper: collect("fileWrapper"),
  earlyHints: collect("earlyHints"),
  finishers: collect("finishers"),
  finished: collect("finished"),
  finisherThrew: collect("finisherThrew"),
  late: collect("late"),
}
