// Requests written to files, and made again from them: what a client sent in production or in a browser, in a test or in the
// debugger. Only what an application has read of a body is recorded: the rest is never asked for.

import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { asApplication } from "../as-application.ts"
import { ClosingIterator, closeBody } from "../environ/body.ts"
import { PulledInput } from "../environ/input.ts"
import type { Application, ApplicationLike, Body, Environ, InputStream } from "../gateway.ts"
import {
  type IsSecret,
  isSecretName,
  MASK,
  maskBody,
  maskCookies,
  maskCredentials,
  maskQuery,
  maskUrl,
} from "../http/secrets.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { errorOutput } from "../running/service.ts"
import { openSource, sourceOfBytes } from "./body-source.ts"
import { isWithoutBody } from "./environ-description.ts"

/** How requests are recorded. */
export interface RecordOptions {
  /** Whether the value of that name (a header, a field, a key) is masked. Default: names like `password`, `token`, `Cookie`. */
  isSecret?: ((name: string) => boolean) | undefined
  /** Bodies above so many bytes are left out. Default 1 MiB. */
  maxBodyBytes?: number | undefined
}

/** What a file holds. */
interface RecordedRequest {
  version: 1
  recorded: string
  environ: Record<string, unknown>
  /** UTF-8 text where it is that, else base64. */
  body: { text: string } | { base64: string }
  /** Whether the whole body is there. */
  complete: boolean
}

const OPTIONS: OptionNames<RecordOptions> = { isSecret: true, maxBodyBytes: true }

/**
 * Writes each request to a JSON file in `folder`: the CGI variables and the plain values of the environ, and the body as far as the
 * application read it. Secrets are masked by their names, in headers, cookies, the query, forms and JSON. `replay` reads the files.
 *
 * An error while writing goes to `wsgi.errors`; the application does not notice. Stands outside of the layers that change the
 * environ.
 */
export function recordEnvirons(app: ApplicationLike, folder: string | URL, options: RecordOptions = {}): Application {
  const inner = asApplication(app, "recordEnvirons")
  checkOptions("recordEnvirons", options, OPTIONS)
  const { isSecret = isSecretName, maxBodyBytes = 1024 * 1024 } = options
  let count = 0
  return async (environ, startResponse) => {
    const number = ++count
    const time = new Date().toISOString()
    const variables = plainValues(environ)
    const stamp = `${time.replaceAll(/[-:]/g, "")}-${process.pid}-${String(number).padStart(4, "0")}`
    const path = join(folder instanceof URL ? fileURLToPath(folder) : folder, `${stamp}-${slug(environ)}.json`)
    const input = new RecordingInput(environ["wsgi.input"], maxBodyBytes, isWithoutBody(environ))
    // Not a copy of the environ, which would make every extension that is made on first use.
    environ["wsgi.input"] = input
    const log = environ["wsgi.errors"]
    const write = async () => {
      try {
        const request = recorded(time, variables, input, isSecret)
        await mkdir(folder, { recursive: true })
        await writeFile(path, `${JSON.stringify(request, null, 2)}\n`, { flag: "wx" })
      } catch (error) {
        log.write(`A request was not recorded: ${String(error)}\n`)
      }
    }
    let body: Body
    try {
      body = await inner(environ, startResponse)
    } catch (error) {
      await write()
      throw error
    }
    if (!Array.isArray(body)) return new ClosingIterator(body, write)
    const close = async () => {
      await closeBody(body)
      await write()
    }
    return Object.defineProperty(body.slice(), "close", { value: close })
  }
}

/**
 * The environ of a recorded request, to be given to an application or to `client.open`. A body that was cut short ends like
 * one whose client has gone.
 *
 * @throws TypeError for a file that recordEnvirons has not written
 */
