// When to look at the watched files: every so often, or when the operating system says that something happened. The second
// way wakes up only for a change; the first works on every file system, those of containers and networks too.

import { statSync } from "node:fs"
import { basename, join } from "node:path"
import type { FSWatcher } from "chokidar"
import { isSkipped, type WatchedFiles } from "./watched-files.ts"

/** How changes are found: `auto` is `chokidar` where that package is installed, else `stat`. */
export type ReloaderType = "auto" | "stat" | "chokidar"

/** Looks until it is closed. */
export interface Watcher {
  readonly name: "stat" | "chokidar"
  /** Looks now. */
  look(): void
  /** The set of watched files has grown or shrunk. */
  update(): void
  close(): void
}

/**
 * Calls `onChange` with the paths that changed.
 *
 * @throws RangeError for a kind that does not exist
 */
export async function watch(
  files: WatchedFiles,
  onChange: (paths: readonly string[]) => void,
  type: ReloaderType,
  intervalMs: number,
): Promise<Watcher> {
  const look = (): void => {
    const paths = files.look()
    if (paths.length > 0) onChange(paths)
  }
  if (type === "stat") return statWatcher(look, intervalMs)
  if (type !== "auto" && type !== "chokidar") {
    throw new RangeError(`reloaderType must be "auto", "stat" or "chokidar", not ${JSON.stringify(type)}`)
  }
  const chokidar = await loadChokidar(type === "chokidar")
  return chokidar === undefined ? statWatcher(look, intervalMs) : chokidarWatcher(chokidar, files, look)
}

/** An optional package, loaded by the process that watches and not by all that serve. */
async function loadChokidar(isNeeded: boolean): Promise<typeof import("chokidar") | undefined> {
  try {
    return await import("chokidar")
  } catch (error) {
    if (!isNeeded) return undefined
    const sentence = "To have changes told by the operating system, install chokidar: npm install --save-dev chokidar"
    throw Object.assign(new Error(sentence, { cause: error }), { code: (error as NodeJS.ErrnoException).code })
  }
}

function statWatcher(look: () => void, intervalMs: number): Watcher {
  const timer = setInterval(look, intervalMs)
  return { name: "stat", look, update: () => {}, close: () => clearInterval(timer) }
}

function chokidarWatcher({ watch: open }: typeof import("chokidar"), files: WatchedFiles, look: () => void): Watcher {
  const watched = new Map<string, { identity: string; watcher: FSWatcher }>()
  let following = false
  let checking = false
  let closed = false

  const follow = (): void => {
    const wanted = files.folders()
    for (const [folder, { identity, watcher }] of watched) {
      if (wanted.has(folder) && identity === identityOf(folder)) continue
      void watcher.close()
      watched.delete(folder)
    }
    for (const folder of wanted) {
      if (!watched.has(folder)) watched.set(folder, { identity: identityOf(folder), watcher: begin(folder) })
    }
  }
  const update = (): void => {
    if (following || closed) return
    following = true
    setImmediate(() => {
      following = false
      if (!closed) follow()
    })
  }
  const check = (): void => {
    update()
    if (checking) return
    checking = true
    setImmediate(() => {
      checking = false
      if (!closed) look()
    })
  }
  // A watcher for each folder, since each tells once when it is ready. Events tell nothing of what happened before that, such as
  // files in the folder and folders below it: they must be looked for.
  const begin = (folder: string): FSWatcher => {
    const isIgnored = (path: string, stats?: { isDirectory(): boolean }): boolean =>
      path !== folder &&
      (isSkipped(basename(path)) || (stats !== undefined && !stats.isDirectory() && !files.matters(path)))
    // Without what is below the folder: a tree of any size beside the sources costs nothing.
    const options = { depth: 0, ignoreInitial: true, ignorePermissionErrors: true, ignored: isIgnored }
    const watcher = open(folder, options)
    watcher.on("ready", check)
    watcher.on("all", check)
    // Of events that follow one another within 50 ms chokidar passes on the first only; here are all of them.
    watcher.on("raw", (_event, name: string | null, details) => {
      const { watchedPath } = details as { watchedPath: string }
      // An event of the folder itself, such as its removal, bears its own name.
      if (!name || name === basename(watchedPath) || files.matters(join(watchedPath, name))) check()
    })
    watcher.on("error", () => {})
    return watcher
  }
  update()
  const close = (): void => {
    closed = true
    for (const { watcher } of watched.values()) void watcher.close()
  }
  return { name: "chokidar", look, update, close }
}

/** Tells a folder from one that has taken its place, which is not watched yet. */
function identityOf(folder: string): string {
  const stats = statSync(folder, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? "" : `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`
}
