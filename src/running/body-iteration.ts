// What an application returned: whether it is a body at all, its chunks, and how it is closed. Every body is closed once, and no
// body can hold a server up: return() of a generator that hangs never settles.

import type { BodyIterator } from "../environ/body.ts"
import { describe } from "../mistakes/describe.ts"

interface Closable {
  close(): unknown
}

/** How long a body may take to close before it is not waited for any more. */
const CLOSE_LIMIT_MS = 5000

export function isClosable(body: unknown): body is Closable {
  const isObject = (typeof body === "object" && body !== null) || typeof body === "function"
  return isObject && typeof (body as Closable).close === "function"
}

/** Waits for what ends something, but not for ever: `onLate` is told when the time is over. Rejects as `result` does. */
export function bounded(result: PromiseLike<unknown>, what: string, onLate: (message: string) => void): Promise<void> {
  return withLimit(result, CLOSE_LIMIT_MS, () => onLate(`${what} did not settle within ${CLOSE_LIMIT_MS} ms`))
}

/** Waits for `result`, but no longer than `limitMs`: `onLate` is told when the time is over. Rejects as `result` does. */
export function withLimit(result: PromiseLike<unknown>, limitMs: number, onLate: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      onLate()
      resolve()
    }, limitMs)
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    const fail = (error: unknown) => {
      clearTimeout(timer)
      reject(error)
    }
    result.then(done, fail)
  })
}

/** @throws TypeError for what is no chunk of bytes */
export function checkChunk(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk
  throw new TypeError(`a chunk of the body must be a Uint8Array, not ${describe(chunk)}`)
}

/** How many bytes the chunks have. @throws TypeError for what is no chunk of bytes */
export function sizeOf(chunks: readonly unknown[]): number {
  let size = 0
  for (let i = 0; i < chunks.length; i++) size += checkChunk(chunks[i]).length
  return size
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
