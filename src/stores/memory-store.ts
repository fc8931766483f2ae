// A Store in the memory of this process, for one process and for tests. It is bounded: when it is full, what was not used
// for the longest time goes.

import { type IncrementOptions, type SetOptions, type Store, summand, ttlMs } from "./store.ts"

/** How much a MemoryStore may hold. */
export interface MemoryStoreOptions {
  /** The most bytes that keys and values may take together, estimated; 64 MiB unless given. */
  maxBytes?: number | undefined
}

interface Entry {
  value: string
  /** On the clock of `performance.now()`, which is never set back. */
  expiresAt: number
  bytes: number
}

const DEFAULT_MAX_BYTES = 64 * 2 ** 20
/** What an entry takes besides its text, about. */
const ENTRY_BYTES = 120
const INTEGER = /^-?[0-9]{1,16}$/

/**
 * A Store in memory. Other processes don't see it, and it is empty after a restart.
 *
 * @throws RangeError when `maxBytes` is no number above 0
 * @example
 * const store = new MemoryStore()
 * await store.set("a", "1", { ttlSeconds: 60 })
 * await store.get("a") // => "1"
 * await store.set("a", "2", { ifAbsent: true }) // => false
 * await store.increment("b") // => 1
 */
export class MemoryStore implements Store {
  readonly #maxBytes: number
  /** The one that was used last stands last. */
  readonly #entries = new Map<string, Entry>()
  #bytes = 0
  /** How many entries may be made before a search for entries whose time is over. */
  #untilSweep = 1000

  constructor(options: MemoryStoreOptions = {}) {
    const { maxBytes = DEFAULT_MAX_BYTES } = options
    if (!(maxBytes > 0)) throw new RangeError(`maxBytes must be above 0, not ${String(maxBytes)}`)
    this.#maxBytes = maxBytes
  }

  /** How many entries there are; some of them may be over already. */
  get size(): number {
    return this.#entries.size
  }

  /** The value; `undefined` when there is none. */
  async get(key: string): Promise<string | undefined> {
    const entry = this.#find(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /**
   * Sets a value. @throws RangeError for a value that alone is larger than `maxBytes`, and for a time that is no number above 0
   */
  async set(key: string, value: string, options: SetOptions = {}): Promise<boolean> {
    const ttl = ttlMs(options.ttlSeconds)
    const found = this.#find(key)
    if (options.ifAbsent && found !== undefined) return false
    if (options.ifEquals !== undefined && found?.value !== options.ifEquals) return false
    this.#put(key, value, ttl === undefined ? Number.POSITIVE_INFINITY : performance.now() + ttl)
    return true
  }

  /** Adds to a number. @throws TypeError when the value is something else */
  async increment(key: string, options: IncrementOptions = {}): Promise<number> {
    const [by, ttl] = [summand(options.by), ttlMs(options.ttlSeconds)]
    const found = this.#find(key)
    const before = found === undefined ? 0 : INTEGER.test(found.value) ? Number(found.value) : Number.NaN
    const sum = before + by
    if (!Number.isSafeInteger(sum)) throw new TypeError(`nothing can be added to the value of ${JSON.stringify(key)}`)
    const fresh = ttl === undefined ? Number.POSITIVE_INFINITY : performance.now() + ttl
    this.#put(key, String(sum), found?.expiresAt ?? fresh)
    return sum
  }

  /** Removes a value. */
  async delete(key: string): Promise<boolean> {
    const found = this.#find(key) !== undefined
    if (found) this.#remove(key)
    return found
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.expiresAt > performance.now()) return entry
    this.#remove(key)
    return undefined
  }

  #put(key: string, value: string, expiresAt: number): void {
    const bytes = 2 * (key.length + value.length) + ENTRY_BYTES
    if (bytes > this.#maxBytes) throw new RangeError(`a value of ${bytes} bytes in a store of ${this.#maxBytes}`)
    this.#remove(key)
    this.#entries.set(key, { value, expiresAt, bytes })
    this.#bytes += bytes
    if (--this.#untilSweep <= 0) this.#sweep()
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break
      this.#remove(oldest)
    }
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }

  /** As many entries are made between two searches as there are, so that a search costs each of them next to nothing. */
  #sweep(): void {
    const now = performance.now()
    for (const [key, entry] of this.#entries) if (entry.expiresAt <= now) this.#remove(key)
    this.#untilSweep = Math.max(1000, this.#entries.size)
  }
}
