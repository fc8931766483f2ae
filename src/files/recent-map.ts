// Values that hold for a moment: after their time they are gone, and when there are too many, the oldest go.
// Has no timer: a user whose values have to be given back asks for a sweep.

interface Entry<V> {
  readonly value: V
  readonly until: number
}

/** A map whose entries live for `maxAgeMs`, however often they are asked for. */
export class RecentMap<V> {
  readonly #maxAgeMs: number
  readonly #maxEntries: number
  readonly #onDrop: ((value: V) => void) | undefined
  /** The oldest first. */
  readonly #entries = new Map<string, Entry<V>>()

  /** @param onDrop called with each value that goes */
  constructor(maxAgeMs: number, maxEntries: number, onDrop?: (value: V) => void) {
    this.#maxAgeMs = maxAgeMs
    this.#maxEntries = maxEntries
    this.#onDrop = onDrop
  }

  /** How many there are. Values whose time is over count until they are asked for. */
  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && entry.until > performance.now() ? entry.value : undefined
  }

  /** Sets a value, whose time begins now. */
  set(key: string, value: V): void {
    this.delete(key)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < this.#maxEntries) break
      this.delete(oldest)
    }
    this.#entries.set(key, { value, until: performance.now() + this.#maxAgeMs })
  }

  /** @param value only if it is this one */
  delete(key: string, value?: V): void {
    const entry = this.#entries.get(key)
    if (entry === undefined || (value !== undefined && value !== entry.value)) return
    this.#entries.delete(key)
    this.#onDrop?.(entry.value)
  }

  /** Lets go of those whose time is over. */
  sweep(): void {
    const now = performance.now()
    for (const [key, { until }] of this.#entries) if (until <= now) this.delete(key)
  }

  clear(): void {
    for (const key of this.#entries.keys()) this.delete(key)
  }
}
