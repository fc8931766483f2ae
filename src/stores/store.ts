// Where state lives that several requests, processes or machines share: sessions, counters, cached responses. Four verbs
// that every key-value store has, each of them atomic; what needs more is built on the conditions of `set`.

/** When a value is set, and for how long. */
export interface SetOptions {
  /** Seconds until the entry is gone, above 0; it stays unless given. */
  ttlSeconds?: number | undefined
  /** Only if the key has no value. */
  ifAbsent?: boolean | undefined
  /** Only if this is the value of the key. */
  ifEquals?: string | undefined
}

/** How a number is changed. */
export interface IncrementOptions {
  /** What is added, a whole number: 1 unless given. */
  by?: number | undefined
  /** Seconds until a number that is made by this call is gone; one that is there keeps its time. */
  ttlSeconds?: number | undefined
}

/** Text by key, for a time. Each call is atomic; an entry whose time is over is as good as gone. */
export interface Store {
  /** The value; `undefined` when there is none. */
  get(key: string): Promise<string | undefined>
  /** Sets a value together with its time to live. Resolves to whether it was set, which only a condition can prevent. */
  set(key: string, value: string, options?: SetOptions): Promise<boolean>
  /** Adds to a number, which is 0 where there is no value. Resolves to the sum. Rejects when the value is something else. */
  increment(key: string, options?: IncrementOptions): Promise<number>
  /** Removes a value. Resolves to whether there was one. */
  delete(key: string): Promise<boolean>
}

/** The time to live in milliseconds. @throws RangeError unless it is above 0 */
export function ttlMs(ttlSeconds: number | undefined): number | undefined {
  if (ttlSeconds === undefined) return undefined
  if (ttlSeconds > 0 && ttlSeconds <= Number.MAX_SAFE_INTEGER / 1000) return Math.ceil(ttlSeconds * 1000)
  throw new RangeError(`ttlSeconds must be above 0, not ${String(ttlSeconds)}`)
}

/** What is to be added. @throws RangeError unless it is a whole number */
export function summand(by = 1): number {
  if (Number.isSafeInteger(by)) return by
  throw new RangeError(`a whole number can be added, not ${String(by)}`)
}
