// What the server counts, and how Prometheus reads it (text format 0.0.4). Each worker counts for itself; the first process
// asks all of them, keeps what those had counted that have ended, and adds up.

import { monitorEventLoopDelay } from "node:perf_hooks"

/** Upper bounds of a request's duration, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

/** What one worker has counted. */
export interface Counts {
  /** Requests by status code; `-` where the client left before there was one. */
  codes: Record<string, number>
  /** How many took up to each bound, and how many took longer; not yet added up. */
  durations: number[]
  durationSum: number
  /** Bytes of bodies. */
  bytes: number
  inFlight: number
  connections: number
  residentBytes: number
  /** The longest delay of the event loop since the last look, in seconds. */
  loopDelay: number
}

/** The counting of one worker. */
export class Recorder {
  readonly #codes = new Map<number, number>()
  readonly #durations = new Array<number>(BUCKETS.length + 1).fill(0)
  readonly #delay = monitorEventLoopDelay({ resolution: 20 })
  #durationSum = 0
  #bytes = 0

  constructor() {
    this.#delay.enable()
  }

  /** A request is over. */
  add(code: number | undefined, bytes: number, durationMs: number): void {
    const known = code ?? 0
    this.#codes.set(known, (this.#codes.get(known) ?? 0) + 1)
    const seconds = durationMs / 1000
    let bucket = 0
    while (bucket < BUCKETS.length && seconds > (BUCKETS[bucket] as number)) bucket++
    this.#durations[bucket] = (this.#durations[bucket] as number) + 1
    this.#durationSum += seconds
    this.#bytes += bytes
  }

  counts(inFlight: number, connections: number): Counts {
    const loopDelay = Math.max(0, this.#delay.max / 1e9 - 0.02)
    this.#delay.reset()
    return {
      codes: Object.fromEntries([...this.#codes].map(([code, count]) => [code === 0 ? "-" : String(code), count])),
      durations: [...this.#durations],
      durationSum: this.#durationSum,
      bytes: this.#bytes,
      inFlight,
      connections,
      residentBytes: process.memoryUsage.rss(),
      loopDelay,
    }
  }
}

/** What the first process knows by itself. */
export interface MasterCounts {
  workers: number
  ready: number
  restarts: number
  startedAt: Date
  residentBytes: number
}

/** Adds up what workers have counted; those that have ended count on. */
export class Totals {
  #ended: Counts = empty()
  readonly #live = new Map<number, Counts>()

  /** What a worker has counted so far. */
  set(pid: number, counts: Counts): void {
    this.#live.set(pid, counts)
  }

  /** The worker has ended. */
  end(pid: number): void {
    const counts = this.#live.get(pid)
    this.#live.delete(pid)
    if (counts !== undefined) this.#ended = added(this.#ended, { ...counts, inFlight: 0, connections: 0 })
  }

  /** What there is at the moment, in all workers together. */
  now(): Pick<Counts, "inFlight" | "connections"> {
    return [...this.#live.values()].reduce(added, empty())
  }

  /** All of it as Prometheus reads it. */
  text({ workers, ready, restarts, startedAt, residentBytes }: MasterCounts): string {
    const sum = [...this.#live.values()].reduce(added, this.#ended)
    const lines: string[] = []
    const metric = (name: string, type: string, help: string, values: [labels: string, value: number][]): void => {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
      for (const [labels, value] of values) lines.push(`${name}${labels} ${value}`)
    }
    metric(
      "werkstatt_requests_total",
      "counter",
      "Requests that are over, by status code.",
      Object.entries(sum.codes).map(([code, count]) => [`{code="${code}"}`, count]),
    )
    let upTo = 0
    const buckets = sum.durations.map((count, index): [string, number] => {
      upTo += count
      return [`_bucket{le="${BUCKETS[index] ?? "+Inf"}"}`, upTo]
    })
    metric(
      "werkstatt_request_duration_seconds",
      "histogram",
      "From the call of the application to the end of the response.",
      [...buckets, ["_sum", sum.durationSum], ["_count", upTo]],
    )
    metric("werkstatt_response_bytes_total", "counter", "Bytes of response bodies.", [["", sum.bytes]])
    metric("werkstatt_requests_in_flight", "gauge", "Requests at work.", [["", sum.inFlight]])
    metric("werkstatt_connections", "gauge", "Open connections.", [["", sum.connections]])
    metric("werkstatt_workers", "gauge", "Workers that there should be.", [["", workers]])
    metric("werkstatt_workers_ready", "gauge", "Workers that take connections.", [["", ready]])
    metric("werkstatt_worker_restarts_total", "counter", "Workers started in place of one that died.", [["", restarts]])
    const live = [...this.#live]
    metric(
      "werkstatt_worker_event_loop_delay_seconds",
      "gauge",
      "The longest delay of the event loop since the last look.",
      live.map(([pid, { loopDelay }]) => [`{pid="${pid}"}`, loopDelay]),
    )
    metric("werkstatt_resident_memory_bytes", "gauge", "Resident memory of each process.", [
      [`{pid="${process.pid}",role="master"}`, residentBytes],
      ...live.map(([pid, each]): [string, number] => [`{pid="${pid}",role="worker"}`, each.residentBytes]),
    ])
    metric("werkstatt_start_time_seconds", "gauge", "When the server started.", [["", startedAt.getTime() / 1000]])
    return `${lines.join("\n")}\n`
  }
}

function empty(): Counts {
  const durations = new Array<number>(BUCKETS.length + 1).fill(0)
  return {
    codes: {},
    durations,
    durationSum: 0,
    bytes: 0,
    inFlight: 0,
    connections: 0,
    residentBytes: 0,
    loopDelay: 0,
  }
}

function added(a: Counts, b: Counts): Counts {
  const codes = { ...a.codes }
  for (const [code, count] of Object.entries(b.codes)) codes[code] = (codes[code] ?? 0) + count
  return {
    codes,
    durations: a.durations.map((count, index) => count + (b.durations[index] ?? 0)),
    durationSum: a.durationSum + b.durationSum,
    bytes: a.bytes + b.bytes,
    inFlight: a.inFlight + b.inFlight,
    connections: a.connections + b.connections,
    residentBytes: a.residentBytes + b.residentBytes,
    loopDelay: Math.max(a.loopDelay, b.loopDelay),
  }
}
