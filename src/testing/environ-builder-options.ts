// What a request can be described with: the arguments of EnvironBuilder, createEnviron and the test client.
// Only shapes and what they mean; what is made of them, and what contradicts what, is known to the builder.

import type { Authorization } from "../datastructures/authorization.ts"
import type { HeadersInit } from "../datastructures/headers.ts"
import type { MultiItems } from "../datastructures/multi-dict.ts"
import type { ErrorStream } from "../gateway.ts"
import type { StreamContent } from "./body-source.ts"
import type { BodyData } from "./request-body.ts"

/** A value in a query; nothing is sent for `null` and `undefined`. */
export type QueryValue = string | number | bigint | boolean | null | undefined

/** User name and password, an Authorization, or the text of the header. */
export type Credentials = readonly [username: string, password: string] | Authorization | string

/** What an EnvironBuilder can be told; everything has a default. */
export interface EnvironBuilderOptions {
  /**
   * The path below the mount, perhaps with a query, or a whole URL; percent-encoded, other characters as UTF-8. Default `/`.
   * It is REQUEST_URI as well, as it is written. No slash is put in front of it; the Client does that.
   */
  path?: string | URL | undefined
  /** Scheme, host and mount. Default `http://localhost/`. */
  baseUrl?: string | URL | undefined
  /** The query: text as it is sent, or keys with values to be encoded. Not together with a query in `path`. */
  queryString?: string | MultiItems<QueryValue> | undefined
  /** Default `GET`. */
  method?: string | undefined
  headers?: HeadersInit | undefined
  /**
   * The body: keys with values (a form, multipart if there is a file among them), or text, bytes, a Blob, chunks.
   * A file is a File, Blob or FileStorage, or `[content, filename, contentType]`; other arrays are several values.
   */
  data?: BodyData | undefined
  /** The body: a value to be sent as JSON. Not together with `data`. */
  json?: unknown
  /** User name and password, an Authorization, or the text of the header. */
  auth?: Credentials | undefined
  /** The body, as `data` but never a form; without a length unless it is known or given. */
  inputStream?: StreamContent | undefined
  contentType?: string | undefined
  /** Bytes. Told, not checked. */
  contentLength?: number | undefined
  /** As `contentType`, but a text type gets its charset. */
  mimetype?: string | undefined
  /** Default: the error output of the process. */
  errorsStream?: ErrorStream | undefined
  /** Default true, as on every server in Node. */
  multithread?: boolean | undefined
  multiprocess?: boolean | undefined
  runOnce?: boolean | undefined
  /** Default `HTTP/1.1`. */
  serverProtocol?: string | undefined
  /** Keys that are there unless something else says otherwise. */
  environBase?: Readonly<Record<string, unknown>> | undefined
  /** Keys that go before everything else; `undefined` takes a key away. */
  environOverrides?: Readonly<Record<string, unknown>> | undefined
}
