// Machines as network namespaces of this one: each with an address of its own on one bridge, and programs in it.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { onTestFinished } from "vitest"

const PREFIX = "10.213.7."

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" })
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`)
}

/** Whether this machine lets us have namespaces. */
export function hasNamespaces(): boolean {
  const name = `wk${process.pid}probe`
  const made = spawnSync("ip", ["netns", "add", name]).status === 0
  if (made) spawnSync("ip", ["netns", "delete", name])
  return made
}

let machines = 0

/** A switch, and what is plugged into it; gone when the test is over. */
export class Network {
  readonly #name = `wk${process.pid}sw`

  constructor() {
    ip("netns", "add", this.#name)
    onTestFinished(() => void spawnSync("ip", ["netns", "delete", this.#name]))
    ip("-n", this.#name, "link", "add", "br0", "type", "bridge")
    ip("-n", this.#name, "link", "set", "br0", "up")
  }

  /** Another machine, with address 10.213.7.`last`. */
  machine(last: number): Machine {
    const name = `wk${process.pid}m${++machines}`
    const cable = `w${process.pid}.${machines}`
    ip("netns", "add", name)
    const machine = new Machine(name, `${PREFIX}${last}`)
    onTestFinished(() => machine.destroy())
    ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", cable, "netns", this.#name)
    ip("-n", this.#name, "link", "set", cable, "master", "br0", "up")
    ip("-n", name, "address", "add", `${PREFIX}${last}/24`, "dev", "eth0")
    ip("-n", name, "link", "set", "lo", "up")
    ip("-n", name, "link", "set", "eth0", "up")
    return machine
  }
}

/** One machine. */
export class Machine {
  readonly #name: string
  readonly address: string

  constructor(name: string, address: string) {
    this.#name = name
    this.address = address
  }

  /** Starts a program on it. */
  run(command: string, args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}): Running {
    const child = spawn("ip", ["netns", "exec", this.#name, command, ...args], {
      cwd: options.cwd,
      env: { ...process.env, NODE_OPTIONS: "", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    })
    return new Running(child)
  }

  /** Pulls its cable, or puts it back. */
  link(state: "up" | "down"): void {
    ip("-n", this.#name, "link", "set", "eth0", state)
  }

  /** The power fails: everything on it ends at once. */
  crash(): void {
    const { stdout } = spawnSync("ip", ["netns", "pids", this.#name], { encoding: "utf8" })
    for (const pid of stdout.split("\n").filter(Boolean)) {
      try {
        process.kill(Number(pid), "SIGKILL")
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  destroy(): void {
    this.crash()
    spawnSync("ip", ["netns", "delete", this.#name])
  }
}

/** A program, and what it has printed. `ip netns exec` becomes the program, so its process is the program's. */
export class Running {
  readonly child: ChildProcess
  output = ""

  constructor(child: ChildProcess) {
    this.child = child
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString()
      })
  }

  /** Waits for what it prints. */
  async printed(pattern: RegExp, limitMs = 60_000): Promise<RegExpExecArray> {
    for (const end = Date.now() + limitMs; ; ) {
      const match = pattern.exec(this.output)
      if (match !== null) return match
      if (Date.now() > end || this.child.exitCode !== null) throw new Error(`not printed: ${pattern}\n${this.output}`)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  async ended(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    await new Promise((resolve) => this.child.once("exit", resolve))
  }
}
