// How the bytes of an upstream get into this process. Node reads into a new 64 KiB for each read, which costs much when a long
// body passes through; here long reads go into blocks that are used again, and short ones are copied out of a small
// buffer that belongs to the connection.

import type { OnReadOpts } from "node:net"
import { BLOCK_SIZE, giveBlock, takeBlock } from "../running/lending.ts"

/** What a connection has for itself. */
const SMALL = 16 * 1024

/** Blocks on their way through the parser, and how far they are filled. */
const filled = new WeakMap<ArrayBufferLike, number>()

/**
 * A read goes into a block when there was more than the connection's own buffer takes, and as long as much comes.
 *
 * @param push takes bytes, and tells whether it wants more for now
 */
export function blockReader(push: (bytes: Uint8Array) => boolean): OnReadOpts {
  const small = new Uint8Array(SMALL)
  let next: Uint8Array = small
  return {
    // Asked before the first read, and after each.
    buffer: () => next,
    callback(length, buffer) {
      next = length === SMALL || length >= BLOCK_SIZE / 4 ? takeBlock() : small
      const bytes = buffer.subarray(0, length)
      if (buffer === small) return push(Buffer.from(bytes))
      filled.set(bytes.buffer, length)
      return push(bytes)
    },
  }
}

/** Reads into a buffer of the connection's own and copies out of it: records of TLS are at most as long as that. */
export function plainReader(push: (bytes: Uint8Array) => boolean): OnReadOpts {
  return {
    buffer: new Uint8Array(SMALL),
    callback: (length, buffer) => push(Buffer.from(buffer.subarray(0, length))),
  }
}

/** Whether a chunk lies in a block, which is wanted back. */
export function isInBlock(chunk: Uint8Array): boolean {
  return filled.has(chunk.buffer)
}

/** A chunk is not needed any more. Chunks are to be released in the order in which they came: with the last one its block is. */
export function releaseChunk(chunk: Uint8Array): void {
  const { buffer } = chunk
  if (filled.get(buffer) !== chunk.byteOffset + chunk.length) return
  filled.delete(buffer)
  giveBlock(new Uint8Array(buffer as ArrayBuffer))
}
