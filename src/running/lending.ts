// Blocks of memory that are used again and again, for bodies that pass through: a new one for each chunk costs more than
// what is done with it, and has the garbage collector run through everything.

/** Bytes of a block. */
export const BLOCK_SIZE: number = 256 * 1024

const MAX_IDLE = 16

// Blocks that are not in use now. What is in them is of no further use: it was taken by a client, or copied.
const idle: Uint8Array[] = []

/** A block for one user at a time; it still holds bytes of the last user. */
export function takeBlock(): Uint8Array {
  return idle.pop() ?? new Uint8Array(BLOCK_SIZE)
}

/**
 * Gives a block back. No view of it may be in use any more. A block need not be given back: then the garbage collector takes it.
 */
export function giveBlock(block: Uint8Array): void {
  if (idle.length < MAX_IDLE) idle.push(block)
}

/** A body that has a faster way for a server that is done with each chunk before it asks for the next. */
export interface LendingBody {
  /**
   * From now on a chunk holds only until the next one is asked for: its memory is used again, for this body and later
   * for others. For servers that wait until the kernel has a chunk; called before the iteration.
   */
  lend(): void
}

/** Whether a body can lend its memory. */
export function canLend(body: object): body is LendingBody {
  return "lend" in body
}
