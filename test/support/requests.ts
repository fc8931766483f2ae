// Environs and answers for tests that call applications without a server.

import { collectBody } from "../../src/environ/body.ts"
import { inputFrom } from "../../src/environ/input.ts"
import { runApplication } from "../../src/environ/run.ts"
import type { Application, Environ, HeaderList, Responder } from "../../src/gateway.ts"

export const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
export const text = (chunks: Uint8Array | Iterable<Uint8Array>): string =>
  chunks instanceof Uint8Array ? new TextDecoder().decode(chunks) : Array.from(chunks, text).join("")

/** The environ of a request for the target, with further variables; a body comes with its length. */
export function environOf(target = "/", variables: Record<string, unknown> = {}, body?: string | Uint8Array): Environ {
  const mark = target.indexOf("?")
  const content = typeof body === "string" ? bytes(body) : body
  return {
    REQUEST_METHOD: content === undefined ? "GET" : "POST",
    SCRIPT_NAME: "",
    PATH_INFO: mark === -1 ? target : target.slice(0, mark),
    QUERY_STRING: mark === -1 ? "" : target.slice(mark + 1),
    SERVER_NAME: "localhost",
    SERVER_PORT: "80",
    SERVER_PROTOCOL: "HTTP/1.1",
    REMOTE_ADDR: "127.0.0.1",
    HTTP_HOST: "localhost",
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": "http",
    "wsgi.input": inputFrom(content ?? []),
    "wsgi.errors": { write() {}, writeLines() {}, flush() {} },
    "wsgi.multithread": true,
    "wsgi.multiprocess": false,
    "wsgi.run_once": false,
    ...(content === undefined ? {} : { CONTENT_LENGTH: String(content.length) }),
    ...variables,
  }
}

/** What came back, read to its end and closed. */
export interface Answered {
  status: string
  headers: HeaderList
  text: string
}

/** Has an application or a Responder answer. */
export async function answer(app: Application | Responder, environ: Environ = environOf()): Promise<Answered> {
  const application: Application = typeof app === "function" ? app : (...args) => app.respond(...args)
  const { status, headers, body } = await runApplication(application, environ)
  return { status, headers: headers.toList(), text: text(await collectBody(body)) }
}
