// Files below a directory, under paths that clients choose. A path is judged twice: as text, before anything is opened,
// and by the real path of what was opened, so that a link cannot lead out of the directory.
//
// A path has one spelling here. A text that other software might read as another path (`.`, `..`, `//`, a backslash, a slash at
// the end) is refused and not put in order: a layer in front that guards paths saw the same text.

import { constants, readlinkSync, realpath } from "node:fs"
import { sep } from "node:path"
import { safeJoin } from "../security.ts"
import type { FileState } from "./file-state.ts"
import { knownFiles } from "./known-files.ts"
import { isMissing, type OpenFile, openFile } from "./open-file.ts"

/** What of a directory is served. */
export interface DirectoryOptions {
  /** Whether names that begin with a dot are served. False unless given. */
  dotFiles?: boolean | undefined
  /**
   * Which symbolic links are followed: those that stay inside of the directory, any, or none. `inside` unless given.
   * Links on the way to the directory itself do not count.
   */
  symlinks?: "inside" | "anywhere" | "none" | undefined
}

/**
 * Opens a file below `directory` by a path with `/`, percent-decoded exactly once; `undefined` when nothing is served under that
 * path.
 *
 * @param known what was found there a moment ago with the same options; the same file is not looked for anew
 */
export async function openInDirectory(
  directory: string,
  path: string,
  options: DirectoryOptions = {},
  known?: FileState,
): Promise<OpenFile | undefined> {
  const joined = isServed(path, options.dotFiles === true) ? safeJoin(directory, path) : undefined
  if (joined === undefined) return undefined
  const symlinks = options.symlinks ?? "inside"
  try {
    if (symlinks === "anywhere") return await openFile(joined)
    const open = process.platform === "linux" ? openThenLook : lookThenOpen
    return await open(directory, joined, symlinks === "none" ? path : undefined, known)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/**
 * Whether the text of a path allows to look for it: plain segments, without control characters.
 *
 * @example
 * isServed("a/b.txt", false) // => true
 * isServed("a/../b.txt", false) // => false
 * isServed("a//b.txt", false) // => false
 * isServed(".git/config", false) // => false
 * isServed(".git/config", true) // => true
 */
export function isServed(path: string, dotFiles: boolean): boolean {
  return path.split("/").every((segment) => {
    if (segment === "" || segment === "." || segment === ".." || /[\x00-\x1f\x7f]/.test(segment)) return false
    return dotFiles || !segment.startsWith(".")
  })
}

/**
 * Opens a file and then asks under which real path it is, so that the answer cannot change in between.
 *
 * @param plain the path below the directory, if it has to be reached without any link
 */
export async function openThenLook(
  directory: string,
  joined: string,
  plain: string | undefined,
  known?: FileState,
): Promise<OpenFile | undefined> {
  const file = await openFile(joined)
  if (known?.isStill(file.state.stats)) return file
  let isInside = false
  try {
    const real = pathOfDescriptor(file.fd)
    if (real === undefined) return await lookThenOpen(directory, joined, plain)
    isInside = await isBelow(directory, real, plain)
  } finally {
    if (!isInside) await file.close()
  }
  return isInside ? file : undefined
}

/** Asks where a path leads, and opens what is there if it is no link by now. For systems that do not tell it afterwards. */
export async function lookThenOpen(
  directory: string,
  joined: string,
  plain: string | undefined,
): Promise<OpenFile | undefined> {
  const real = await realPath(joined)
  if (!(await isBelow(directory, real, plain))) return undefined
  return openFile(real, { flags: constants.O_NOFOLLOW ?? 0, name: joined })
}

/** `undefined` where there is no /proc, as in some jails. */
function pathOfDescriptor(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined
  }
}

function isBelow(directory: string, real: string, plain: string | undefined): Promise<boolean> {
  return knownFiles.isInRoot(directory, realPath, (root) => matches(root, real, plain))
}

function matches(root: string, real: string, plain: string | undefined): boolean {
  const prefix = root.endsWith(sep) ? root : root + sep
  if (plain === undefined) return real.startsWith(prefix)
  return real === prefix + (sep === "/" ? plain : plain.replaceAll("/", sep))
}

function realPath(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    realpath.native(path === "" ? "." : path, (error, real) => {
      if (error) reject(error)
      else resolve(real)
    })
  })
}
