// Which files matter to a running application, and which of them changed since the last look: the modules that it loaded,
// other sources in the folders of these, and what the user names besides. A look compares stamps, so it does not matter what
// caused the look, or how often: each change is seen once. It must not know when to look.

import { type Dirent, existsSync, readdirSync, statSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { matchesPattern } from "../../middleware/shared-data.ts"
import { GONE, stampOf } from "./stamp.ts"

const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx|json|node|wasm)$/
/** Folders that never hold sources of the application, and may be huge. */
const SKIPPED = new Set(["node_modules", ".git", ".hg", ".svn", ".cache", ".nyc_output", "coverage"])

/** What is watched besides modules, and what is not. */
export interface WatchSelection {
  /** Files, and folders with all that is in them. */
  extraFiles?: Iterable<string> | undefined
  /** Patterns of full paths that are not watched, as `matchesPattern` takes them. */
  excludePatterns?: Iterable<string> | undefined
}

export class WatchedFiles {
  readonly #extra: readonly string[]
  readonly #excluded: readonly string[]
  readonly #modules = new Set<string>()
  readonly #seen = new Map<string, string>()

  constructor({ extraFiles = [], excludePatterns = [] }: WatchSelection) {
    this.#extra = [...extraFiles].map((path) => resolve(path))
    this.#excluded = [...excludePatterns]
    for (const path of this.#current()) this.#seen.set(path, stampOf(path))
  }

  /**
   * Watches a module that the application has loaded, and the sources beside it.
   *
   * @param stamp how the file looked when it was loaded; if it looks different now, the next look says so
   */
  loaded(path: string, stamp: string): void {
    if (this.#isExcluded(path)) return
    this.add(path, stamp)
    this.#seen.set(path, stamp)
  }

  /** Watches a module, unless it is watched already, and the sources beside it. */
  add(path: string, stamp: string): void {
    if (this.#modules.has(path) || this.#isExcluded(path)) return
    const folders = this.#moduleFolders()
    this.#modules.add(path)
    if (!this.#seen.has(path)) this.#seen.set(path, stamp)
    if (folders.has(dirname(path))) return
    for (const each of sourcesIn(dirname(path)))
      if (!this.#seen.has(each) && !this.#isExcluded(each)) this.#seen.set(each, stampOf(each))
  }

  /** Watches a module that could not be found, so that it is seen when it is made. */
  addMissing(path: string): void {
    this.add(path, GONE)
  }

  /**
   * Whether a module that was just named has changed already. Events may have come before it was named, when it was not known
   * that they mattered, so this asks for a look.
   */
  isStale(path: string): boolean {
    return this.#modules.has(path) && this.#seen.get(path) !== stampOf(path)
  }

  /** Forgets the modules that are not among these. */
  retain(paths: ReadonlySet<string>): void {
    for (const path of this.#modules) if (!paths.has(path)) this.#modules.delete(path)
  }

  /** The paths that changed, appeared or vanished since the last look. */
  look(): string[] {
    const current = this.#current()
    const changed: string[] = []
    for (const path of current) {
      const stamp = stampOf(path)
      if ((this.#seen.get(path) ?? GONE) !== stamp) changed.push(path)
      this.#seen.set(path, stamp)
    }
    for (const [path, stamp] of this.#seen) {
      if (current.has(path)) continue
      // What is not watched any more may still be there.
      if (stamp !== GONE && this.#isInside(path) && !existsSync(path)) changed.push(path)
      this.#seen.delete(path)
    }
    return changed
  }

  /** Whether an event about this path is worth a look. */
  matters(path: string): boolean {
    if (this.#isExcluded(path)) return false
    return this.#modules.has(path) || SOURCE.test(path) || this.#isInExtra(path) || this.#isOnTheWay(path)
  }

  /** The folders whose entries matter; for one that is not there, the next one up that is. */
  folders(): Set<string> {
    const found = new Set(this.#extra.filter(isFolder).flatMap((path) => [path, ...foldersBelow(path)]))
    for (let folder of [...this.#moduleFolders(), ...this.#extra.map(dirname)]) {
      while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
      found.add(folder)
    }
    return found
  }

  /** All files that matter now. */
  #current(): Set<string> {
    const found = new Set(this.#modules)
    for (const folder of this.#moduleFolders()) for (const path of sourcesIn(folder)) found.add(path)
    for (const path of this.#extra) {
      if (isFolder(path)) for (const each of filesBelow(path)) found.add(each)
      else found.add(path)
    }
    for (const path of found) if (this.#isExcluded(path)) found.delete(path)
    return found
  }

  #moduleFolders(): Set<string> {
    return new Set(Array.from(this.#modules, dirname))
  }

  #isInside(path: string): boolean {
    return this.#moduleFolders().has(dirname(path)) || this.#isInExtra(path)
  }

  #isInExtra(path: string): boolean {
    return this.#extra.some((extra) => path === extra || path.startsWith(join(extra, "/")))
  }

  /** Whether it is a folder, there or not, above something that matters. */
  #isOnTheWay(path: string): boolean {
    const start = join(path, "/")
    return [...this.#modules, ...this.#extra].some((each) => each.startsWith(start))
  }

  #isExcluded(path: string): boolean {
    return this.#excluded.some((pattern) => matchesPattern(path, pattern))
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

function sourcesIn(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => !entry.isDirectory() && SOURCE.test(entry.name))
    .map((entry) => join(folder, entry.name))
}

function* filesBelow(folder: string): Generator<string> {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (!entry.isDirectory()) yield path
    else if (!SKIPPED.has(entry.name)) yield* filesBelow(path)
  }
}

function* foldersBelow(folder: string): Generator<string> {
  for (const entry of entriesOf(folder)) {
    if (!entry.isDirectory() || SKIPPED.has(entry.name)) continue
    yield join(folder, entry.name)
    yield* foldersBelow(join(folder, entry.name))
  }
}

/** Whether a folder of this name is left alone. */
export function isSkipped(name: string): boolean {
  return SKIPPED.has(name)
}
