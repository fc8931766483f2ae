// A body of anything that gives bytes in pieces, and the server's own way to send a file, where it has one.

import type { FileHandle } from "node:fs/promises"
import type { Body, Environ, FileLike } from "../gateway.ts"

/** Bytes for one read, by default. */
const BLOCK_SIZE = 64 * 1024

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/** A FileLike whose position can be chosen. */
export interface SeekableFile extends FileLike {
  /** Moves to `position`, in bytes from the beginning. */
  seek?(position: number): unknown
  /** The position. */
  tell?(): number | Promise<number>
  /** Whether `seek` works. */
  seekable?(): boolean
}

/**
 * A response body over an open file, which it closes. A FileHandle of Node's is read at positions of its own, so that it can
 * seek, also while other code reads the same file. Put it in a Response with `directPassthrough`.
 *
 * @example
 * const chunks = ["a", "b", ""].map((text) => new TextEncoder().encode(text))
 * const wrapper = new FileWrapper({ read: () => chunks.shift() })
 * (await wrapper.next()).value[0] // => 97
 * wrapper.seekable() // => false
 */
export class FileWrapper implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #file: SeekableFile
  readonly #blockSize: number
  #over = false
  #closed = false

  /**
   * @param blockSize bytes to ask for at once
   * @throws RangeError unless that is a whole number from 1 on
   */
  constructor(file: SeekableFile | FileHandle, blockSize: number = BLOCK_SIZE) {
    if (!Number.isSafeInteger(blockSize) || blockSize < 1) {
      throw new RangeError(`a block size is a whole number from 1, not ${blockSize}`)
    }
    this.#file = isFileHandle(file) ? new HandleFile(file) : file
    this.#blockSize = blockSize
  }

  /** The body is its own iterator: it can be iterated once. */
  [Symbol.asyncIterator](): this {
    return this
  }

  /** The next block; the end, when the file gives an empty one. */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#over) return DONE
    const value = await this.#file.read(this.#blockSize)
    if (value.length > 0) return { done: false, value }
    this.#over = true
    return DONE
  }

  /** Ends the iteration. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#over = true
    return DONE
  }

  /** Closes the file, once. */
  close(): void | Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#over = true
    return this.#file.close?.()
  }

  /** What the file says of itself, else whether it has `seek`. */
  seekable(): boolean {
    return this.#file.seekable?.() ?? typeof this.#file.seek === "function"
  }

  /** Moves to `position`, in bytes from the beginning. Does nothing if the file cannot. */
  async seek(position: number): Promise<void> {
    await this.#file.seek?.(position)
  }

  /** The position; `undefined` if the file does not know it. */
  async tell(): Promise<number | undefined> {
    return this.#file.tell?.()
  }
}

/**
 * A body of a file: the server's own kind of it, if it has one (`wsgi.file_wrapper`), else a FileWrapper.
 * Put it in a Response with `directPassthrough`, so that the server sees it.
 *
 * @param blockSize bytes to ask for at once; 64 KiB unless given
 */
export function wrapFile(environ: Environ, file: SeekableFile | FileHandle, blockSize: number = BLOCK_SIZE): Body {
  const wrap = environ["wsgi.file_wrapper"]
  if (wrap === undefined) return new FileWrapper(file, blockSize)
  return wrap(isFileHandle(file) ? new HandleFile(file) : file, blockSize)
}

/** Whether this is an open file of `node:fs/promises`. */
export function isFileHandle(file: object): file is FileHandle {
  return (
    typeof (file as Partial<FileHandle>).fd === "number" && typeof (file as Partial<FileHandle>).stat === "function"
  )
}

/** A FileHandle, read at a position of our own. */
class HandleFile implements SeekableFile {
  readonly #handle: FileHandle
  #position = 0

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async read(size: number): Promise<Uint8Array> {
    const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafeSlow(size), 0, size, this.#position)
    this.#position += bytesRead
    return buffer.subarray(0, bytesRead)
  }

  seek(position: number): void {
    this.#position = position
  }

  tell(): number {
    return this.#position
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
