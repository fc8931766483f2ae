// Lets a Responder answer a request, and gives what it said.

import { inputFrom } from "../../src/environ/input.ts"
import type { Environ, HeaderList, Responder } from "../../src/gateway.ts"

export function request(changes: Partial<Environ> = {}): Environ {
  return {
    REQUEST_METHOD: "GET",
    SCRIPT_NAME: "",
    PATH_INFO: "/",
    QUERY_STRING: "",
    SERVER_NAME: "localhost",
    SERVER_PORT: "80",
    SERVER_PROTOCOL: "HTTP/1.1",
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": "http",
    "wsgi.input": inputFrom(new Uint8Array()),
    "wsgi.errors": { write() {}, writeLines() {}, flush() {} },
    "wsgi.multithread": true,
    "wsgi.multiprocess": false,
    "wsgi.run_once": false,
    ...changes,
  }
}

export interface Answer {
  status: string
  headers: HeaderList
  text: string
}

export async function answer(responder: Responder, environ: Environ = request()): Promise<Answer> {
  let head: { status: string; headers: HeaderList } | undefined
  const body = await responder.respond(environ, (status, headers) => {
    head = { status, headers }
    return async () => {}
  })
  let text = ""
  const decoder = new TextDecoder()
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true })
  await body.close?.()
  if (!head) throw new Error("startResponse was not called")
  return { ...head, text }
}

export function headerOf({ headers }: Pick<Answer, "headers">, name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
}
