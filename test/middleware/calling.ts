// One request through a layer, with the linter on both sides of it.

import { runApplication } from "../../src/environ/run.ts"
import type { Application, Environ, HeaderList, StartResponse } from "../../src/gateway.ts"
import { EnvironBuilder, type EnvironBuilderOptions } from "../../src/testing/environ-builder.ts"
import { linted } from "../support/lint.ts"

export interface Called {
  status: string
  code: number
  header(name: string): string | undefined
  headers: HeaderList
  bytes: Buffer
  text: string
  /** As the application inside left it; undefined when it was not called. */
  environ: Environ | undefined
}

export interface CallOptions extends EnvironBuilderOptions {
  /** Variables of the environ beyond what the builder makes; undefined takes one away. */
  variables?: Record<string, unknown>
  /** Rules of the linter that this request may break. */
  allow?: string[]
}

/** `layer` around `inner`, both inside the linter, and what comes of one request. */
export async function call(
  layer: (app: Application) => Application,
  { variables = {}, allow = [], ...options }: CallOptions = {},
  inner: Application = hello,
): Promise<Called> {
  let seen: Environ | undefined
  const watched: Application = (environ, startResponse) => {
    seen = environ
    return inner(environ, startResponse)
  }
  const environ = new EnvironBuilder({ environOverrides: variables, ...options }).getEnviron()
  const app = linted(layer(linted(watched, { allow })), { allow })
  const { status, headers, body } = await runApplication(app, environ, { buffered: true })
  const bytes = Buffer.concat(body as Uint8Array[])
  return {
    status,
    code: Number(status.slice(0, 3)),
    header: (name) => headers.get(name),
    headers: headers.toList(),
    bytes,
    text: bytes.toString(),
    environ: seen,
  }
}

export const hello: Application = answer("Hello")

/** An application that answers with an array of these chunks. */
export function answer(
  chunks: string | Uint8Array | readonly (string | Uint8Array)[],
  headers: HeaderList = [["Content-Type", "text/plain; charset=utf-8"]],
  status = "200 OK",
): Application {
  const list = (typeof chunks === "string" || chunks instanceof Uint8Array ? [chunks] : chunks).map((chunk) =>
    typeof chunk === "string" ? Buffer.from(chunk) : chunk,
  )
  return (environ, startResponse) => {
    startResponse(status, [...headers])
    return environ.REQUEST_METHOD === "HEAD" ? [] : [...list]
  }
}

/** An application that answers chunk by chunk. */
export function stream(
  chunks: readonly (string | Uint8Array)[],
  headers: HeaderList = [["Content-Type", "text/plain; charset=utf-8"]],
): Application {
  const app = async function* (_: Environ, startResponse: StartResponse): AsyncGenerator<Uint8Array> {
    startResponse("200 OK", [...headers])
    for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk
  }
  return app
}
