// A Store in Redis or Valkey, over a client that the application brings: one of the packages redis, iovalkey or ioredis.
// They are told apart by the method that sends any command; nothing is imported from them. What takes more than one
// command runs as a script in the server, so that it is atomic.

import { type IncrementOptions, type SetOptions, type Store, summand, ttlMs } from "./store.ts"

/** A client of the package `redis`, connected. */
export interface SendingClient {
  sendCommand(args: string[]): Promise<unknown>
}

/** A client of the packages `iovalkey` and `ioredis`. */
export interface CallingClient {
  call(command: string, ...args: string[]): Promise<unknown>
}

/** What may be set about a RedisStore. */
export interface RedisStoreOptions {
  /** What stands in front of every key; `werkstatt:` unless given. */
  prefix?: string | undefined
}

const SET_IF_EQUALS = `if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == "" then redis.call("SET", KEYS[1], ARGV[2]) else redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3]) end
return 1`

const INCREMENT = `local made = redis.call("EXISTS", KEYS[1]) == 0
local sum = redis.call("INCRBY", KEYS[1], ARGV[1])
if made and ARGV[2] ~= "" then redis.call("PEXPIRE", KEYS[1], ARGV[2]) end
return sum`

/**
 * A Store in Redis or Valkey. What the client rejects with, as when there is no connection, is passed on.
 *
 * @throws TypeError for an object that is no client
 * @example
 * new RedisStore({ sendCommand: async () => null }).get("a") // => undefined
 * new RedisStore({}) // throws TypeError
 */
export class RedisStore implements Store {
  readonly #send: (command: string, ...args: string[]) => Promise<unknown>
  readonly #prefix: string

  constructor(client: SendingClient | CallingClient, options: RedisStoreOptions = {}) {
    this.#prefix = options.prefix ?? "werkstatt:"
    // Clients of ioredis have a sendCommand too, which takes something else.
    if ("call" in client && typeof client.call === "function") this.#send = (...args) => client.call(...args)
    else if ("sendCommand" in client && typeof client.sendCommand === "function") {
      this.#send = (...args) => client.sendCommand(args)
    } else throw new TypeError("a client of the package redis, iovalkey or ioredis is needed")
  }

  /** The value; `undefined` when there is none. */
  async get(key: string): Promise<string | undefined> {
    const value = await this.#send("GET", this.#prefix + key)
    return value === null || value === undefined ? undefined : String(value)
  }

  /** Sets a value. @throws RangeError for a time that is no number above 0 */
  async set(key: string, value: string, options: SetOptions = {}): Promise<boolean> {
    const ttl = ttlMs(options.ttlSeconds)
    if (options.ifEquals !== undefined) {
      if (options.ifAbsent) return false
      return (await this.#run(SET_IF_EQUALS, key, options.ifEquals, value, String(ttl ?? ""))) === 1
    }
    const expiry = ttl === undefined ? [] : ["PX", String(ttl)]
    const condition = options.ifAbsent ? ["NX"] : []
    return (await this.#send("SET", this.#prefix + key, value, ...expiry, ...condition)) !== null
  }

  /** Adds to a number. Rejects with the server's error when the value is something else. */
  async increment(key: string, options: IncrementOptions = {}): Promise<number> {
    const [by, ttl] = [summand(options.by), ttlMs(options.ttlSeconds)]
    return Number(await this.#run(INCREMENT, key, String(by), String(ttl ?? "")))
  }

  /** Removes a value. */
  async delete(key: string): Promise<boolean> {
    return Number(await this.#send("DEL", this.#prefix + key)) === 1
  }

  async #run(script: string, key: string, ...args: string[]): Promise<number> {
    return Number(await this.#send("EVAL", script, "1", this.#prefix + key, ...args))
  }
}
