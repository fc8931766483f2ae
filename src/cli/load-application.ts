// Finds an application by name, as `module:app`: which file, which export of it, and whether to call it first.
// Whatever is wrong with the name ends in a LoadError of one line; errors of the module itself pass as they are.

import { existsSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { extname, join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import type { Application } from "../gateway.ts"

/** The name leads to no application. The message is one line that says what to change. */
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
 * @throws LoadError when there is no such module or export, or when it is not a function
 */
export async function loadApplication(name: string, folder: string = process.cwd()): Promise<Application> {
  const { module, exportName, isFactory } = parseName(name)
  const file = findModule(module, folder)
  if (TYPESCRIPT.has(extname(file))) await enableTypeScript(folder)
  const exports = (await import(pathToFileURL(file).href)) as Record<string, unknown>
  const [found, value] = pick(exports, exportName, module)
  if (typeof value !== "function") {
    throw new LoadError(
      `"${found}" in ${module} is not a function; an application is one: (environ, startResponse) => body.`,
    )
  }
  if (!isFactory) return value as Application
  const made: unknown = await value()
  if (typeof made !== "function")
    throw new LoadError(`${found}() in ${module} did not give a function; an application is one.`)
  return made as Application
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}

function findModule(module: string, folder: string): string {
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
  for (const name of names) {
    for (const place of places) {
      if (Object.hasOwn(place, name) && (wanted !== undefined || typeof place[name] === "function"))
        return [name, place[name]]
    }
  }
  const there = Object.keys(exports).join(", ") || "nothing"
  if (wanted === undefined)
    throw new LoadError(`${module} exports neither "app" nor "application" (it exports: ${there}).`)
  throw new LoadError(`${module} has no export "${wanted}" (it exports: ${there}).`)
}

async function enableTypeScript(folder: string): Promise<void> {
  // Set where Node strips types by itself; unknown to the types of Node 20.
  if ((process.features as { typescript?: unknown }).typescript) return
  if (process.execArgv.some((argument) => argument.includes("tsx"))) return
  let loader: string
  try {
    loader = createRequire(join(folder, "index.js")).resolve("tsx")
  } catch {
    throw new LoadError(
      `Node ${process.versions.node} does not run TypeScript by itself. Install tsx: npm install --save-dev tsx`,
    )
  }
  // The same as `node --import tsx`: importing it registers its hooks.
  await import(pathToFileURL(loader).href)
}
