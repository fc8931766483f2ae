// What the server has to say, and what applications write to wsgi.errors: as lines, or as an object in JSON for each.

import type { ErrorStream } from "../../gateway.ts"
import type { Level } from "../process-group/workers.ts"
import type { LogFile } from "./log-file.ts"

export class ErrorLog {
  readonly #file: LogFile
  readonly #isJson: boolean

  constructor(file: LogFile, format: string) {
    this.#file = file
    this.#isJson = format === "json"
  }

  /** A line of the server's own. */
  say(message: string, level: Level = "info"): void {
    const time = new Date().toISOString()
    if (this.#isJson) this.#file.add(JSON.stringify({ time, level, pid: process.pid, message }))
    else this.#file.add(`[${time}] [${process.pid}] [${level}] ${message}`)
    this.#file.flush()
  }

  /** Takes what applications write, whole lines at a time. */
  stream(): ErrorStream {
    const write = (text: string): void => {
      const line = text.endsWith("\n") ? text.slice(0, -1) : text
      if (this.#isJson) this.say(line, "error")
      else this.#file.add(line)
    }
    return {
      write,
      writeLines: (lines) => {
        for (const line of lines) write(line)
      },
      flush: () => this.#file.flush(),
    }
  }
}
