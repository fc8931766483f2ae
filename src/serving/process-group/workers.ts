// Keeps so many processes that run the application, and spreads connections over those that are ready. What dies is replaced,
// the sooner the longer it had worked; what is to be replaced serves until its successor is ready.
//
//   starting -> serving -> retiring -> gone       ready in time; told to end
//   starting -> waiting -> serving                one of a reload, until all of them are ready
//   any -> gone                                   it died, hung, or was not ready in time

import { BackOff } from "./back-off.ts"
import type { GroupPayload } from "./link.ts"
import type { Exit, HeldConnection, Launch, Member, MemberListener } from "./member.ts"
import type { HungReport, Report } from "./messages.ts"
import { ProcessGroup } from "./process-group.ts"

/** How important a line for the operator is. */
export type Level = "info" | "warning" | "error"

/** How long each may take. */
export interface WorkerLimits {
  /** From its start until it is ready. */
  readyLimitMs: number
  /** From being told to end to its end. */
  stopLimitMs: number
  /** For one turn of its event loop; 0 for no limit. */
  hangLimitMs: number
}

/** How many, how started, and what is told of them. */
export interface WorkersOptions extends WorkerLimits {
  count: number
  launch: Launch
  payload: GroupPayload
  say(line: string, level: Level): void
  onReady?(member: Member, info: unknown): void
  onTold?(member: Member, text: unknown): void
  onGone?(member: Member): void
}

/** No process became ready: the program cannot start. */
export class StartFailed extends Error {
  override readonly name = "StartFailed"
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

type State = "starting" | "waiting" | "serving" | "retiring"

interface Worker {
  readonly member: Member
  state: State
  readyAt: number
  limit: NodeJS.Timeout | undefined
  /** Serves until this one is ready. */
  replaces: Worker | undefined
  /** Belongs to a reload that is going on. */
  reload: Reload | undefined
  /** Its end is no accident. */
  expected: boolean
}

interface Reload {
  readonly workers: Worker[]
  done(succeeded: boolean): void
}

/** What waits for a process that is ready; more than a kernel would keep waiting is turned away. */
const MOST_WAITING = 4096
const BACK_OFF = { firstMs: 500, mostMs: 30_000, heldMs: 10_000 }

export class Workers implements MemberListener {
  #options: WorkersOptions
  readonly #group = new ProcessGroup()
  readonly #workers = new Map<Member, Worker>()
  readonly #backOff = new BackOff(BACK_OFF)
  readonly #timers = new Set<NodeJS.Timeout>()
  #waiting: HeldConnection[] = []
  #count: number
  #turn = 0
  #hasServed = false
  #stopping = false
  #reload: Reload | undefined = undefined
  #watch: NodeJS.Timeout | undefined = undefined
  readonly #recycling: Worker[] = []
  #onStarted: { resolve(): void; reject(error: Error): void } | undefined = undefined
  #onEmpty: () => void = () => {}
  /** How many have been started in place of others that died. */
  restarts = 0

  constructor(options: WorkersOptions) {
    this.#options = options
    this.#count = options.count
  }

