// Recorded environs as environs of the gateway, and what an answer to one is in the notation.

import { inputFrom } from "../../src/environ/input.ts"
import { runApplication } from "../../src/environ/run.ts"
import type { Environ, Responder } from "../../src/gateway.ts"
import { type Json, read } from "./values.ts"

/** The environ that a server would have made; its input is the recorded body. */
export function readEnviron(json: Json | undefined): Environ {
  const { "wsgi.input": body, ...variables } = json as { [key: string]: Json }
  const input = inputFrom((body === undefined ? new Uint8Array() : read(body)) as Uint8Array)
  return { ...variables, "wsgi.input": input } as unknown as Environ
}

/** What went out: status, headers and body. */
export async function answerOf(responder: Responder, environ: Environ): Promise<object> {
  const app = responder.respond.bind(responder)
  const { status, headers, body } = await runApplication(app, environ, { buffered: true })
  return { status, headers: headers.toList(), body: new Uint8Array(Buffer.concat(body as Uint8Array[])) }
}
