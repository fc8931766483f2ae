// Tells the parent which files the application is made of, as Node loads them. Node calls `resolve` and `load` for every
// module, in a thread of its own where hooks are asynchronous; nothing is changed on the way.

import { isAbsolute, resolve as resolvePath, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { report } from "../process-group/report.ts"
import { stampOf } from "./stamp.ts"

const known = new Set<string>()

/** A file is about to be loaded; that of a package does not count. */
export function reportFile(path: string): void {
  if (known.has(path) || !isAbsolute(path) || path.includes(`${sep}node_modules${sep}`)) return
  known.add(path)
  report({ loaded: path, stamp: stampOf(path) })
}

/** A module is about to be loaded. */
export function reportUrl(url: string): void {
  if (url.startsWith("file:")) reportFile(pathOf(url))
}

/** A relative name that led nowhere, as written in the module `parent`: a URL, a path, or nothing for the entry point. */
export function reportMissing(specifier: string, parent: string | undefined): void {
  try {
    if (specifier.startsWith("file:")) report({ missing: fileURLToPath(specifier) })
    else if (parent?.startsWith("file:") && /^\.{0,2}\//.test(specifier))
      report({ missing: pathOf(new URL(specifier, parent).href) })
    else if (parent !== undefined && isAbsolute(parent) && /^\.{1,2}[\\/]/.test(specifier))
      report({ missing: resolvePath(parent, "..", specifier) })
  } catch {
    // A specifier that makes no path.
  }
}

type Resolve<T> = (specifier: string, context: { parentURL?: string | undefined }) => T

/** Node's hook of this name. */
export async function resolve(
  specifier: string,
  context: { parentURL?: string | undefined },
  next: Resolve<Promise<unknown>>,
): Promise<unknown> {
  try {
    return await next(specifier, context)
  } catch (error) {
    reportMissing(specifier, context.parentURL)
    throw error
  }
}

/** The same where hooks are called in the thread of the application. */
export function resolveSync(
  specifier: string,
  context: { parentURL?: string | undefined },
  next: Resolve<unknown>,
): unknown {
  try {
    return next(specifier, context)
  } catch (error) {
    reportMissing(specifier, context.parentURL)
    throw error
  }
}

/** Node's hook of this name, for both kinds of thread: what `next` gives is passed on. */
export function load(url: string, context: object, next: (url: string, context: object) => unknown): unknown {
  reportUrl(url)
  return next(url, context)
}

/** Loaders put queries behind a URL. */
function pathOf(url: string): string {
  return fileURLToPath(url.split(/[?#]/, 1)[0] as string)
}
