// Finds an application by name, as `module:app`: which file, which export of it, and whether to call it first.
// A wrong name ends in a LoadError of one line; errors of the module itself pass as they are.

import { existsSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { extname, join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { applicationHint, asApplication, isApplicationLike } from "../as-application.ts"
import type { Application } from "../gateway.ts"
import { describe, foreignApplication, isPlainObject } from "../mistakes/describe.ts"
import { closest } from "../mistakes/similarity.ts"

/** The name does not lead to an application. The message is one line that says what to change. */
export class LoadError extends Error {
  override readonly name = "LoadError"
}

const ENDINGS = [".ts", ".mts", ".js", ".mjs", ".cts", ".cjs"]
const TYPESCRIPT = new Set([".ts", ".mts", ".cts"])
const USUAL_NAMES = ["app", "application", "default"]

/** A name taken apart: `module:export`, `module:factory()`, or a module alone. */
export interface ApplicationName {
  module: string
  exportName: string | undefined
  isFactory: boolean
}

/**
 * Takes a name apart.
 *
 * @throws LoadError when what stands behind the colon is no name
 * @example
 * parseName("site/main.ts:app") // => { module: "site/main.ts", exportName: "app", isFactory: false }
 * parseName("main:make()") // => { module: "main", exportName: "make", isFactory: true }
 * parseName("main") // => { module: "main", exportName: undefined, isFactory: false }
 * parseName("main:a b") // throws LoadError
 */
export function parseName(name: string): ApplicationName {
  const colon = name.lastIndexOf(":")
  // The colon of a Windows drive, or of a URL, has a slash behind it.
  if (colon === -1 || /^[\\/]/.test(name.slice(colon + 1))) {
    return { module: name, exportName: undefined, isFactory: false }
  }
  const match = /^([\p{ID_Start}$_][\p{ID_Continue}$]*)(\(\))?$/u.exec(name.slice(colon + 1))
  if (match === null)
    throw new LoadError(
      `"${name.slice(colon + 1)}" is not the name of an export. Write module:app or module:factory().`,
    )
  return { module: name.slice(0, colon), exportName: match[1] as string, isFactory: match[2] !== undefined }
}

/**
 * Imports the module that `name` names and gives the application in it.
 *
 * A module is a path below `folder`, with or without its ending, or a package that is installed there.
 * TypeScript runs as it is where Node strips types, and through `tsx` elsewhere.
 *
 * @throws LoadError when there is no such module or export, or when it is no application
 */
export async function loadApplication(name: string, folder: string = process.cwd()): Promise<Application> {
  const { isFactory, module } = parseName(name)
  const { found, value } = await loadExport(name, folder)
  if (isApplicationLike(value)) return asApplication(value)
  const what = isFactory ? `${found}()` : `"${found}"`
  throw new LoadError(
    `${what} in ${module} ${isFactory ? "gave" : "is"} ${describe(value)}, which is not what werkstatt serves. ${applicationHint(value)}`,
  )
}

/**
 * Imports the module that `name` names, as `loadApplication` does, and gives the export of any kind, or what it gives when it is
 * called, and the module.
 *
 * @throws LoadError when there is no such module or export, or when it cannot be called
 */
export async function loadExport(
  name: string,
  folder: string = process.cwd(),
): Promise<{ found: string; value: unknown; exports: Record<string, unknown> }> {
  const { module, exportName, isFactory } = parseName(name)
  const exports = await importModule(module, folder)
  const [found, value] = pick(exports, exportName, module)
  if (!isFactory) return { found, value, exports }
  if (typeof value !== "function")
    throw new LoadError(`"${found}" in ${module} is not a function that could be called.`)
  return { found, value: await value(), exports }
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}

/**
 * Imports a module by the name that `parseName` gives it.
 *
 * @throws LoadError when there is none
 */
export async function importModule(module: string, folder: string = process.cwd()): Promise<Record<string, unknown>> {
  const file = findModule(module, folder)
  const loader = typescriptLoader(file, folder)
  // The same as `node --import`: importing it registers its hooks.
  if (loader !== undefined) await import(loader)
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>
}

/**
 * The file of a module.
 *
 * @throws LoadError when there is none
 */
export function findModule(module: string, folder: string = process.cwd()): string {
  const path = resolve(folder, module)
  for (const candidate of [
    path,
    ...ENDINGS.map((ending) => path + ending),
    ...ENDINGS.map((ending) => join(path, `index${ending}`)),
  ]) {
    if (isFile(candidate)) return candidate
  }
  try {
    if (/^[@\w]/.test(module)) return createRequire(join(folder, "index.js")).resolve(module)
  } catch {
    // Not a package either.
  }
  throw new LoadError(`There is no module "${module}" in ${folder}.`)
}

function pick(exports: Record<string, unknown>, wanted: string | undefined, module: string): [string, unknown] {
  // What a CommonJS module exports may stand below its default only.
  const inner = exports["default"]
  const places = [exports, ...(typeof inner === "object" && inner !== null ? [inner as Record<string, unknown>] : [])]
  const names = wanted === undefined ? USUAL_NAMES : [wanted]
  const found = names.flatMap((name) =>
    places.filter((place) => Object.hasOwn(place, name)).map((place): [string, unknown] => [name, place[name]]),
  )
  // Of several, one that is an application; else the first, so that the message can say what it is.
  const chosen = found.find(([, value]) => isApplicationLike(value)) ?? found.find(isTelling)
  if (chosen !== undefined) return chosen
  const available = Object.keys(exports)
  const there = available.join(", ") || "nothing"
  if (wanted === undefined)
    throw new LoadError(`${module} exports neither "app" nor "application" nor a default (it exports: ${there}).`)
  const near = closest(wanted, available)
  throw new LoadError(
    `${module} has no export "${wanted}" (it exports: ${there}).${near === undefined ? "" : ` Did you mean "${near}"?`}`,
  )
}

/** Whether an export is worth a message of its own: the default of a CommonJS module is only the list of its exports. */
function isTelling([name, value]: [string, unknown]): boolean {
  return name !== "default" || !isPlainObject(value) || foreignApplication(value) !== undefined
}

/**
 * The URL of what lets this Node run a TypeScript file; undefined where nothing is needed, or it is there already.
 *
 * @throws LoadError when it is not installed
 */
export function typescriptLoader(file: string, folder: string = process.cwd()): string | undefined {
  if (!TYPESCRIPT.has(extname(file))) return undefined
  // Set where Node strips types by itself; unknown to the types of Node 20.
  if ((process.features as { typescript?: unknown }).typescript) return undefined
  if (process.execArgv.some((argument) => argument.includes("tsx"))) return undefined
  try {
    return pathToFileURL(createRequire(join(folder, "index.js")).resolve("tsx")).href
  } catch {
    throw new LoadError(
      `Node ${process.versions.node} does not run TypeScript by itself. Install tsx: npm install --save-dev tsx`,
    )
  }
}
