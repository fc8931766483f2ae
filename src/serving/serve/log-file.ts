// A file to which lines are added by several processes: lines are collected and written together, each whole, so that no line is
// torn by another process. What rotates logs moves the file away and asks for a new one (`reopen`).

import { closeSync, openSync, writeSync } from "node:fs"

/** How long a line may wait. */
const FLUSH_MS = 200
/** So much is written at once. */
const MOST_CHARS = 32 * 1024
/** What a pipe without a reader may keep waiting. */
const MOST_WAITING = 1024 * 1024

export class LogFile {
  readonly #path: string
  #fd: number
  #waiting = ""
  #timer: NodeJS.Timeout | undefined = undefined
  #hasFailed = false
  readonly #onExit = (): void => this.flush()

  /**
   * @param path `-` for standard output, or what `standard` says
   * @throws Error when it cannot be opened
   */
  constructor(path: string, standard: 1 | 2 = 1) {
    this.#path = path
    this.#fd = path === "-" ? standard : opened(path)
    process.on("exit", this.#onExit)
  }

  /** Adds a line; it is written soon, with others. */
  add(line: string): void {
    this.#waiting += `${line}\n`
    if (this.#waiting.length > MOST_CHARS) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS)
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    let bytes = Buffer.from(this.#waiting)
    this.#waiting = ""
    try {
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#fd, bytes))
      this.#hasFailed = false
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN" && bytes.length < MOST_WAITING) {
        // A pipe that is full for the moment.
        this.#waiting = bytes.toString() + this.#waiting
        this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS)
        return
      }
      // A full disk, or a pipe without a reader, ends no server.
      if (!this.#hasFailed)
        process.stderr.write(`The log ${this.#path} cannot be written: ${(error as Error).message}\n`)
      this.#hasFailed = true
    }
  }

  /** Opens the path anew: its file may be another one by now. */
  reopen(): void {
    this.flush()
    if (this.#path === "-") return
    try {
      const fd = openSync(this.#path, "a", 0o640)
      closeSync(this.#fd)
      this.#fd = fd
    } catch (error) {
      process.stderr.write(`The log ${this.#path} cannot be opened anew: ${(error as Error).message}\n`)
    }
  }

  close(): void {
    this.flush()
    process.off("exit", this.#onExit)
    if (this.#path !== "-") closeSync(this.#fd)
  }
}

function opened(path: string): number {
  try {
    return openSync(path, "a", 0o640)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw Object.assign(new Error(`The log ${path} cannot be written (${code}).`, { cause: error }), { code })
  }
}
