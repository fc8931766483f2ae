// What is written to the terminal while a console evaluates: it goes to the console's page, and what other requests write at
// the same time still goes to the terminal. Told apart by the asynchronous context, also behind an await.

import { AsyncLocalStorage } from "node:async_hooks"
import { stripVTControlCharacters } from "node:util"

/** Texts of one evaluation, as they came. */
export class ConsoleOutput {
  #text = ""
  #closed = false

  /** All that was written. */
  get text(): string {
    return stripVTControlCharacters(this.#text)
  }

  /** Takes text in; false when the evaluation is over. */
  write(text: string): boolean {
    if (this.#closed) return false
    const room = MAX_TEXT - this.#text.length
    this.#text += text.length <= room ? text : `${text.slice(0, room)}\n…`
    if (text.length > room) this.#closed = true
    return true
  }

  /** What comes later goes to the terminal again. */
  close(): void {
    this.#closed = true
  }
}

const MAX_TEXT = 200_000
const current = new AsyncLocalStorage<ConsoleOutput>()
let redirected = 0
let restore: () => void = () => {}

/** Runs a function within which `writeInto` collects, until the promise that it gives is settled. */
export async function collectOutput<T>(output: ConsoleOutput, callback: () => T | Promise<T>): Promise<T> {
  if (redirected++ === 0) restore = redirect()
  try {
    return await callback()
  } finally {
    output.close()
    if (--redirected === 0) restore()
  }
}

/** Runs a function whose output is collected. To be called in the innermost context: another one would hide it. */
export function writeInto<T>(output: ConsoleOutput, callback: () => T): T {
  return current.run(output, callback)
}

/** `console.log` and the like end here. */
function redirect(): () => void {
  const undo = [process.stdout, process.stderr].map((stream) => {
    const { write } = stream
    const own = Object.hasOwn(stream, "write")
    const replacement = ((...args: Parameters<typeof write>) => {
      const [chunk, encoding, callback] = args as unknown[]
      const text = typeof chunk === "string" ? chunk : Buffer.from(chunk as Uint8Array).toString("utf8")
      if (current.getStore()?.write(text) !== true) return Reflect.apply(write, stream, args) as boolean
      const done = typeof encoding === "function" ? encoding : callback
      if (typeof done === "function") process.nextTick(done as () => void)
      return true
    }) as typeof write
    stream.write = replacement
    return () => {
      // Another one may have put itself in front meanwhile.
      if (stream.write !== replacement) return
      if (own) stream.write = write
      else Reflect.deleteProperty(stream, "write")
    }
  })
  return () => {
    for (const each of undo) each()
  }
}
