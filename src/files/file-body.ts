// The response body for parts of a file that are too long to be held in memory. There are two ways to read it.
// For a reader that may keep the chunks, each block is new, and is read while the one before is on its way. A server that tells
// when a chunk is with the kernel is lent one larger block again and again, which costs half the time and half the memory.

import { giveBlock, BLOCK_SIZE as LENT_SIZE, type LendingBody, takeBlock } from "../running/lending.ts"
import type { FileSource } from "./file-source.ts"

/** Bytes of a new block. */
export const BLOCK_SIZE: number = 128 * 1024

/** A part of the body: bytes as they are, or those of the file from one position up to another. */
export type Segment = Uint8Array | readonly [start: number, stop: number]

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/** The file has fewer bytes than its response has announced. */
export class ShortFileError extends Error {
  constructor() {
    super("the file became shorter while it was sent")
  }
}

/** How many bytes the segments have. */
export function lengthOf(segments: readonly Segment[]): number {
  let length = 0
  for (const segment of segments) length += segment instanceof Uint8Array ? segment.length : segment[1] - segment[0]
  return length
}

/** All bytes of the segments. */
export async function readSegments(source: FileSource, segments: readonly Segment[]): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for (const segment of segments) chunks.push(await readSegment(source, segment))
  return chunks
}

async function readSegment(source: FileSource, segment: Segment, into?: Uint8Array): Promise<Uint8Array> {
  if (segment instanceof Uint8Array) return segment
  const [start, stop] = segment
  const bytes = await source.read(start, stop - start, into)
  if (bytes.length < stop - start) throw new ShortFileError()
  return bytes
}

/** Segments of a file, block by block. Closing it closes the file. */
export class FileBody implements LendingBody, AsyncIterableIterator<Uint8Array, undefined> {
  /** The file that is read. */
  readonly source: FileSource
  readonly #segments: readonly Segment[]
  #index = 0
  /** How much of the segment at `index` was asked for. */
  #offset = 0
  #ahead: Promise<Uint8Array> | undefined = undefined
  #isLent = false
  #block: Uint8Array | undefined = undefined

  constructor(source: FileSource, segments: readonly Segment[]) {
    this.source = source
    this.#segments = segments
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  lend(): void {
    this.#isLent = true
  }

  /** @throws ShortFileError when the file has ended too early */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const reading = this.#ahead ?? this.#readNext()
    this.#ahead = undefined
    if (reading === undefined) {
      this.#giveBack()
      return DONE
    }
    const value = await reading
    if (!this.#isLent) {
      this.#ahead = this.#readNext()
      // A reader that stops here is not told that the next block could not be read.
      this.#ahead?.catch(ignore)
    }
    return { done: false, value }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#stop()
    return DONE
  }

  close(): void | Promise<void> {
    this.#stop()
    return this.source.close()
  }

  /** The block may still be read from the disk, or wait in a socket: no other code may have it. */
  #stop(): void {
    this.#index = this.#segments.length
    this.#ahead = undefined
    this.#block = undefined
  }

  /** At the end of the body, when the last chunk was taken too. */
  #giveBack(): void {
    if (this.#block !== undefined) giveBlock(this.#block)
    this.#block = undefined
  }

  #readNext(): Promise<Uint8Array> | undefined {
    const segment = this.#segments[this.#index]
    if (segment === undefined) return undefined
    if (segment instanceof Uint8Array) {
      this.#index++
      return Promise.resolve(segment)
    }
    const start = segment[0] + this.#offset
    const stop = Math.min(start + (this.#isLent ? LENT_SIZE : BLOCK_SIZE), segment[1])
    this.#offset = stop - segment[0]
    if (stop === segment[1]) {
      this.#index++
      this.#offset = 0
    }
    if (this.#isLent) this.#block ??= takeBlock()
    return readSegment(this.source, [start, stop], this.#block)
  }
}

function ignore(): void {}
