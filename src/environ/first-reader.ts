// Which reader has begun to read a body. It can be read once, so a second reader is told the name of the first, in place of an
// empty body.
// Knows no request and no server: an input keeps a name, and the error tells it.

import type { InputStream } from "../gateway.ts"

/** The name of a reader that called the methods of `wsgi.input`, and has no better one. */
export const DIRECT_READER = "wsgi.input"

/** An input that keeps the name of its first reader. */
interface Claimable {
  /** `undefined` while nothing was read. */
  firstReader: string | undefined
}

/** The name of what has begun to read this input; `undefined` when nothing has, or when the input cannot tell. */
export function firstReaderOf(input: InputStream): string | undefined {
  return (input as Partial<Claimable>).firstReader
}

/** Leaves a name in an input that keeps one, for later readers. */
export function claim(input: InputStream, reader: string): void {
  if ("firstReader" in input) (input as Claimable).firstReader ??= reader
}

/** The program reads a body a second time: its own mistake, so a TypeError and no answer to the client. */
export class BodyWasReadError extends TypeError {
  /** @param reader what has read it before */
  constructor(reader: string) {
    super(
      `The body of this request was read before, by ${reader}, and it can be read once. ` +
        "What data(), text() and json() read is kept for other readers, unless they get { cache: false }.",
    )
  }
}
