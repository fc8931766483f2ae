// Sessions on a Store, found by a random id in the cookie. The Store's key is a hash of the id: a reader of the Store can't act
// as its visitors, and looking a key up tells nothing about ids. An id that the Store does not know gets no session: a visitor
// can't choose one.
// A record is replaced only if it is the one that was read. If it is not, the changes of this request are made again on
// top of the new one, so that none is lost; a record that is gone stays gone.

import { createHash, randomBytes } from "node:crypto"
import type { Environ } from "../gateway.ts"
import { reportError } from "../running/report.ts"
import { taggedJson } from "../signing/tagged-json.ts"
import type { Store } from "../stores/store.ts"
import type { CarrierOptions } from "./cookie-sessions.ts"
import { keptValues } from "./kept-value.ts"
import type { FinishedSession } from "./session.ts"
import type { LoadedSession, SavedSession, SessionCarrier } from "./session-carrier.ts"

const ID = /^[A-Za-z0-9_-]{43}$/
/** In the place of a record whose session goes on under another id. Short-lived, in case the process that wrote it ends. */
const MOVED = "moved"
const MOVED_SECONDS = 60
const MAX_TRIES = 50

/** The record that a session was read from. */
interface Origin {
  key: string
  text: string
}

/** Keeps sessions on a Store. */
export class StoredSessions implements SessionCarrier {
  readonly rotateOn: readonly string[]
  readonly #store: Store
  readonly #options: CarrierOptions

  constructor(store: Store, options: CarrierOptions) {
    this.rotateOn = options.rotateOn
    this.#store = store
    this.#options = options
  }

  async load(environ: Environ): Promise<LoadedSession> {
    const id = this.#options.cookie.read(environ)
    const key = id !== undefined && ID.test(id) ? keyOf(id) : undefined
    const text = key === undefined ? undefined : await this.#store.get(key)
    const record = text === undefined ? undefined : parseRecord(text)
    if (record === undefined) return { values: new Map(), isNew: true, isStale: false }
    const age = Date.now() / 1000 - record.savedAt
    return {
      values: record.values,
      isNew: false,
      isStale: age > this.#options.maxAgeSeconds / 2,
      origin: { key, text } as Origin,
    }
  }

  /** A Store has no limit for a value. */
  checkSize(): void {}

  save(environ: Environ, loaded: LoadedSession, finished: FinishedSession): SavedSession {
    const { cookie, permanent } = this.#options
    const origin = loaded.origin as Origin | undefined
    const isEmpty = finished.values.size === 0
    if (isEmpty && origin === undefined) {
      return { setCookie: cookie.read(environ) === undefined ? undefined : cookie.delete() }
    }
    if (isEmpty && finished.isCleared) {
      return { setCookie: cookie.delete(), saving: this.#remove(origin as Origin) }
    }
    const lasting = finished.permanent ?? permanent
    if (origin !== undefined && !finished.isRotated) {
      // The same id again: the browser's copy has to last as long as the record.
      const id = cookie.read(environ) as string
      return { setCookie: lasting ? cookie.set(id, true) : undefined, saving: this.#replace(environ, origin, finished) }
    }
    const id = randomBytes(32).toString("base64url")
    const saving = origin === undefined ? this.#create(id, finished.values) : this.#move(environ, origin, id, finished)
    return { setCookie: cookie.set(id, lasting), saving }
  }

  async #create(id: string, values: ReadonlyMap<string, unknown>): Promise<void> {
    await this.#store.set(keyOf(id), dumpRecord(values), { ttlSeconds: this.#options.maxAgeSeconds })
  }

  async #remove({ key }: Origin): Promise<void> {
    await this.#store.delete(key)
  }

  async #replace(environ: Environ, origin: Origin, finished: FinishedSession): Promise<void> {
    const { maxAgeSeconds } = this.#options
    const saved = await this.#exchange(origin, finished, (text, values) =>
      this.#store.set(origin.key, dumpRecord(values), { ttlSeconds: maxAgeSeconds, ifEquals: text }),
    )
    if (saved === undefined && finished.changes.length > 0) reportLost(environ)
  }

  /** Under another id. The old record is marked first, so that no other request writes to it afterwards. */
  async #move(environ: Environ, origin: Origin, id: string, finished: FinishedSession): Promise<void> {
    const moved = await this.#exchange(origin, finished, (text) =>
      this.#store.set(origin.key, MOVED, { ttlSeconds: MOVED_SECONDS, ifEquals: text }),
    )
    // A session that has ended meanwhile can't be moved. What belongs to it is lost; the visitor that logs in gets a new one.
    if (moved === undefined) {
      if (!finished.isCleared) reportLost(environ)
      return this.#create(id, changed(new Map(), finished))
    }
    await this.#create(id, moved)
    await this.#store.delete(origin.key)
  }

  /** Tries until no other request has written in between; `undefined` when the record is gone. */
  async #exchange(
    origin: Origin,
    finished: FinishedSession,
    write: (text: string, values: ReadonlyMap<string, unknown>) => Promise<boolean>,
  ): Promise<ReadonlyMap<string, unknown> | undefined> {
    let text: string = origin.text
    let values: ReadonlyMap<string, unknown> = finished.values
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (await write(text, values)) return values
      const now = await this.#store.get(origin.key)
      const record = now === undefined ? undefined : parseRecord(now)
      if (record === undefined) return undefined
      text = now as string
      values = changed(record.values, finished)
    }
    throw new Error(`a session was changed by others ${MAX_TRIES} times while it was saved`)
  }
}

/** The changes of this request, made on top of other values. */
function changed(values: Map<string, unknown>, { changes }: FinishedSession): Map<string, unknown> {
  for (const change of changes) change(values)
  return values
}

function reportLost(environ: Environ): void {
  reportError(environ, "a session ended before this request could save its changes to it; they are lost")
}

function keyOf(id: string): string {
  return `session:${createHash("sha256").update(id).digest("base64url")}`
}

function dumpRecord(values: ReadonlyMap<string, unknown>): string {
  return `${Math.floor(Date.now() / 1000)} ${taggedJson.stringify(Object.fromEntries(values))}`
}

function parseRecord(text: string): { savedAt: number; values: Map<string, unknown> } | undefined {
  const space = text.indexOf(" ")
  if (space === -1) return undefined
  try {
    const values = keptValues(taggedJson.parse(text.slice(space + 1)))
    return values && { savedAt: Number(text.slice(0, space)), values }
  } catch {
    return undefined
  }
}
