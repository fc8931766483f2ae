// When to look at the watched files: every so often, or when the operating system says that something happened. The second
// way wakes up for nothing less than a change; the first works on every file system, those of containers and networks too.

import { basename } from "node:path"
import { isSkipped, type WatchedFiles } from "./watched-files.ts"

/** How changes are found: `auto` is `chokidar` where it can be had. */
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
  return await chokidarWatcher(files, look)
}

function statWatcher(look: () => void, intervalMs: number): Watcher {
  const timer = setInterval(look, intervalMs)
  return { name: "stat", look, update: () => {}, close: () => clearInterval(timer) }
}

async function chokidarWatcher(files: WatchedFiles, look: () => void): Promise<Watcher> {
  // Loaded by the process that watches, not by all that serve.
  const { watch: open } = await import("chokidar")
  const shared = { ignoreInitial: true, ignorePermissionErrors: true }
  const isIgnored = (path: string, stats?: { isDirectory(): boolean }): boolean =>
    isSkipped(basename(path)) || (stats !== undefined && !stats.isDirectory() && !files.matters(path))
  // Folders of modules, without what is below them: a tree of any size beside the sources costs nothing.
  const flat = open([], { ...shared, depth: 0, ignored: isIgnored })
  const deep = open([], { ...shared, ignored: isIgnored })
  let pending = false
  const update = (): void => {
    if (pending) return
    pending = true
    setImmediate(() => {
      pending = false
      follow(flat, flatFolders, files.folders())
      follow(deep, deepFolders, files.trees())
    })
  }
  const flatFolders = new Set<string>()
  const deepFolders = new Set<string>()
  const onEvent = (): void => {
    look()
    update()
  }
  for (const each of [flat, deep]) {
    each.on("all", onEvent)
    // What changed before the watching began is seen now.
    each.on("ready", look)
    each.on("error", () => {})
  }
  update()
  return { name: "chokidar", look, update, close: () => void Promise.all([flat.close(), deep.close()]) }
}

function follow(
  watcher: { add(path: string): unknown; unwatch(path: string): unknown },
  watched: Set<string>,
  wanted: Set<string>,
): void {
  for (const folder of wanted) if (!watched.has(folder)) watcher.add(folder)
  for (const folder of watched) if (!wanted.has(folder)) watcher.unwatch(folder)
  watched.clear()
  for (const folder of wanted) watched.add(folder)
}
