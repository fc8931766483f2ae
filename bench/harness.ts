// What the benchmarks share: servers in processes of their own, a client that costs little, rounds that take turns,
// medians, and a table. Machines are noisy: a figure counts only against another one of the same run.

import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { fileURLToPath } from "node:url"

const servers = new URL("servers/", import.meta.url)

export interface Usage {
  cpuMicros: number
  rss: number
  /** Bytes of the heap and of array buffers that are not collected yet. */
  held: number
}

/** A server in its own process. */
export class ServerProcess {
  readonly name: string
  readonly port: number
  readonly #child: ChildProcess

  private constructor(name: string, port: number, child: ChildProcess) {
    this.name = name
    this.port = port
    this.#child = child
  }

  static start(name: string, ...args: string[]): Promise<ServerProcess> {
    return ServerProcess.startOn(process.execPath, name, ...args)
  }

  /** @param execPath the binary of Node that runs the server */
  static startOn(execPath: string, name: string, ...args: string[]): Promise<ServerProcess> {
    return ServerProcess.#fork(execPath, [], name, args)
  }

  /** A server whose garbage is collected when it is told to, and hardly ever else. */
  static startHoarding(execPath: string, name: string, ...args: string[]): Promise<ServerProcess> {
    const flags = ["--expose-gc", "--min-semi-space-size=256", "--max-semi-space-size=512"]
    return ServerProcess.#fork(execPath, flags, name, args)
  }

  static async #fork(execPath: string, flags: string[], name: string, args: string[]): Promise<ServerProcess> {
    const child = fork(fileURLToPath(new URL(`${name}.js`, servers)), args, {
      execPath,
      execArgv: [...flags, "--import", new URL("report.js", servers).href],
    })
    const [port] = (await once(child, "message")) as [number]
    return new ServerProcess(name, port, child)
  }

  /** Collects what is garbage. */
  collect(): Promise<Usage> {
    return this.#ask("collect")
  }

  usage(): Promise<Usage> {
    return this.#ask("usage")
  }

  async #ask(question: string): Promise<Usage> {
    this.#child.send(question)
    const [answer] = (await once(this.#child, "message")) as [Usage]
    return answer
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, "exit")
    this.#child.kill("SIGKILL")
    await gone
  }
}

/**
 * Sends `count` requests over `connections` kept-alive connections, the next one when the answer before is complete.
 * All answers must be `size` bytes long, by default as long as a first one: that is all that is looked at, so that the client costs
 * next to nothing.
 */
export async function load(
  port: number,
  request: string,
  count: number,
  connections: number,
  size?: number,
): Promise<void> {
  size ??= await answerSize(port, request)
  const bytes = Buffer.from(request, "latin1")
  let toSend = count
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = await open(port)
      let received = 0
      await new Promise<void>((resolve, reject) => {
        const next = () => {
          if (toSend-- > 0) socket.write(bytes)
          else resolve()
        }
        socket.on("data", (chunk) => {
          received += chunk.length
          if (received < size) return
          if (received > size) reject(new Error(`an answer of ${received} bytes where ${size} were expected`))
          received = 0
          next()
        })
        socket.on("error", reject)
        socket.on("end", () => reject(new Error("the server closed the connection")))
        next()
      })
      socket.destroy()
    }),
  )
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true })
  await once(socket, "connect")
  return socket
}

/** How many bytes an answer has, head and body. */
export async function answerSize(port: number, request: string): Promise<number> {
  const socket = await open(port)
  socket.write(request)
  let text = ""
  for await (const chunk of socket) {
    text += chunk.toString("latin1")
    const length = /content-length: (\d+)/i.exec(text)
    const head = text.indexOf("\r\n\r\n")
    if (head !== -1 && text.startsWith("HTTP/1.1 304 ")) break
    // Of a chunked body the chunks must come in the same sizes each time.
    if (head !== -1 && /transfer-encoding: chunked/i.test(text) && text.endsWith("\r\n0\r\n\r\n")) break
    if (head === -1 || length === null) continue
    if (text.length >= head + 4 + Number(length[1])) break
  }
  socket.destroy()
  return text.length
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Prints rows under their headings, numbers to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => (row[i] as string).length)))
  const line = (cells: readonly string[]) =>
    console.log(
      cells
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
        .join("  "),
    )
  line(headings)
  line(widths.map((width) => "-".repeat(width)))
  for (const row of rows) line(row)
}

/** Prints a target and whether it is met; the process fails in the end where one is not. */
export function target(claim: string, met: boolean): void {
  console.log(`${met ? "met " : "MISSED"}  ${claim}`)
  if (!met) process.exitCode = 1
}
