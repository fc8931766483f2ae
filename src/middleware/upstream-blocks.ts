// How the bytes of an upstream get into this process. Node reads into a new 64 KiB for each read, which is dear when a long
// body passes through; here long reads go into blocks that are used again, and short ones are copied out of a small
// buffer that belongs to the connection.

import type { OnReadOpts, Socket } from "node:net"
import { buildConnector } from "undici"
import { BLOCK_SIZE, giveBlock, takeBlock } from "../environ/blocks.ts"

/** What a connection has for itself. */
const SMALL = 16 * 1024

/** Blocks on their way through the parser, and how far they are filled. */
const filled = new WeakMap<ArrayBufferLike, number>()

/** Makes connections for undici, as its own connector does. */
export function blockConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  return (target, callback) => {
    let socket: Socket
    const onread = reader((bytes) => socket.push(bytes))
    // Among the options are those of net.connect.
    const connect = buildConnector({ ...options, onread } as buildConnector.BuildOptions)
    connect(target, (...outcome) => {
      if (outcome[1] !== null) socket = outcome[1]
      callback(...outcome)
    })
  }
}

/**
 * A read goes into a block when there was more than the connection's own buffer takes, and as long as much comes.
 *
 * @param push takes bytes, and tells whether it wants more for now
 */
function reader(push: (bytes: Uint8Array) => boolean): OnReadOpts {
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
