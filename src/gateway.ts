// The gateway interface: what a server and an application say to each other.
// PEP 3333 carried over to async JavaScript. Types and key names only; this file imports nothing and runs nothing.
//
// A server makes one Environ for each request, calls the application with it, takes status and headers
// through startResponse, sends the chunks of the body that comes back, and closes that body once.

/** An `AbortSignal`, where the types of a platform that has one are there. */
type Signal = typeof globalThis extends { AbortSignal: { prototype: infer Instance } }
  ? Instance
  : { readonly aborted: boolean; readonly reason: unknown }

/**
 * One request, as CGI variables and `wsgi.*` keys in a plain object. Fresh for each request; the application may change it.
 *
 * CGI variables (the keys without a dot) are byte strings: every character stands for one byte (code points up to 0xFF),
 * nothing is lost and nothing is decoded, but for the percent-encoding of `SCRIPT_NAME` and `PATH_INFO`.
 * A variable that does not apply is left out, never `undefined`.
 */
export interface Environ {
  /** The method as the client wrote it, never empty. */
  REQUEST_METHOD: string
  /** Where the application is mounted: empty, or `/` and a path without a slash at its end. Percent-decoded. */
  SCRIPT_NAME: string
  /** The rest of the path below the mount, percent-decoded; may be empty. `SCRIPT_NAME + PATH_INFO` is the whole path. */
  PATH_INFO: string
  /** What stands behind the `?` of the target, not decoded; empty when there is none. */
  QUERY_STRING: string
  /** The `Content-Type` header; left out when the client sent none. Never also `HTTP_CONTENT_TYPE`. */
  CONTENT_TYPE?: string
  /** The `Content-Length` header, digits only; left out when there is none, as with a chunked body. */
  CONTENT_LENGTH?: string
  /** Host name or address of the server, never empty. */
  SERVER_NAME: string
  /** Port of the server in decimal digits, never empty. */
  SERVER_PORT: string
  /** `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`. */
  SERVER_PROTOCOL: string
  /** Address of the peer. Left out on a unix socket. */
  REMOTE_ADDR?: string
  /** Port of the peer in decimal digits. */
  REMOTE_PORT?: string
  /** The request target as it came, before any decoding. */
  REQUEST_URI?: string
  /** The same as `REQUEST_URI`, under the name that some servers use. */
  RAW_URI?: string
  /** `on` over TLS, else left out. */
  HTTPS?: string

  /** The version of this interface. */
  "wsgi.version": readonly [1, 0]
  /** `http` or `https`. */
  "wsgi.url_scheme": string
  /** The request body. */
  "wsgi.input": InputStream
  /** Where messages for the operator go. */
  "wsgi.errors": ErrorStream
  /** Whether another request may start before this one ends; on Node that is the rule. */
  "wsgi.multithread": boolean
  /** Whether other processes serve the same application. */
  "wsgi.multiprocess": boolean
  /** Whether the application is called once in the life of this process, as under CGI. */
  "wsgi.run_once": boolean

  // Extensions of this interface: present only where the server supports them.

  /** True when the body ends by itself, so that reading to its end is safe without a `CONTENT_LENGTH`. */
  "wsgi.input_terminated"?: true
  /** Aborts when the client has gone, when the server ends the request, or at shutdown; the reason tells which. Made on first use. */
  "wsgi.signal"?: Signal
  /** Makes a body of a file, which the server may send in a faster way than by iterating over it. */
  "wsgi.file_wrapper"?: FileWrapperFactory
  /** Functions to call when the response is over, the last one first. */
  "wsgi.response_finished"?: ResponseFinished[]
  /** Sends a 103 with these headers; does nothing once the head was sent, and for HTTP/1.0 clients. */
  "wsgi.early_hints"?: (headers: HeaderList) => void
  /** Whether the head of the response is on its way, after which it cannot be changed. */
  "wsgi.headers_sent"?: () => boolean
  /**
   * There exactly when the request is a valid WebSocket handshake and the server can take it. The application accepts with
   * the status 101 and a body that has `websocket`; with any other status it refuses.
   */
  "wsgi.websocket"?: WebSocketOffer

  /**
   * Headers as `HTTP_` and the upper-cased name with `_` for `-`, repeated ones joined in order (none whose name has a
   * `_` itself); other CGI variables, as `SSL_CLIENT_CERT`; keys of servers and middleware.
   */
  [key: string]: unknown
}

/** Header fields in order, names in any case, repeated names as repeated pairs. Text is Latin-1: code points up to 0xFF. */
export type HeaderList = [name: string, value: string][]

/**
 * Takes the status line and headers of the response. Nothing is sent yet: the head goes out with the first chunk
 * that is not empty, with the first `write`, or when the body ends.
 *
 * May be called again only with `error`, after something went wrong: before the head was sent, the new status and headers replace
 * the old; after that, `error` is thrown back at the caller, which lets it pass.
 *
 * @param status three digits, a space, and a reason phrase, which may be empty: `"200 OK"`
 * @param headers checked here: names are tokens (RFC 9110 section 5.6.2), values hold no control character but TAB,
 *   and no field belongs to the connection (RFC 9110 section 7.6.1). The server copies the list.
 * @throws TypeError or RangeError at the caller when status or headers are not of that form
 */
export type StartResponse = (status: string, headers: HeaderList, error?: Error) => Write

/**
 * Sends a chunk at once, before those of the returned body; settles when the server can take the next.
 *
 * @deprecated For applications that can only push. Return an iterable body.
 */
export type Write = (chunk: Uint8Array) => Promise<void>

