// A body of which every call into it is made by a function: in a context of that function's own, with errors seen. What the body
// was it stays: an array, synchronous or not, one that can lend its memory, one with a WebSocket.

import { closeBody } from "../environ/body.ts"
import type { Body } from "../gateway.ts"
import { isThenable } from "../thenable.ts"
import { canLend } from "./lending.ts"

type Run = <Result>(callback: () => Result) => Result

/** What is told of a body. */
export interface InsideOptions {
  /** Is told what an iteration, the socket or the close throws, before it is thrown on. */
  onError?: ((error: unknown) => void) | undefined
  /** Called when the body is closed, also when that fails. */
  atEnd?: (() => void) | undefined
}

/** The same body, called through `run`. */
export function bodyInside(body: Body, run: Run, { onError, atEnd }: InsideOptions = {}): Body {
  const call = onError === undefined ? run : watched(run, onError)
  const close = closing(body, call, atEnd)
  // An array runs nothing, and servers send it in one piece.
  if (Array.isArray(body)) return close === undefined ? body : Object.assign([...(body as Uint8Array[])], { close })
  const open =
    Symbol.asyncIterator in body
      ? { [Symbol.asyncIterator]: () => steps(() => body[Symbol.asyncIterator](), call) }
      : { [Symbol.iterator]: () => steps(() => body[Symbol.iterator](), call) }
  const inside: Body = open
  if (close !== undefined) inside.close = close
  const { websocket } = body
  if (typeof websocket === "function") {
    inside.websocket = (socket) => call(() => websocket.call(body, socket))
    inside.websocketLimits = body.websocketLimits
  }
  return canLend(body) ? Object.assign(inside, { lend: () => body.lend() }) : inside
}

function closing(body: Body, call: Run, atEnd: (() => void) | undefined): (() => void | Promise<void>) | undefined {
  if (atEnd !== undefined) {
    return async () => {
      try {
        await call(() => closeBody(body))
      } finally {
        call(atEnd)
      }
    }
  }
  return typeof body.close === "function" ? () => call(() => closeBody(body)) : undefined
}

function watched(run: Run, onError: (error: unknown) => void): Run {
  return <Result>(callback: () => Result): Result => {
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
}

interface Steps {
  next(): unknown
  return?(): unknown
}

function steps<Iteration extends Steps>(open: () => Iteration, call: Run): Iteration {
  const iterator = call(open)
  const end = typeof iterator.return === "function" ? { return: () => call(() => iterator.return?.()) } : {}
  return { next: () => call(() => iterator.next()), ...end } as Iteration
}
