// What is known of a visitor from one request to the next, by key. Changes are kept as functions besides, so that they can be
// made again on top of what another request has saved meanwhile. Knows neither cookies nor stores: see session-carrier.ts.

import { type Kept, kept } from "./kept-value.ts"

/** Anything that can be kept, for sessions whose type is not said. */
export type SessionData = Record<
  string,
  // biome-ignore lint/suspicious/noExplicitAny: without a type of its own, a value has the type that the view expects
  any
>

/** A message for the visitor's next page. */
export interface Flash {
  category: string
  message: string
}

/** A change to the values of a session. */
export type SessionChange = (values: Map<string, unknown>) => void

/** What a session needs of what keeps it. */
export interface SessionLimits {
  /** Keys whose change means that the visitor is another one now. */
  readonly rotateOn: readonly string[]
  /** @throws RangeError when the values are too large to be kept */
  checkSize(values: ReadonlyMap<string, unknown>): void
}

let finish: (session: Session) => FinishedSession

const FLASHES = "_flashes"
const PERMANENT = "_permanent"
/** Where csrf keeps its token. A session that is rotated gets another one. */
export const CSRF_TOKEN = "_csrf_token"

/**
 * The session of a request. Saved when it was changed, by the time the response begins.
 *
 * `Data` says what is in it. Every key may be missing, also where `Data` says otherwise. Values are what JSON knows, Date (to the second),
 * Uint8Array and SafeHtml. They are given out frozen: set a new value instead of changing one.
 */
export class Session<Data extends object = SessionData> {
  readonly #limits: SessionLimits
  #values: Map<string, unknown>
  #changes: SessionChange[] = []
  #hasBegun = false
  #isRotated = false
  #isCleared = false

  /** Whether nothing was kept for this visitor before. */
  readonly isNew: boolean

  /**
   * Made by `sessions`; `getSession` gives it out.
   *
   * @internal
   */
  constructor(values: Map<string, unknown>, isNew: boolean, limits: SessionLimits) {
    this.#values = values
    this.isNew = isNew
    this.#limits = limits
  }

  /** The value of a key; `undefined` when there is none. */
  get<Key extends keyof Data & string>(key: Key): Kept<Data[Key]> | undefined {
    return this.#values.get(key) as Kept<Data[Key]> | undefined
  }

  /** Whether a key has a value. */
  has(key: keyof Data & string): boolean {
    return this.#values.has(key)
  }

  /**
   * Sets a value.
   *
   * @throws TypeError for a value that can't be kept, RangeError when the session gets too large for its cookie, Error when
   *   the response has begun; nothing is changed then
   */
  set<Key extends keyof Data & string>(key: Key, value: Exclude<Data[Key], undefined>): this {
    const own = kept(value)
    this.#change(key, (values) => void values.set(key, own))
    return this
  }

  /**
   * Sets a value that depends on the one before. In a session on a Store, `change` is called again when another request has
   * saved meanwhile, so that none of the two is lost: it must have no other effect.
   *
   * @throws as `set`
   */
  update<Key extends keyof Data & string>(
    key: Key,
    change: (value: Kept<Data[Key]> | undefined) => Exclude<Data[Key], undefined> | Kept<Exclude<Data[Key], undefined>>,
  ): this {
    this.#change(key, (values) => void values.set(key, kept(change(values.get(key) as Kept<Data[Key]> | undefined))))
    return this
  }

  /** Removes a value; tells whether there was one. @throws Error when the response has begun */
  delete(key: keyof Data & string): boolean {
    if (!this.#values.has(key)) return false
    this.#change(key, (values) => void values.delete(key))
    return true
  }

  /** Ends the session: nothing of it is left, here and where it was kept. For logging out. @throws Error when the response has begun */
  clear(): void {
    this.#checkOpen()
    this.#values = new Map()
    // Earlier changes do not count any more, and later ones belong to another session.
    this.#changes = [(values) => values.clear()]
    this.#isCleared = true
    this.#isRotated = true
  }

  /**
   * Gives the session a new identity: a new id, if it is kept on a Store, and a new CSRF token. Its values stay. Call it when
   * a visitor gets other rights; it happens by itself when one of the keys in `rotateOn` changes.
   *
   * @throws Error when the response has begun
   */
  rotate(): void {
    this.#checkOpen()
    this.#isRotated = true
    this.#apply((values) => void values.delete(CSRF_TOKEN))
  }

  /** All keys and values, those of flash messages and the like included: their names begin with `_`. */
  entries(): IterableIterator<[key: string, value: unknown]> {
    return this.#values.entries()
  }

  /** The same as `entries()`. */
  [Symbol.iterator](): IterableIterator<[key: string, value: unknown]> {
    return this.entries()
  }

  /** Whether the cookie outlives the browser's session; `permanent` of the options unless it was set. */
  get permanent(): boolean | undefined {
    const value = this.#values.get(PERMANENT)
    return typeof value === "boolean" ? value : undefined
  }

  set permanent(permanent: boolean) {
    if (this.#values.get(PERMANENT) !== permanent) {
      this.#change(PERMANENT, (values) => void values.set(PERMANENT, permanent))
    }
  }

  /** Leaves a message for the next page that takes the messages. @throws as `set` */
  flash(message: string, category = "message"): this {
    const entry = kept([category, message])
    this.#change(FLASHES, (values) => void values.set(FLASHES, Object.freeze([...rawFlashes(values), entry])))
    return this
  }

  /** The messages that were left, in order; they are gone then. */
  takeFlashes(): Flash[] {
    const raw = rawFlashes(this.#values)
    if (raw.length > 0) this.#change(FLASHES, (values) => takeFirst(values, raw.length))
    return raw.flatMap((entry) => {
      const [category, message] = Array.isArray(entry) ? (entry as unknown[]) : []
      return typeof message === "string" ? [{ category: String(category), message }] : []
    })
  }

  #change(key: string, change: SessionChange): void {
    this.#checkOpen()
    const before = new Map(this.#values)
    try {
      change(this.#values)
      this.#limits.checkSize(this.#values)
    } catch (error) {
      this.#values = before
      throw error
    }
    this.#changes.push(change)
    if (this.#limits.rotateOn.includes(key) && !Object.is(before.get(key), this.#values.get(key))) this.rotate()
  }

  #apply(change: SessionChange): void {
    change(this.#values)
    this.#changes.push(change)
  }

  #checkOpen(): void {
    if (this.#hasBegun) {
      throw new Error("the response has begun, with its headers: the session can't be changed any more")
    }
  }

  static {
    finish = (session) => {
      session.#hasBegun = true
      return {
        values: session.#values,
        changes: session.#changes,
        isRotated: session.#isRotated,
        isCleared: session.#isCleared,
        permanent: session.permanent,
      }
    }
  }
}

/** Ends the changes to a session, when its response begins. Only for what keeps it, so it is no method. */
export function finishSession(session: Session): FinishedSession {
  return finish(session)
}

/** A session that is to be saved. */
export interface FinishedSession {
  values: Map<string, unknown>
  /** In order; none when nothing was changed. */
  changes: readonly SessionChange[]
  isRotated: boolean
  isCleared: boolean
  permanent: boolean | undefined
}

function rawFlashes(values: ReadonlyMap<string, unknown>): readonly unknown[] {
  const raw = values.get(FLASHES)
  return Array.isArray(raw) ? raw : []
}

function takeFirst(values: Map<string, unknown>, count: number): void {
  const rest = rawFlashes(values).slice(count)
  if (rest.length === 0) values.delete(FLASHES)
  else values.set(FLASHES, Object.freeze(rest))
}
