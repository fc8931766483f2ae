// The connections of a server: which ones are silent for too long, which ones still wait for an answer, and how a server stops
// without losing a request. It knows no protocol; a kind of connection says in `Peer` what it can tell and what it can do.

import type { WebAbortSignal } from "../web-platform.ts"

/** How long a client may be silent, in milliseconds. */
export interface SilenceLimits {
  /** Before its first request. */
  firstByteMs: number
  /** For the head of a request, from its first byte. */
  headMs: number
  /** For a whole request, from its first byte; 0 for no limit. */
  requestMs: number
  /** Between two requests. */
  keepAliveMs: number
  /** While bytes wait to be sent and the client takes none of them; 0 for no limit. */
  sendMs: number
  /** Once the server stops: how long an idle connection is kept, for a request that is on its way to it. */
  idleLingerMs: number
  /** How often a WebSocket is pinged, and how long its client may take to answer; 0 for no pings. Default 30000. */
  pingMs?: number
}

/** No limits: for requests whose connections are not ours. */
export const NEVER_SILENT: SilenceLimits = {
  firstByteMs: Number.POSITIVE_INFINITY,
  headMs: Number.POSITIVE_INFINITY,
  requestMs: 0,
  keepAliveMs: Number.POSITIVE_INFINITY,
  sendMs: 0,
  idleLingerMs: Number.POSITIVE_INFINITY,
}

/** One connection, as the server's connections see it. */
export interface Peer {
  /** Called every `elapsedMs`: lets go of a client that has had its time. `isStopping` once the server stops. */
  sweep(elapsedMs: number, limits: SilenceLimits, isStopping: boolean): void
  /**
   * The server stops: no request after those at work, and those that are on their way.
   *
   * @param closeCode with which a WebSocket is closed
   */
  retire(closeCode: number): void
  /** Ends at once: signals abort with `reason`, the connection breaks off. */
  destroy(reason: unknown): void
}

/** All connections of one server. */
export class Connections {
  /** How long clients may be silent. */
  readonly limits: SilenceLimits
  readonly #peers = new Set<Peer>()
  readonly #everyMs: number
  #timer: ReturnType<typeof setInterval> | undefined = undefined
  #isStopping = false
  #closeCode = 1001
  #stop: AbortController | undefined = undefined
  #onEmpty: (() => void)[] = []

  constructor(limits: SilenceLimits) {
    this.limits = limits
    const { firstByteMs, headMs, keepAliveMs, requestMs, sendMs, pingMs = 0 } = limits
    const times = [firstByteMs, headMs, keepAliveMs, requestMs, sendMs, pingMs]
    const shortest = Math.min(...times.filter((time) => time > 0))
    this.#everyMs = shortest === Number.POSITIVE_INFINITY ? shortest : Math.min(1000, Math.max(10, shortest / 4))
  }

  /** How many there are. */
  get size(): number {
    return this.#peers.size
  }

  /** Whether the server is to stop. */
  get isStopping(): boolean {
    return this.#isStopping
  }

  /** Aborts when the server is to stop. Made when it is first asked for. */
  get stopSignal(): WebAbortSignal {
    this.#stop ??= new AbortController()
    if (this.#isStopping) this.#stop.abort(new Error("the server stops"))
    return this.#stop.signal
  }

  /** Takes a connection in. */
  add(peer: Peer): void {
    this.#peers.add(peer)
    if (this.#isStopping) peer.retire(this.#closeCode)
    this.#watch(this.#everyMs)
  }

  /** Lets go of a connection that is closed, or is used in another way from now on. */
  delete(peer: Peer): void {
    if (!this.#peers.delete(peer) || this.#peers.size > 0) return
    for (const tell of this.#onEmpty.splice(0)) tell()
  }

  // One look at all connections now and then, in place of timers that are set and cleared with every request.
  #watch(everyMs: number): void {
    if (this.#timer !== undefined || everyMs === Number.POSITIVE_INFINITY) return
    this.#timer = setInterval(() => {
      // Not ended with the last connection: where each carries one request there would be a timer for each.
      if (this.#peers.size === 0) {
        clearInterval(this.#timer)
        this.#timer = undefined
      }
      for (const peer of this.#peers) peer.sweep(everyMs, this.limits, this.#isStopping)
    }, everyMs)
    // Not every runtime's timers can be left behind.
    ;(this.#timer as { unref?(): void }).unref?.()
  }

  /**
   * Tells all connections that the server stops; resolves when the last one is closed. Requests at work are answered, and
   * idle connections kept for `idleLingerMs`: a client or a balancer may have sent a request before it learned of the stop.
   *
   * @param closeCode for WebSockets: 1001, going away, or 1012, when a new process takes over (RFC 6455 section 7.4 and its registry)
   */
  async drain(closeCode = 1001): Promise<void> {
    if (!this.#isStopping) {
      this.#isStopping = true
      this.#closeCode = closeCode
      this.#stop?.abort(new Error("the server stops"))
      clearInterval(this.#timer)
      this.#timer = undefined
      for (const peer of [...this.#peers]) peer.retire(closeCode)
      if (this.#peers.size > 0) this.#watch(Math.min(this.#everyMs, Math.max(10, this.limits.idleLingerMs / 4)))
    }
    await this.empty()
  }

  /** Resolves when there is no connection. */
  async empty(): Promise<void> {
    if (this.#peers.size === 0) return
    await new Promise<void>((resolve) => {
      this.#onEmpty.push(resolve)
    })
  }

  /** Ends all connections at once. */
  destroy(reason: unknown): void {
    for (const peer of [...this.#peers]) peer.destroy(reason)
  }
}