/**
 * The response body. The server iterates at most once, hands each chunk to what sends it before it asks for the next, may
 * stop early, and calls `close` exactly once in every case. Chunks that come in one turn of the event loop may leave together.
 */
export type Body = (Iterable<Uint8Array> | AsyncIterable<Uint8Array>) & {
  close?(): void | Promise<void>
  /**
   * Called in place of the iteration, once, when the status is 101. The server closes the socket when the promise settles:
   * with 1000, or with 1011 when it rejects.
   */
  websocket?(socket: ServerWebSocket): Promise<void>
  /** Limits for that socket. */
  websocketLimits?: WebSocketLimits | undefined
}

/** What a client says in a WebSocket handshake (RFC 6455 section 4.2.1, RFC 8441 section 5). */
export interface WebSocketOffer {
  /**
   * The subprotocols that the client speaks, the one that it likes best first. The answer names one of them, or leaves it out.
   */
  readonly protocols: readonly string[]
}

/** How much a WebSocket may hold in memory, and what it may spend on compression. */
export interface WebSocketLimits {
  /** A longer message closes the socket with 1009. Default 1 MiB. */
  maxMessageBytes?: number | undefined
  /**
   * When more waits to be sent to a client that does not read, the socket is broken off. Where a runtime can't be told to take no
   * more from a client, one that is so far ahead of the application is closed with 1008. Default 4 MiB.
   */
  maxBufferedBytes?: number | undefined
  /**
   * Whether messages are compressed (permessage-deflate, RFC 7692) for a client that offers it, where the server can. Default false: it
   * costs time and memory for each socket, and what is secret must not be compressed together with what others choose.
   */
  compress?: boolean | undefined
}

/** A message: text, or bytes. */
export type WebSocketMessage = string | Uint8Array

/**
 * An open WebSocket, as the server has it. To iterate is to read: a message is taken when it is asked for, and a client that sends
 * faster than that has to wait. The iteration ends when either side closes.
 */
export interface ServerWebSocket extends AsyncIterable<WebSocketMessage> {
  /** The subprotocol that was agreed on; empty when there is none. */
  readonly protocol: string
  /** Aborts when either side closes, or when the client has gone. */
  readonly signal: Signal
  /** Bytes that wait to be sent. */
  readonly bufferedBytes: number
  /** Messages that came, those included that the application has not read. */
  readonly messagesReceived: number
  /** Bytes of these messages. */
  readonly bytesReceived: number
  /** Messages that were handed over for sending. */
  readonly messagesSent: number
  /** Bytes of these messages. */
  readonly bytesSent: number
  /** The code with which the socket was closed, 1006 when it broke off; undefined while it is open. */
  readonly closeCode: number | undefined
  /** What the other side gave as reason when it closed. */
  readonly closeReason: string
  /** The next message; undefined when no more will come. */
  receive(): Promise<WebSocketMessage | undefined>
  /**
   * Sends a message. Settles when there is room for the next: await it, or watch `bufferedBytes`. Rejects when the socket is closed;
   * that may be left unhandled.
   *
   * @throws TypeError for what is neither text nor bytes
   */
  send(message: WebSocketMessage): Promise<void>
  /**
   * Closes; settles when the other side has closed too, or after a limit.
   *
   * @param code one that may be sent (RFC 6455 section 7.4): 1000 to 1003, 1007 to 1014, 3000 to 4999. Default 1000
   * @param reason at most 123 bytes
   * @throws RangeError for another code, or a longer reason
   */
  close(code?: number, reason?: string): Promise<void>
}

/** A web application, called once for each request, with exactly these two arguments. */
export type Application = (environ: Environ, startResponse: StartResponse) => Body | Promise<Body>

/** An object that can answer a request as an application does: a Response, an HTTPException. */
export interface Responder {
  respond(environ: Environ, startResponse: StartResponse): Body | Promise<Body>
}

/** What is taken wherever an application is wanted: an application, or an object that answers as one. */
export type ApplicationLike = Application | Responder

/**
 * The request body, pulled by the application. The iterator gives chunks as they come (where the PEP has lines).
 * Only the server closes it. One read at a time; a read that is started while another waits comes after it.
 *
 * Every method rejects when the body ends before its announced length: the client has gone.
 */
export interface InputStream extends AsyncIterable<Uint8Array> {
  /** At most `size` bytes, at least one unless the body is over; all that is left when `size` is not given. Empty at the end. */
  read(size?: number): Promise<Uint8Array>
  /** One line with its `\n`, cut at `size` bytes; empty at the end. */
  readLine(size?: number): Promise<Uint8Array>
  /** All lines, or as many as reach `hint` bytes in sum. */
  readLines(hint?: number): Promise<Uint8Array[]>
}

/** Text for the operator's log. */
export interface ErrorStream {
  write(text: string): void
  writeLines(lines: Iterable<string>): void
  flush(): void | Promise<void>
}

/** Something that gives bytes in pieces: an open file, a stream. An empty piece is its end. */
export interface FileLike {
  /** At most `size` bytes; none at the end. */
  read(size: number): Uint8Array | Promise<Uint8Array>
  /** Gives the file back. */
  close?(): void | Promise<void>
}

/** How `wsgi.file_wrapper` is called: with a file, and how much of it to read at a time. */
export type FileWrapperFactory = (file: FileLike, blockSize?: number) => Body

/** Called once when the response is over; `error` is set when it did not end well. What it throws is logged. */
export type ResponseFinished = (
  environ: Environ,
  status: string | undefined,
  headers: HeaderList | undefined,
  error: unknown,
) => void
