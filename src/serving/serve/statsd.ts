// Tells a statsd server over UDP what happens: counts and durations of requests, and how the workers are. Lines are collected, and sent
// together once a second, so that a request costs no datagram. What is lost on the way is lost, as statsd has it.

import { createSocket, type Socket } from "node:dgram"
import { isIPv6 } from "node:net"
import { SettingError } from "./settings.ts"

/** The longest datagram that passes through a usual network. */
const MOST_BYTES = 1432
const FLUSH_MS = 1000
/** So many durations are told in a second; of more, a sample with its rate. */
const MOST_DURATIONS = 100

/**
 * Host and port of a statsd server.
 *
 * @throws SettingError
 * @example
 * statsdAddress("127.0.0.1:8125") // => { host: "127.0.0.1", port: 8125 }
 * statsdAddress("[::1]:8125") // => { host: "::1", port: 8125 }
 * statsdAddress("localhost") // throws SettingError
 */
export function statsdAddress(text: string): { host: string; port: number } {
  const [, six, name, port = "0"] = /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? []
  const host = six ?? name
  if (host === undefined || Number(port) < 1 || Number(port) > 65535)
    throw new SettingError(`statsd takes HOST:PORT, not "${text}".`)
  return { host, port: Number(port) }
}

/** A statsd server to talk to. */
export class Statsd {
  readonly #prefix: string
  readonly #socket: Socket
  readonly #connected: Promise<boolean>
  readonly #timer: NodeJS.Timeout
  readonly #counts = new Map<string, number>()
  readonly #gauges = new Map<string, number>()
  readonly #durations: number[] = []
  #timed = 0
  /** Is asked for what to add before each sending. */
  onFlush: () => void = () => {}

  /** @param prefix stands before each name, as `shop.` */
  constructor(address: string, prefix: string) {
    const { host, port } = statsdAddress(address)
    this.#prefix = prefix
    this.#socket = createSocket(isIPv6(host) ? "udp6" : "udp4")
    this.#socket.unref()
    // No daemon listens there, or the name is not known: the server goes on without.
    this.#socket.on("error", () => {})
    this.#connected = new Promise((resolve) => {
      this.#socket.connect(port, host, (error?: Error) => resolve(error == null))
    })
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS)
    this.#timer.unref()
  }

  count(name: string, by = 1): void {
    if (by !== 0) this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
  }

  gauge(name: string, value: number): void {
    this.#gauges.set(name, value)
  }

  /** A request is over. */
  request(code: number | undefined, durationMs: number): void {
    this.count("requests")
    this.count(`request.status.${code ?? "none"}`)
    // Each of them has the same chance to be told (reservoir sampling).
    const place = this.#timed++ < MOST_DURATIONS ? this.#durations.length : Math.floor(Math.random() * this.#timed)
    if (place < MOST_DURATIONS) this.#durations[place] = durationMs
  }

  /** Sends what has come together; resolves when it is on its way, or lost. */
  async flush(): Promise<void> {
    this.onFlush()
    const lines = this.#take()
    if (lines.length === 0 || !(await this.#connected)) return
    await Promise.all(
      datagrams(lines).map((text) => new Promise<void>((resolve) => this.#socket.send(text, () => resolve()))),
    )
  }

  /** Sends the last of it, and lets go of the socket. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
    this.#socket.close()
  }

  #take(): string[] {
    const line = (name: string, value: string) => `${this.#prefix}${name}:${value}`
    const rate =
      this.#durations.length < this.#timed ? `|@${(this.#durations.length / this.#timed).toPrecision(4)}` : ""
    const lines = [
      ...[...this.#counts].map(([name, by]) => line(name, `${by}|c`)),
      ...[...this.#gauges].map(([name, value]) => line(name, `${value}|g`)),
      ...this.#durations.map((ms) => line("request.duration", `${Number(ms.toFixed(3))}|ms${rate}`)),
    ]
    this.#counts.clear()
    this.#gauges.clear()
    this.#durations.length = 0
    this.#timed = 0
    return lines
  }
}

/**
 * Lines together, each datagram as long as it may be.
 *
 * @example
 * datagrams(["a:1|c", "b:2|c"]) // => ["a:1|c\nb:2|c"]
 */
export function datagrams(lines: readonly string[]): string[] {
  const packed: string[] = []
  let text = ""
  for (const line of lines) {
    if (text !== "" && text.length + 1 + line.length > MOST_BYTES) {
      packed.push(text)
      text = ""
    }
    text += text === "" ? line : `\n${line}`
  }
  if (text !== "") packed.push(text)
  return packed
}
