// The platform's fetch, answered by an application: the request is taken apart into what a client sends, the response put
// together from what came back. Streams stay streams in both directions.

import { hasContent } from "../http/status.ts"
import type { Response } from "../wrappers/response.ts"
import type { StreamContent } from "./body-source.ts"
import type { EnvironBuilderOptions } from "./environ-builder.ts"
import { ClientRedirectError, isRedirect, urlOf } from "./redirects.ts"
import { originOf } from "./test-response.ts"

/** Sends a request, as a client's `open` does. */
type Open = (
  target: string,
  options: EnvironBuilderOptions & { followRedirects?: boolean; useCookies?: boolean },
) => Promise<Response>

/** Answers a call of fetch. */
export async function fetchFrom(
  open: Open,
  input: string | URL | globalThis.Request,
  init: RequestInit = {},
): Promise<globalThis.Response> {
  const target = input instanceof globalThis.Request ? input : new URL(input, "http://localhost")
  const request = new globalThis.Request(target, init)
  const { signal } = request
  signal.throwIfAborted()
  const answer = open(request.url, {
    method: request.method,
    headers: [...request.headers],
    ...(await bodyOf(request, init)),
    environOverrides: { "wsgi.signal": signal },
    followRedirects: request.redirect === "follow",
    useCookies: request.credentials !== "omit",
  })
  const response = await unlessAborted(answer, signal)
  if (request.redirect === "error" && isRedirect(response.statusCode)) {
    await response.close()
    throw new TypeError("fetch failed", { cause: new ClientRedirectError(`An unexpected ${response.status}`) })
  }
  return platformResponse(response, signal)
}

async function bodyOf(request: globalThis.Request, init: RequestInit): Promise<EnvironBuilderOptions> {
  if (request.body === null) return {}
  // A stream has no length that could be told; everything else is in memory already.
  if (init.body instanceof ReadableStream) return { inputStream: request.body as unknown as StreamContent }
  return { inputStream: new Uint8Array(await request.arrayBuffer()) }
}

async function unlessAborted<T>(answer: Promise<T & { close(): Promise<void> }>, signal: AbortSignal): Promise<T> {
  let abort: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener("abort", abort, { once: true })
  })
  try {
    return await Promise.race([answer, aborted])
  } catch (reason) {
    // An answer that comes too late is closed; an error that comes too late is dropped.
    if (signal.aborted) answer.then((late) => late.close()).catch(() => undefined)
    throw reason
  } finally {
    if (abort) signal.removeEventListener("abort", abort)
  }
}

async function platformResponse(response: Response, signal: AbortSignal): Promise<globalThis.Response> {
  const { sent, history } = originOf(response)
  const { statusCode: status } = response
  const hasBody = hasContent(status, sent.REQUEST_METHOD)
  const result = new globalThis.Response(hasBody ? await platformBody(response, signal) : null, {
    status,
    statusText: response.status.slice(4),
    headers: response.headers.toList(),
  })
  // The platform's constructor leaves these empty, and gives no other way to set them.
  return Object.defineProperties(result, {
    url: { value: urlOf(sent) },
    redirected: { value: history.length > 0 },
  })
}

async function platformBody(
  response: Response,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  if (response.isSequence) return (await response.data()) as Uint8Array<ArrayBuffer>
  const chunks = response.iterEncoded()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      signal.throwIfAborted()
      let step = await chunks.next()
      // A pull that gives nothing would end the stream.
      while (!step.done && step.value.length === 0) step = await chunks.next()
      if (step.done) controller.close()
      else controller.enqueue(step.value)
    },
    async cancel() {
      await chunks.return?.()
    },
  })
}
