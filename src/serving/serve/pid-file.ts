// The file that tells scripts the number of the first process. While another first process runs beside this one (SIGUSR2), the
// file is the other's, and ours has another name, as with gunicorn.

import { readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs"
import { SettingError } from "./settings.ts"

const ASIDE = ".oldbin"

export class PidFile {
  readonly #path: string | undefined
  #isAside = false

  /**
   * Writes this process's number, if there is a path.
   *
   * @throws SettingError when another process that lives is in the file
   */
  constructor(path: string | undefined) {
    this.#path = path
    if (path === undefined) return
    const other = pidIn(path)
    if (other !== undefined && other !== process.pid && isAlive(other))
      throw new SettingError(`${path} names process ${other}, which runs. Stop it, or choose another file.`)
    writeFileSync(path, `${process.pid}\n`)
  }

  /** Makes room for the file of another process. */
  moveAside(): void {
    if (this.#path === undefined || this.#isAside || pidIn(this.#path) !== process.pid) return
    renameSync(this.#path, this.#path + ASIDE)
    this.#isAside = true
  }

  /** The other process has ended. */
  moveBack(): void {
    if (this.#path === undefined || !this.#isAside || pidIn(this.#path + ASIDE) !== process.pid) return
    renameSync(this.#path + ASIDE, this.#path)
    this.#isAside = false
  }

  /** Takes the file away, if it is still ours. */
  remove(): void {
    if (this.#path === undefined) return
    const path = this.#isAside ? this.#path + ASIDE : this.#path
    if (pidIn(path) === process.pid) unlinkSync(path)
  }
}

function pidIn(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8"))
    return Number.isInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}