  /** Resolves when all of them are ready, or are to stop before that; rejects when one ends before any was. */
  async start(): Promise<void> {
    this.#watchTurns()
    const started = new Promise<void>((resolve, reject) => {
      this.#onStarted = { resolve, reject }
    })
    for (let i = 0; i < this.#count; i++) this.#spawn()
    try {
      await started
    } catch (error) {
      await this.stop(0)
      throw error
    }
  }

  /** From now on these limits count. */
  adjust(limits: WorkerLimits): void {
    this.#options = { ...this.#options, ...limits }
    this.#watchTurns()
  }

  #watchTurns(): void {
    clearInterval(this.#watch)
    const { hangLimitMs } = this.#options
    if (hangLimitMs <= 0 || this.#stopping) return
    const everyMs = Math.min(250, Math.max(10, hangLimitMs / 8))
    this.#watch = setInterval(() => this.#look(everyMs), everyMs)
  }

  /** Those that take connections. */
  get serving(): Member[] {
    return [...this.#workers.values()].filter(({ state }) => state === "serving").map(({ member }) => member)
  }

  get members(): Iterable<Member> {
    return this.#workers.keys()
  }

  get count(): number {
    return this.#count
  }

  // ---- connections

  /** Gives the connection to a process, now or when one is ready. */
  deliver(connection: HeldConnection): void {
    if (connection.socket.destroyed) return
    const worker = this.#pick()
    if (worker !== undefined) worker.member.give(connection, () => this.deliver(connection))
    else if (this.#stopping || this.#waiting.length >= MOST_WAITING) connection.socket.destroy()
    else this.#waiting.push(connection)
  }

  /** The next one in turn among those that have taken most of what they were given: one that hangs gets no more. */
  #pick(): Worker | undefined {
    let best: Worker | undefined
    const all = [...this.#workers.values()].filter(({ state }) => state === "serving")
    const least = Math.min(...all.map(({ member }) => member.pending))
    for (let i = 0; i < all.length && best === undefined; i++) {
      const each = all[(this.#turn + i) % all.length] as Worker
      if (each.member.pending === least) {
        best = each
        this.#turn = (this.#turn + i + 1) % all.length
      }
    }
    return best
  }

  #deliverWaiting(): void {
    for (const connection of this.#waiting.splice(0)) this.deliver(connection)
  }

  // ---- more, fewer, others

  /** Keeps `count` of them from now on. */
  scale(count: number): void {
    this.#count = Math.max(0, count)
    this.#keep()
  }

  /**
   * Starts the program anew in as many processes, and retires the old ones when all of these are ready. If one of them cannot
   * start, the old ones go on.
   */
  reload(): Promise<boolean> {
    if (this.#stopping) return Promise.resolve(false)
    // A reload that was asked for before is older than this one.
    this.#endReload(false)
    return new Promise((resolve) => {
      const reload: Reload = { workers: [], done: resolve }
      this.#reload = reload
      for (let i = 0; i < this.#count; i++) reload.workers.push(this.#spawn({ reload }))
      if (this.#count === 0) this.#endReload(true)
    })
  }

  #endReload(succeeded: boolean): void {
    const reload = this.#reload
    if (reload === undefined) return
    this.#reload = undefined
    for (const worker of reload.workers) {
      worker.reload = undefined
      if (succeeded) this.#serve(worker)
      else this.#end(worker, 0)
    }
    if (succeeded) {
      this.#recycling.splice(0)
      for (const worker of this.#workers.values())
        if (!reload.workers.includes(worker)) this.#end(worker, this.#options.stopLimitMs)
      this.#deliverWaiting()
    }
    reload.done(succeeded)
    this.#keep()
  }

  /** Replaces a process that is still all right; one after the other. */
  recycle(member: Member): void {
    const worker = this.#workers.get(member)
    if (worker?.state !== "serving" || this.#recycling.includes(worker) || this.#stopping) return
    this.#recycling.push(worker)
    if (this.#recycling.length === 1) this.#spawn({ replaces: worker })
  }

  #recycled(worker: Worker): void {
    const index = this.#recycling.indexOf(worker)
    if (index === -1) return
    this.#recycling.splice(index, 1)
    const next = this.#recycling[0]
    if (index === 0 && next !== undefined && !this.#stopping) this.#spawn({ replaces: next })
  }

  /** Says something to all of them. */
  tell(text: unknown): void {
    for (const member of this.#workers.keys()) member.tell(text)
  }

  /** Lets all of them finish what they are at, for so long; resolves when they are gone. Another call shortens it. */
  async stop(limitMs: number): Promise<void> {
    this.#stopping = true
    // A start that still waits for its processes is over.
    this.#onStarted?.resolve()
    for (const timer of this.#timers) clearTimeout(timer)
    for (const { socket } of this.#waiting.splice(0)) socket.destroy()
    this.#endReload(false)
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
      if (this.#workers.size === 0) resolve()
    })
    for (const worker of this.#workers.values()) this.#end(worker, limitMs)
    await empty
    clearInterval(this.#watch)
    await this.#group.end()
  }

  // ---- one of them

  #spawn(of: { reload?: Reload; replaces?: Worker } = {}): Worker {
    const { launch, payload, readyLimitMs, say } = this.#options
    const member = this.#group.spawn(this, launch)
    const worker: Worker = {
      member,
      state: "starting",
      readyAt: 0,
      limit: setTimeout(() => {
        say(`Process ${member.pid} is not ready after ${readyLimitMs} ms`, "error")
        member.kill("SIGKILL")
      }, readyLimitMs),
      replaces: of.replaces,
      reload: of.reload,
      expected: false,
    }
    this.#workers.set(member, worker)
    member.begin(payload)
    return worker
  }

  onReady(member: Member, info: unknown): void {
    const worker = this.#workers.get(member)
    if (worker?.state !== "starting") return
    clearTimeout(worker.limit)
    worker.readyAt = performance.now()
    this.#options.onReady?.(member, info)
    if (worker.reload !== undefined) {
      worker.state = "waiting"
      if (worker.reload.workers.every(({ state }) => state === "waiting")) this.#endReload(true)
      return
    }
    this.#serve(worker)
    const { replaces } = worker
    worker.replaces = undefined
    if (replaces !== undefined) {
      this.#end(replaces, this.#options.stopLimitMs)
      this.#recycled(replaces)
    }
    this.#deliverWaiting()
    if (this.serving.length >= this.#count) this.#onStarted?.resolve()
  }

  #serve(worker: Worker): void {
    worker.state = "serving"
    worker.member.silentMs = 0
    this.#hasServed = true
  }

  #end(worker: Worker, limitMs: number): void {
    clearTimeout(worker.limit)
    worker.expected = true
    if (worker.state === "starting" || limitMs <= 0) worker.member.kill("SIGKILL")
    else worker.member.retire(limitMs, !this.#stopping)
    worker.state = "retiring"
  }

  onTold(member: Member, text: unknown): void {
    this.#options.onTold?.(member, text)
  }

  onReport(member: Member, report: Report): void {
    if ("hung" in report) this.#kill(member, report.hung)
  }

  // Counted in turns of this timer, not by the clock: while the whole machine sleeps no process is late.
  #look(elapsedMs: number): void {
    const { hangLimitMs } = this.#options
    for (const { member, state } of this.#workers.values()) {
      if (state === "starting") continue
      member.silentMs += elapsedMs
      // The process itself reports at the limit, if it can.
      if (member.silentMs > hangLimitMs + 750) this.#kill(member, { stack: [], requests: [] })
    }
  }

  #kill(member: Member, { stack, requests }: HungReport): void {
    const at = requests.length === 0 ? "" : `\n  at work: ${requests.join(", ")}`
    const where = stack.map((frame) => `\n  at ${frame}`).join("")
    this.#options.say(`Process ${member.pid} hangs and is killed${at}${where}`, "error")
    member.silentMs = 0
    member.kill("SIGKILL")
  }

  onExit(member: Member, exit: Exit, lost: readonly HeldConnection[]): void {
    const worker = this.#workers.get(member)
    if (worker === undefined) return
    clearTimeout(worker.limit)
    this.#workers.delete(member)
    this.#options.onGone?.(member)
    if (this.#stopping) {
      for (const { socket } of lost) socket.destroy()
      if (this.#workers.size === 0) this.#onEmpty()
      return
    }
    for (const connection of lost) this.deliver(connection)
    if (!worker.expected) this.#replace(worker, exit)
  }

  #replace(worker: Worker, { code, signal }: Exit): void {
    const { say } = this.#options
    const how = `Process ${worker.member.pid} ended (${signal ?? code})`
    const why = worker.member.failure === undefined ? "" : `: ${worker.member.failure.split("\n", 1)[0]}`
    if (worker.reload !== undefined) {
      say(`${how} before it was ready${why}; those that serve go on`, "error")
      worker.reload = undefined
      this.#endReload(false)
      return
    }
    if (!this.#hasServed) {
      this.#onStarted?.reject(new StartFailed(`${how} before it was ready${why}`, code || 1))
      return
    }
    const waitMs = this.#backOff.after(worker.readyAt === 0 ? 0 : performance.now() - worker.readyAt)
    say(`${how}${why}; starting another${waitMs === 0 ? "" : ` in ${waitMs} ms`}`, "warning")
    this.#recycled(worker)
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.restarts++
      const { replaces } = worker
      if (replaces !== undefined && this.#workers.get(replaces.member)?.state === "serving") this.#spawn({ replaces })
      else this.#keep()
    }, waitMs)
    this.#timers.add(timer)
  }

  /** As many as there should be: starts what is missing, retires the oldest of what is too much. */
  #keep(): void {
    if (this.#stopping || this.#reload !== undefined) return
    const kept = [...this.#workers.values()].filter(
      ({ state, replaces }) => state !== "retiring" && replaces === undefined,
    )
    for (let i = kept.length + this.#timers.size; i < this.#count; i++) this.#spawn()
    for (const worker of kept.slice(0, Math.max(0, kept.length - this.#count)))
      this.#end(worker, this.#options.stopLimitMs)
  }
}
