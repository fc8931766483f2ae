// When a worker is to be replaced although nothing is wrong with it: after so many requests, so long a time, or with so much
// memory. The limits of each worker are lowered at random, so that not all of them reach theirs at once.

/** Limits; 0 means no limit. */
export interface RecyclingLimits {
  maxRequests: number
  maxAgeMs: number
  maxMemoryBytes: number
  /** Per cent. */
  recycleJitter: number
}

const LOOK_MS = 1000

export class Recycling {
  readonly #maxRequests: number
  readonly #ask: (why: string) => void
  #requests = 0
  #asked = false

  /** @param ask is called once, with the reason */
  constructor(limits: RecyclingLimits, ask: (why: string) => void) {
    this.#ask = ask
    const lowered = (limit: number) => limit * (1 - (Math.random() * limits.recycleJitter) / 100)
    this.#maxRequests = Math.ceil(lowered(limits.maxRequests))
    if (limits.maxAgeMs > 0) setTimeout(() => this.#once("its age"), lowered(limits.maxAgeMs)).unref()
    if (limits.maxMemoryBytes > 0) {
      const most = lowered(limits.maxMemoryBytes)
      setInterval(() => {
        const bytes = process.memoryUsage.rss()
        if (bytes > most) this.#once(`its memory, ${Math.round(bytes / 1024 ** 2)} MiB`)
      }, LOOK_MS).unref()
    }
  }

  /** A request is over. */
  count(): void {
    if (this.#maxRequests > 0 && ++this.#requests >= this.#maxRequests) this.#once(`${this.#requests} requests`)
  }

  #once(why: string): void {
    if (this.#asked) return
    this.#asked = true
    this.#ask(why)
  }
}
