// Modules by name, for settings and command lines that say what to load as text; and the modules of a folder.
// Modules are loaded by import(), so everything here waits for its answer.

import { readdir, stat } from "node:fs/promises"
import { join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

/** How `importString` finds and reports. */
export interface ImportStringOptions {
  /** Where relative names start from, as a folder or, usually, `import.meta.url`; the working directory unless given. */
  from?: string | URL | undefined
  /** Whether a module or export that is not there gives `undefined` instead of an error. */
  silent?: boolean | undefined
}

/**
 * What was named cannot be imported. `message` tells how far it went, `cause` is the loader's own error.
 */
export class ImportStringError extends Error {
  /** The text that was to be imported. */
  readonly importName: string
  /** Whether it is not there at all; else a module that it needs itself is missing or malformed. */
  readonly isMissing: boolean

  constructor(importName: string, reason: string, options: { cause?: unknown; isMissing?: boolean } = {}) {
    super(`cannot import ${JSON.stringify(importName)}: ${reason}`, "cause" in options ? { cause: options.cause } : {})
    this.name = "ImportStringError"
    this.importName = importName
    this.isMissing = options.isMissing ?? true
  }
}

/**
 * Imports what a text names: `module`, or `module:export`, where the export may have a path of properties behind it. A
 * module is a relative or absolute path, a URL, or the name of a package as werkstatt itself would import it.
 *
 * @throws ImportStringError when it is not there; what a module throws while it is loaded comes as it is
 * @example
 * (await importString("node:path:posix.join"))("a", "b") // => "a/b"
 * typeof (await importString("node:path")).join // => "function"
 * await importString("node:path:none", { silent: true }) // => undefined
 * await importString("node:path:none") // throws ImportStringError
 */
export async function importString(name: string, options: ImportStringOptions = {}): Promise<unknown> {
  const [specifier, path] = splitName(name)
  try {
    const namespace = await load(name, specifier, options.from)
    return path === undefined ? namespace : follow(name, specifier, namespace, path)
  } catch (error) {
    if (options.silent && error instanceof ImportStringError && error.isMissing) return undefined
    throw error
  }
}

/** The colon of `node:path` or `C:\app.js` does not part a module from its export. */
function splitName(name: string): [specifier: string, path: string | undefined] {
  const colon = name.lastIndexOf(":")
  const [before, after] = [name.slice(0, colon), name.slice(colon + 1)]
  if (colon <= 0 || !/^[\p{ID_Start}$_][\p{ID_Continue}$.]*$/u.test(after)) return [name, undefined]
  return before === "node" || before === "data" ? [name, undefined] : [before, after]
}

async function load(name: string, specifier: string, from: string | URL | undefined): Promise<object> {
  const url = urlOf(specifier, from)
  try {
    return (await import(url)) as object
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (typeof code !== "string" || !/MODULE|PACKAGE|UNSUPPORTED_DIR/.test(code)) throw error
    // The loader says the same of the module itself and of those that it imports.
    const isMissing = url.startsWith("file:") ? !(await isFile(url)) : message.includes(specifier)
    const reason = isMissing ? `there is no module ${specifier}` : `${specifier} was found, but not what it imports`
    throw new ImportStringError(name, reason, { cause: error, isMissing })
  }
}

async function isFile(url: string): Promise<boolean> {
  const found = await stat(new URL(url)).catch(() => undefined)
  return found?.isFile() === true
}

function urlOf(specifier: string, from: string | URL | undefined): string {
  if (/^\.{0,2}[/\\]|^[A-Za-z]:[/\\]/.test(specifier)) {
    if (from === undefined) return pathToFileURL(resolve(specifier)).href
    const base = from instanceof URL || from.startsWith("file:") ? from : `${pathToFileURL(resolve(from)).href}/`
    return /^[A-Za-z]:/.test(specifier) ? pathToFileURL(specifier).href : new URL(specifier, base).href
  }
  return specifier
}

function follow(name: string, specifier: string, namespace: object, path: string): unknown {
  let value: unknown = namespace
  let walked = specifier
  for (const key of path.split(".")) {
    if ((typeof value !== "object" && typeof value !== "function") || value === null || !(key in value)) {
      throw new ImportStringError(name, `${walked} was found, but has no ${JSON.stringify(key)}`)
    }
    walked += `${walked === specifier ? ":" : "."}${key}`
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

/** What `findModules` lists. */
export interface FindModulesOptions {
  /** Whether a folder with an `index` module is listed, as that module. */
  includePackages?: boolean | undefined
  /** Whether the folders below are searched too. */
  recursive?: boolean | undefined
}

const MODULE = /^(?!\.).+(?<!\.d)\.[cm]?[jt]s$/
const INDEX = /^index\.[cm]?[jt]s$/

/**
 * The modules of a folder, as URLs for `import()`, in the order of their names. Not its own `index`; no declarations
 * (`.d.ts`), nothing that begins with a dot, no `node_modules`. Nothing is loaded.
 *
 * @throws TypeError when there is no such folder
 */
export async function* findModules(
  folder: string | URL,
  options: FindModulesOptions = {},
): AsyncGenerator<string, void, void> {
  const path = resolve(typeof folder === "string" ? folder : fileURLToPath(folder))
  for (const name of await namesIn(path)) {
    if (name.startsWith(".") || name === "node_modules") continue
    const entry = join(path, name)
    if ((await stat(entry)).isDirectory()) {
      const index = options.includePackages ? (await namesIn(entry)).find((each) => INDEX.test(each)) : undefined
      if (index !== undefined) yield pathToFileURL(join(entry, index)).href
      if (options.recursive) yield* findModules(entry, options)
    } else if (MODULE.test(name) && !INDEX.test(name)) {
      yield pathToFileURL(entry).href
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    throw new TypeError(`not a folder with modules: ${folder}`, { cause: error })
  }
}
