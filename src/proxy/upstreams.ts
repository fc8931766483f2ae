// Several servers that can answer the same requests: which one is next, and which ones can't be used for now.
// Knows no connection and no clock but the one it is given.

/** One of several servers. */
export interface Upstream {
  /** Until when it is passed over, by the clock of the group; 0 when it works. */
  downUntil: number
}

/** Takes turns among upstreams that work. */
export class UpstreamGroup<T extends Upstream> {
  readonly members: readonly T[]
  readonly #retryMs: number
  readonly #now: () => number
  #turn = 0

  /** @param retryMs for how long one that failed is passed over */
  constructor(members: readonly T[], retryMs: number, now: () => number = () => performance.now()) {
    this.members = members
    this.#retryMs = retryMs
    this.#now = now
  }

  /** All members in the order in which to ask them: those that work, from the next one on, then the others. */
  order(): readonly T[] {
    const { members } = this
    if (members.length === 1) return members
    const first = this.#turn
    this.#turn = (first + 1) % members.length
    const rotated = [...members.slice(first), ...members.slice(0, first)]
    const now = this.#now()
    if (rotated.every(({ downUntil }) => downUntil <= now)) return rotated
    const works = ({ downUntil }: T) => downUntil <= now
    return [...rotated.filter(works), ...rotated.filter((each) => !works(each))]
  }

  /** It could not be reached. */
  failed(member: T): void {
    member.downUntil = this.#now() + this.#retryMs
  }

  /** It has answered. */
  answered(member: T): void {
    member.downUntil = 0
  }
}
