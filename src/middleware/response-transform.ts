// A response whose bytes are changed on their way: the shared half of transformBody and compress. A rule looks at the head,
// gives new headers and, if need be, something that takes chunks and gives others. Complete responses stay complete, so
// that the server can still tell their length; of others a chunk is given for each one taken, so nothing is held back.
// Knows what startResponse and close() demand; not what is done to the bytes.

import { closeBody } from "../environ/body.ts"
import { concatenate } from "../environ/concatenation.ts"
import type { Application, Body, Environ, HeaderList, StartResponse, Write } from "../gateway.ts"
import { wrapBody } from "../running/wrap-body.ts"
import { isThenable } from "../thenable.ts"

/** What becomes of the bytes of one response. */
export interface BodyTransform {
  /** What to send for a chunk; may be empty. */
  chunk(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
  /** What to send behind the last chunk. */
  end?(): Uint8Array | Promise<Uint8Array>
  /** Takes the place of the other two for a response that is complete. */
  whole?(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
  /** Called once when the response is over, however it ended. */
  close?(): void
}

/** What a rule makes of a response. */
export interface ResponseChange {
  headers: HeaderList
  /** Without one, the body stays as it is. */
  transform?: BodyTransform | undefined
}

/** Looks at the head of a response; `undefined` leaves the response as it is. */
export type ResponseRule = (status: string, headers: HeaderList, environ: Environ) => ResponseChange | undefined

/** `app` with each of its responses changed as `rule` says. */
export function transformResponse(app: Application, rule: ResponseRule): Application {
  return (environ, startResponse) => {
    const response = new TransformedResponse(environ, startResponse, rule)
    let result: Body | Promise<Body>
    try {
      result = app(environ, response.start)
    } catch (error) {
      response.close()
      throw error
    }
    if (!isThenable(result)) return response.take(result)
    return result.then(
      (body) => response.take(body),
      (error) => {
        response.close()
        throw error
      },
    )
  }
}

class TransformedResponse {
  readonly #environ: Environ
  readonly #startResponse: StartResponse
  readonly #rule: ResponseRule
  #started = false
  /** The transform has seen bytes that went through write(). */
  #begun = false
  transform: BodyTransform | undefined = undefined

  constructor(environ: Environ, startResponse: StartResponse, rule: ResponseRule) {
    this.#environ = environ
    this.#startResponse = startResponse
    this.#rule = rule
  }

  readonly start: StartResponse = (status, headers, error) => {
    const change = this.#rule(status, headers, this.#environ)
    const write = this.#startResponse(status, change?.headers ?? headers, error)
    // An application that begins anew, with an error, has its old transform put away.
    this.close()
    this.#started = true
    this.transform = change?.transform
    return this.transform === undefined ? write : this.#writing(write, this.transform)
  }

  /** What the server gets for the body of the application. */
  take(body: Body): Body | Promise<Body> {
    if (Array.isArray(body)) return this.transform === undefined ? body : this.#complete(body, this.transform)
    // A body that starts the response when it is iterated may still be one to transform.
    if (this.#started && this.transform === undefined) return body
    return wrapBody(body, {
      chunk: (bytes) => (this.transform === undefined ? bytes : this.transform.chunk(bytes)),
      end: () => this.transform?.end?.(),
      close: () => this.close(),
    })
  }

  close(): void {
    const { transform } = this
    this.transform = undefined
    transform?.close?.()
  }

  #writing(write: Write, transform: BodyTransform): Write {
    return async (chunk) => {
      this.#begun = true
      const bytes = await transform.chunk(chunk)
      if (bytes.length > 0) await write(bytes)
    }
  }

  #complete(body: Body & Uint8Array[], transform: BodyTransform): Body | Promise<Body> {
    const finish = (chunks: Uint8Array[]): Body => {
      this.close()
      return typeof body.close === "function" ? Object.assign(chunks, { close: () => closeBody(body) }) : chunks
    }
    const fail = async (error: unknown): Promise<never> => {
      this.close()
      await closeBody(body)
      throw error
    }
    try {
      const chunks = transformAll(body, transform, this.#begun)
      return isThenable(chunks) ? chunks.then(finish, fail) : finish(chunks)
    } catch (error) {
      return fail(error)
    }
  }
}

function transformAll(
  body: readonly Uint8Array[],
  transform: BodyTransform,
  begun: boolean,
): Uint8Array[] | Promise<Uint8Array[]> {
  const bytes = concatenate(body)
  if (transform.whole !== undefined && !begun) {
    const whole = transform.whole(bytes)
    return isThenable(whole) ? whole.then((result) => [result]) : [whole]
  }
  const first = transform.chunk(bytes)
  if (isThenable(first)) return first.then(async (chunk) => [chunk, ...((await endOf(transform)) ?? [])])
  const last = endOf(transform)
  return isThenable(last) ? last.then((chunks) => [first, ...chunks]) : [first, ...last]
}

function endOf(transform: BodyTransform): Uint8Array[] | Promise<Uint8Array[]> {
  const last = transform.end?.()
  if (last === undefined) return []
  return isThenable(last) ? last.then((chunk) => [chunk]) : [last]
}
