// The processes that one parent has started: each ends with its parent at the latest, and within a limit once it was told to.
// Which is started when, and which one gets the connections, is up to its users: the reloader, and workers.ts.

import { type Launch, Member, type MemberListener } from "./member.ts"

/** A killed process is gone at once, unless the machine is very busy. */
const KILL_LIMIT_MS = 2000

export class ProcessGroup {
  readonly #members = new Set<Member>()
  readonly #killAll = (): void => {
    for (const member of this.#members) member.kill("SIGKILL")
  }

  constructor() {
    process.on("exit", this.#killAll)
  }

  get members(): ReadonlySet<Member> {
    return this.#members
  }

  /** Starts a process. It waits for `member.begin` before it runs the program. */
  spawn(listener: MemberListener, launch: Launch): Member {
    const member = new Member(
      {
        ...(listener.onReport !== undefined && { onReport: listener.onReport.bind(listener) }),
        ...(listener.onTold !== undefined && { onTold: listener.onTold.bind(listener) }),
        onReady: (each, info) => listener.onReady(each, info),
        onExit: (each, exit, lost) => {
          this.#members.delete(each)
          listener.onExit(each, exit, lost)
        },
      },
      launch,
    )
    this.#members.add(member)
    return member
  }

  /** Kills what is left, and resolves when it is gone. */
  async end(): Promise<void> {
    const left = [...this.#members]
    this.#killAll()
    await Promise.all(left.map((each) => each.ended(KILL_LIMIT_MS)))
    process.off("exit", this.#killAll)
  }
}
