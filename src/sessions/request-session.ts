// The session of one request: opened when the application asks for it, finished when the response begins. A session that is not
// asked for leaves no trace in the response.

import type { Environ, HeaderList } from "../gateway.ts"
import { withVary } from "../middleware/header-list.ts"
import { HeldResponse } from "../middleware/held-response.ts"
import { kept } from "./kept-value.ts"
import { finishSession, Session } from "./session.ts"
import type { LoadedSession, SavedSession, SessionCarrier } from "./session-carrier.ts"

/** Looks at what was kept, and gives what to take of it; `undefined` for nothing. */
export type SessionValidator = (data: Record<string, unknown>) => object | undefined

const NOTHING: SavedSession = Object.freeze({})

export class RequestSession extends HeldResponse {
  readonly #environ: Environ
  readonly #carrier: SessionCarrier
  readonly #validate: SessionValidator | undefined
  #opening: Promise<Session> | undefined = undefined
  #opened: { session: Session; loaded: LoadedSession } | undefined = undefined
  #saved: SavedSession | undefined = undefined

  constructor(environ: Environ, carrier: SessionCarrier, validate: SessionValidator | undefined) {
    super()
    this.#environ = environ
    this.#carrier = carrier
    this.#validate = validate
  }

  open(): Promise<Session> {
    this.#opening ??= this.#load()
    return this.#opening
  }

  async #load(): Promise<Session> {
    const loaded = this.#carrier.load(this.#environ)
    return this.#sessionOf(loaded instanceof Promise ? await loaded : loaded)
  }

  #sessionOf(loaded: LoadedSession): Session {
    if (this.#validate !== undefined && !loaded.isNew) loaded.values = validated(loaded.values, this.#validate)
    const session = new Session(loaded.values, loaded.isNew, this.#carrier)
    // Too late to be saved: it can be read only.
    if (this.#saved !== undefined) finishSession(session)
    else this.#opened = { session, loaded }
    return session
  }

  /** The headers of the response, with what the session adds. Called again, it adds the same. */
  headers(headers: HeaderList): HeaderList {
    this.#saved ??= this.#opening === undefined ? NOTHING : this.#save()
    const { setCookie, saving } = this.#saved
    this.start(saving)
    if (this.#opening === undefined) return headers
    const varying = withVary(headers, "Cookie")
    return setCookie === undefined ? varying : [...varying, ["Set-Cookie", setCookie]]
  }

  #save(): SavedSession {
    if (this.#opened === undefined) return NOTHING
    const { session, loaded } = this.#opened
    const finished = finishSession(session)
    if (finished.changes.length === 0 && !loaded.isStale) return NOTHING
    return this.#carrier.save(this.#environ, loaded, finished)
  }
}

/** What the application takes of the values, and those of flash messages and the like, which it does not know. */
function validated(values: Map<string, unknown>, validate: SessionValidator): Map<string, unknown> {
  const isOwn = ([key]: [string, unknown]) => key.startsWith("_")
  const all = [...values]
  const taken = validate(Object.fromEntries(all.filter((entry) => !isOwn(entry))))
  if (taken === undefined) return new Map()
  const theirs = Object.entries(taken).filter(([, value]) => value !== undefined)
  return new Map([...all.filter(isOwn), ...theirs.map(([key, value]) => [key, kept(value)] as const)])
}
