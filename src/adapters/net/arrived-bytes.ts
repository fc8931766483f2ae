// Bytes that have come on a connection and wait to be used: in the pieces in which they came, so that nothing is copied and each
// is looked at once.

const MAX_BYTES = 64 * 1024
const MAX_PIECES = 32

export class ArrivedBytes {
  /** The first piece; undefined when there is nothing. */
  first: Buffer | undefined = undefined
  /** Up to where the first piece was used. */
  at = 0
  /** How many wait. */
  size = 0
  #further: Buffer[] | undefined = undefined

  push(piece: Buffer): void {
    if (piece.length === 0) return
    this.size += piece.length
    if (this.first === undefined) this.first = piece
    else {
      this.#further ??= []
      this.#further.push(piece)
    }
  }

  /** Whether enough waits that no more should be read. Each piece costs memory besides its bytes, so they are counted, too. */
  get isFull(): boolean {
    return this.size >= MAX_BYTES || (this.#further !== undefined && this.#further.length >= MAX_PIECES)
  }

  /** The first piece was used up to there. */
  useTo(at: number): void {
    this.size -= at - this.at
    this.at = at
    if (this.first === undefined || at < this.first.length) return
    this.at = 0
    this.first = this.#further?.shift()
    if (this.#further?.length === 0) this.#further = undefined
  }

  /** All that waits; nothing does from then on. */
  takeAll(): Buffer {
    const pieces = this.first === undefined ? [] : [this.first.subarray(this.at), ...(this.#further ?? [])]
    this.first = undefined
    this.#further = undefined
    this.at = 0
    this.size = 0
    return Buffer.concat(pieces)
  }
}
