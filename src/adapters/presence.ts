// Waits that end when the client leaves. One listener serves all waits of a request, and a wait that is over leaves
// nothing behind: racing each chunk against one long-lived promise would keep every chunk's reaction until the end.

/** What a wait is rejected with when the client left first. Never shown to an application. */
export const GONE: Error = new Error("the client has gone")

/** The one who can tell that the client has left. */
export interface Watched {
  readonly gone: boolean
  watch(onGone: () => void): void
}

export class Presence {
  readonly #watched: Watched
  #waiting: Set<(reason: Error) => void> | undefined = undefined

  constructor(watched: Watched) {
    this.#watched = watched
  }

  /** What `promise` settles to, or a rejection with GONE as soon as the client leaves. */
  race<T>(promise: PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#watched.gone) {
        promise.then(ignore, ignore)
        reject(GONE)
        return
      }
      const waiting = this.#waiters()
      waiting.add(reject)
      promise.then(
        (value) => {
          waiting.delete(reject)
          resolve(value)
        },
        (error) => {
          waiting.delete(reject)
          reject(error)
        },
      )
    })
  }

  #waiters(): Set<(reason: Error) => void> {
    if (this.#waiting !== undefined) return this.#waiting
    const waiting = new Set<(reason: Error) => void>()
    this.#waiting = waiting
    this.#watched.watch(() => {
      for (const reject of waiting) reject(GONE)
      waiting.clear()
    })
    return waiting
  }
}

/** For a rejection that somebody else reports, or that nobody wants to know of. */
export function ignore(): void {}
