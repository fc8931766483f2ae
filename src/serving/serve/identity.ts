// The user and the group that the processes run as.

import { execFileSync } from "node:child_process"
import { chownSync, readFileSync } from "node:fs"
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
