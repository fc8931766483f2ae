// A body of which every call into it is made by a function: in a context of that function's own, with errors seen. What the body
// was it stays: an array, synchronous or not, one that can lend its memory.

import { closeBody } from "../environ/body.ts"
import type { Body } from "../gateway.ts"
import { canLend } from "../running/lending.ts"
import { isThenable } from "../thenable.ts"

type Run = <Result>(callback: () => Result) => Result

/**
 * The same body, called through `run`.
 *
 * @param onError is told what an iteration or the close throws, before it is thrown on
 */
export function bodyInside(body: Body, run: Run, onError: (error: unknown) => void): Body {
  const watched = <Result>(callback: () => Result): Result => {
    let result: Result
    try {
      result = run(callback)
    } catch (error) {
      onError(error)
      throw error
    }
    if (!isThenable(result)) return result
    return result.then(undefined, (error: unknown) => {
      onError(error)
      throw error
    }) as Result
  }
  const close = typeof body.close === "function" ? { close: () => watched(() => closeBody(body)) } : {}
  // An array runs nothing, and servers send it in one piece.
  if (Array.isArray(body)) return "close" in close ? Object.assign([...(body as Uint8Array[])], close) : body
  const lend = canLend(body) ? { lend: () => body.lend() } : {}
  if (Symbol.asyncIterator in body) {
    return {
      [Symbol.asyncIterator]: () =>
        steps(
          run(() => body[Symbol.asyncIterator]()),
          watched,
        ),
      ...close,
      ...lend,
    }
  }
  return {
    [Symbol.iterator]: () =>
      steps(
        run(() => body[Symbol.iterator]()),
        watched,
      ),
    ...close,
    ...lend,
  }
}

interface Steps {
  next(): unknown
  return?(): unknown
}

function steps<Iteration extends Steps>(iterator: Iteration, watched: Run): Iteration {
  const end = iterator.return === undefined ? {} : { return: () => watched(() => iterator.return?.()) }
  return { next: () => watched(() => iterator.next()), ...end } as Iteration
}
