// What an application returned: whether it is a body at all, its chunks, and how it is let go of.
// Every body is closed once, and none can hold a server up: return() of a generator that hangs never settles.

import { describe } from "./response-head.ts"

export type BodyIterator = Iterator<Uint8Array> | AsyncIterator<Uint8Array>

/** Takes what goes wrong while a body is let go of. */
export type Report = (message: string, error?: unknown) => void

interface Closable {
  close?(): void | Promise<void>
}

/** How long a body may take to close before nobody waits for it any more. */
const CLOSE_LIMIT_MS = 5000

/** Ends the iteration early. What the body throws at that is `onError`'s. */
export async function returnIterator(
  iterator: BodyIterator,
  report: Report,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    if (typeof iterator.return === "function")
      await bounded(iterator.return(), "return() of the body's iterator", report)
  } catch (error) {
    onError(error)
  }
}

/** Closes a body, if it can be closed. Never rejects. */
export async function closeBody(body: unknown, report: Report): Promise<void> {
  if (!isClosable(body)) return
  try {
    await bounded(body.close?.(), "close() of the body", report)
  } catch (error) {
    report("closing the response body failed", error)
  }
}

export function isClosable(body: unknown): body is Closable {
  const isObject = (typeof body === "object" && body !== null) || typeof body === "function"
  return isObject && typeof (body as Closable).close === "function"
}

async function bounded(result: unknown, what: string, report: Report): Promise<void> {
  if (!isThenable(result)) return
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      report(`${what} did not settle within ${CLOSE_LIMIT_MS} ms`)
      resolve()
    }, CLOSE_LIMIT_MS)
  })
  try {
    await Promise.race([result, limit])
  } finally {
    clearTimeout(timer)
  }
}

export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
}

/** @throws TypeError for what is no chunk of bytes */
export function checkChunk(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk
  throw new TypeError(`a chunk of the body must be a Uint8Array, not ${describe(chunk)}`)
}

/**
 * Begins an iteration. A string and a typed array could be iterated too, but over characters and numbers.
 *
 * @throws TypeError for what is no body
 */
export function iteratorOf(body: unknown): BodyIterator {
  if (typeof body === "object" && body !== null && !ArrayBuffer.isView(body)) {
    const iterable = body as AsyncIterable<Uint8Array> & Iterable<Uint8Array>
    if (typeof iterable[Symbol.asyncIterator] === "function") return iterable[Symbol.asyncIterator]()
    if (typeof iterable[Symbol.iterator] === "function") return iterable[Symbol.iterator]()
  }
  throw new TypeError(`an application must return an iterable of Uint8Array, not ${describe(body)}`)
}

/** The first `limit` bytes. */
export function cut(chunks: readonly Uint8Array[], limit: number): Uint8Array[] {
  const kept: Uint8Array[] = []
  let room = limit
  for (const chunk of chunks) {
    if (room === 0) break
    const part = chunk.length > room ? chunk.subarray(0, room) : chunk
    kept.push(part)
    room -= part.length
  }
  return kept
}