export async function replay(file: string | URL): Promise<Environ> {
  const request = JSON.parse(await readFile(file, "utf8")) as Partial<RecordedRequest>
  if (request.version !== 1 || typeof request.environ !== "object" || typeof request.body !== "object") {
    throw new TypeError(`Not a recorded request: ${String(file)}`)
  }
  const { body } = request
  const bytes = "text" in body ? body.text : new Uint8Array(Buffer.from(body.base64, "base64"))
  return {
    ...request.environ,
    "wsgi.version": [1, 0],
    "wsgi.input": openSource(bytes.length === 0 ? undefined : sourceOfBytes(bytes)),
    "wsgi.errors": errorOutput,
  } as unknown as Environ
}

/** Hands on what it reads, and keeps it. */
class RecordingInput extends PulledInput {
  readonly #inner: InputStream
  readonly #maxBytes: number
  readonly #chunks: Uint8Array[] = []
  #size = 0
  /** Whether the end was seen. */
  ended: boolean

  constructor(inner: InputStream, maxBytes: number, isEmpty: boolean) {
    super()
    this.ended = isEmpty
    this.#inner = inner
    this.#maxBytes = maxBytes
  }

  protected async pull(): Promise<Uint8Array | undefined> {
    const chunk = await this.#inner.read(65_536)
    if (chunk.length === 0) {
      this.ended = true
      return undefined
    }
    this.#size += chunk.length
    if (this.#size <= this.#maxBytes) this.#chunks.push(chunk)
    else this.#chunks.length = 0
    return chunk
  }

  /** What was read, and whether that is everything. Without a length, only the end tells. */
  seen(contentLength: string | undefined): { bytes: Buffer; complete: boolean } {
    const isAll = this.ended || String(this.#size) === contentLength
    return { bytes: Buffer.concat(this.#chunks), complete: isAll && this.#size <= this.#maxBytes }
  }
}

function plainValues(environ: Environ): Record<string, unknown> {
  const plain = (key: string) =>
    ["string", "boolean", "number"].includes(typeof Object.getOwnPropertyDescriptor(environ, key)?.value)
  return Object.fromEntries(
    Object.keys(environ)
      .filter(plain)
      .map((key) => [key, environ[key]]),
  )
}

function recorded(
  time: string,
  variables: Record<string, unknown>,
  input: RecordingInput,
  isSecret: IsSecret,
): RecordedRequest {
  const environ: Record<string, unknown> = Object.create(null)
  for (const [key, value] of Object.entries(variables)) {
    environ[key] = typeof value === "string" ? maskVariable(key, value, isSecret) : value
  }
  const { bytes, complete } = input.seen(variables["CONTENT_LENGTH"] as string | undefined)
  const masked = maskBody(bytes.toString("latin1"), String(variables["CONTENT_TYPE"] ?? ""), isSecret)
  const body = Buffer.from(masked ?? "", "latin1")
  const whole = complete && masked !== undefined
  if (whole && "CONTENT_LENGTH" in environ) environ["CONTENT_LENGTH"] = String(body.length)
  const text = body.toString("utf8")
  return {
    version: 1,
    recorded: time,
    environ,
    body: Buffer.from(text, "utf8").equals(body) ? { text } : { base64: body.toString("base64") },
    complete: whole,
  }
}

function maskVariable(key: string, value: string, isSecret: IsSecret): string {
  if (key === "QUERY_STRING") return maskQuery(value, isSecret)
  if (key === "REQUEST_URI" || key === "RAW_URI" || key === "HTTP_REFERER") return maskUrl(value, isSecret)
  const name = key.startsWith("HTTP_") ? key.slice("HTTP_".length).replaceAll("_", "-") : key
  if (!isSecret(name)) return value
  if (key === "HTTP_COOKIE") return maskCookies(value)
  return key.endsWith("AUTHORIZATION") ? maskCredentials(value) : MASK
}

function slug(environ: Environ): string {
  return `${environ.REQUEST_METHOD}${environ.PATH_INFO}`.replaceAll(/[^A-Za-z0-9]+/g, "-").slice(0, 60)
}
