// A regular file on disk, open for reading. It is looked at after it was opened, by its descriptor: what is checked is
// what is sent. Opening does not wait for the other end of a pipe (O_NONBLOCK), and anything but a file is refused.
//
// Opening and reading, which may wait for a disk, run in the thread pool. Asking for the state of an open file and closing
// one that was only read does not wait for anything; done at once, it costs a tenth of the way through the pool.

import { close, closeSync, constants, fstatSync, open, read } from "node:fs"
import type { FileHandle } from "node:fs/promises"
import type { FileSource } from "./file-source.ts"
import { FileState } from "./file-state.ts"

const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** What is there is no regular file: a directory, a pipe, a device. The message has no path, since clients may get to see it. */
export class NotAFileError extends TypeError {
  /** What errors of the system have here, too. */
  readonly code: string = "ERR_NOT_A_FILE"

  constructor() {
    super("not a regular file")
  }
}

/** What the system says when there is no file under a name. */
const MISSING: ReadonlySet<unknown> = new Set([
  ...[
    "ENOENT",
    "ENOTDIR",
    "EISDIR",
    "ELOOP",
    "ENAMETOOLONG",
    "EACCES",
    "EPERM",
    "ENXIO",
    "ENODEV",
    "EINVAL",
    "UNKNOWN",
  ],
  ...["ERR_INVALID_ARG_VALUE", "ERR_NOT_A_FILE"],
])

/** Whether an error of `openFile` means that there is no file, rather than that something went wrong. */
export function isMissing(error: unknown): boolean {
  return MISSING.has((error as NodeJS.ErrnoException | undefined)?.code)
}

/**
 * Opens a regular file.
 *
 * @param options further flags for open(2), and the name that it goes by, if not that path
 * @throws NotAFileError for anything else, and the error of the system when it cannot be opened
 */
export function openFile(
  path: string,
  { flags = 0, name = path }: { flags?: number; name?: string } = {},
): Promise<OpenFile> {
  return new Promise((resolve, reject) => {
    open(path, FLAGS | flags, (error, fd) => {
      if (error) {
        reject(error)
        return
      }
      try {
        const stats = fstatSync(fd)
        if (!stats.isFile()) throw new NotAFileError()
        resolve(new OpenFile(fd, new FileState(stats, name), () => closeSync(fd)))
      } catch (failure) {
        close(fd, () => reject(failure))
      }
    })
  })
}

/** A file that the caller has opened. It belongs to the OpenFile from now on: an error closes it too. */
export async function adoptHandle(handle: FileHandle): Promise<OpenFile> {
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new NotAFileError()
    return new OpenFile(handle.fd, new FileState(stats, undefined), () => handle.close())
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** A file on disk. */
export interface PathSource extends FileSource {
  /** As it was when it was opened. */
  readonly state: FileState
  /** Whether it is another one by now than it was when it was opened. */
  hasChanged(): boolean
}

/** A regular file, open until `close`. */
export class OpenFile implements PathSource {
  /** The descriptor. Only `close` may close it. */
  readonly fd: number
  /** As it was when it was opened. */
  readonly state: FileState
  readonly #onClose: () => void | Promise<void>
  #readers = 0
  #closed = false

  constructor(fd: number, state: FileState, onClose: () => void | Promise<void>) {
    this.fd = fd
    this.state = state
    this.#onClose = onClose
  }

  /** Under which name it was opened. */
  get path(): string | undefined {
    return this.state.path
  }

  /** Length in bytes when it was opened. */
  get size(): number {
    return this.state.size
  }

  /** The last change before it was opened. */
  get modified(): Date {
    return this.state.modified
  }

  /** That of its state. */
  get version(): string {
    return this.state.version
  }

  /** Whether its content, name or rights have changed since it was opened. */
  hasChanged(): boolean {
    return this.#closed || !this.state.isStill(fstatSync(this.fd))
  }

  /** `size` bytes from `position` on, never beyond the length that it had; less only if it has become shorter. */
  async read(position: number, size: number, into?: Uint8Array): Promise<Uint8Array> {
    if (this.#closed) throw new TypeError("the file is closed")
    // Never more than the file had when it was opened, even if it has grown.
    const wanted = Math.max(0, Math.min(size, this.size - position))
    const bytes = into === undefined ? Buffer.allocUnsafeSlow(wanted) : into.subarray(0, wanted)
    let length = 0
    this.#readers++
    try {
      while (length < bytes.length) {
        const count = await this.#readInto(bytes, length, position + length)
        if (count === 0) break
        length += count
      }
    } finally {
      // A descriptor that is closed while the thread pool reads from it may be another file by then.
      if (--this.#readers === 0 && this.#closed) await this.#onClose()
    }
    return length === bytes.length ? bytes : bytes.subarray(0, length)
  }

  #readInto(bytes: Uint8Array, offset: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.fd, bytes, offset, bytes.length - offset, position, (error, count) => {
        if (error) reject(error)
        else resolve(count)
      })
    })
  }

  /** Gives the descriptor back, when no read is at work any more. Once is enough. */
  close(): void | Promise<void> {
    if (this.#closed) return
    this.#closed = true
    if (this.#readers === 0) return this.#onClose()
  }
}
