// How long to wait before what has failed is tried again: not at all the first time, then longer each time, until it has
// held for a while.

/** Times in milliseconds. */
export interface BackOffLimits {
  firstMs: number
  mostMs: number
  /** A process that has worked for so long does not count as failed. */
  heldMs: number
}

export class BackOff {
  readonly #limits: BackOffLimits
  #failures = 0

  constructor(limits: BackOffLimits) {
    this.#limits = limits
  }

  /**
   * The wait after an end.
   *
   * @param heldMs how long it had worked; 0 if it never did
   * @example
   * const backOff = new BackOff({ firstMs: 500, mostMs: 1500, heldMs: 10_000 });
   * [0, 0, 0, 0, 20_000].map((heldMs) => backOff.after(heldMs)) // => [0, 500, 1000, 1500, 0]
   */
  after(heldMs: number): number {
    const { firstMs, mostMs, heldMs: enough } = this.#limits
    this.#failures = heldMs >= enough ? 1 : this.#failures + 1
    return this.#failures === 1 ? 0 : Math.min(mostMs, firstMs * 2 ** (this.#failures - 2))
  }
}
