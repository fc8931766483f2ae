// Who the processes run as, and the file that tells the first one's number.

import { execFileSync } from "node:child_process"
import { chownSync, readFileSync, unlinkSync, writeFileSync } from "node:fs"
import { SettingError } from "./settings.ts"

/** Numbers of a user and a group; undefined where nothing was asked for. */
export interface Identity {
  readonly uid: number | undefined
  readonly gid: number | undefined
}

/**
 * The numbers of names. A user alone brings its own group.
 *
 * @throws SettingError for a name that the system does not know
 */
export function identityOf(user: string | undefined, group: string | undefined): Identity {
  const uid = user === undefined ? undefined : idOf("user", user, ["-u", user])
  if (group !== undefined) return { uid, gid: groupId(group) }
  return { uid, gid: user === undefined ? undefined : idOf("user", user, ["-g", user]) }
}

function idOf(what: string, name: string, args: string[]): number {
  if (/^\d+$/.test(name)) return Number(name)
  try {
    return Number(execFileSync("id", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }))
  } catch {
    throw new SettingError(`There is no ${what} "${name}".`)
  }
}

function groupId(name: string): number {
  if (/^\d+$/.test(name)) return Number(name)
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((each) => each.startsWith(`${name}:`))
  if (line === undefined) throw new SettingError(`There is no group "${name}".`)
  return Number(line.split(":")[2])
}

/** Gives a file to a user and a group. */
export function giveTo(path: string, { uid, gid }: Identity): void {
  if (uid !== undefined || gid !== undefined) chownSync(path, uid ?? -1, gid ?? -1)
}

/**
 * Writes this process's number to a file.
 *
 * @returns takes the file away, if it is still ours
 * @throws SettingError when another process that lives is in it
 */
export function writePidFile(path: string): () => void {
  const other = pidIn(path)
  if (other !== undefined && other !== process.pid && isAlive(other))
    throw new SettingError(`${path} names process ${other}, which runs. Stop it, or choose another file.`)
  writeFileSync(path, `${process.pid}\n`)
  return () => {
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
