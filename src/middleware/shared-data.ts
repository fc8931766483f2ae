// Static files in front of an application: what is there is sent, everything else is passed on. Stands inside proxyFix and
// accessLog. Which file a path names, and how it is sent, is decided in files/ alone, as for sendFromDirectory.

import { existsSync, statSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { asApplication } from "../as-application.ts"
import { getPathInfo } from "../environ/path.ts"
import { HTTPException } from "../exceptions/http-exception.ts"
import type { Application, ApplicationLike, Environ } from "../gateway.ts"
import { describe } from "../mistakes/describe.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import type { Response } from "../wrappers/response.ts"
import type { Candidate, SharedDataOptions } from "./site-file.ts"

/** A folder inside an installed package, as `{ package: "swagger-ui-dist", path: "." }`. */
export interface PackageFolder {
  package: string
  /** Below the root of the package; the root unless given. */
  path?: string | undefined
  /** From where the package is looked for, as an import there would; the working directory unless given. */
  from?: string | URL | undefined
}

/** A folder or a file: where it is, or in which package. */
export type ExportSource = string | URL | PackageFolder

/** URL paths and what is served below them. */
export type Exports = Readonly<Record<string, ExportSource>> | Iterable<readonly [prefix: string, source: ExportSource]>

const OPTIONS: OptionNames<SharedDataOptions> = {
  dotFiles: true,
  symlinks: true,
  precompressed: true,
  disallow: true,
  cache: true,
  maxAgeSeconds: true,
  fallbackMimetype: true,
  contentEncoding: true,
  etag: true,
}

/**
 * Serves files for GET and HEAD, with conditional requests and ranges. The exports are tried in order, and the first that has
 * the file wins; a request that no file answers is passed on to `app`, as is one whose path leads out of a folder, holds
 * `.`, `..` or an empty segment, or names something that begins with a dot.
 *
 * @throws TypeError when an export's path does not start with a slash, Error when a package is not installed
 */
export function sharedData(app: ApplicationLike, exports: Exports, options: SharedDataOptions = {}): Application {
  const inner = asApplication(app, "sharedData")
  checkOptions("sharedData", options, OPTIONS)
  if (typeof exports !== "object" || exports === null) {
    throw new TypeError(`sharedData takes exports, { "/path": folder }, not ${describe(exports)}`)
  }
  const { maxAgeSeconds = 43_200 } = options
  if (!(Number.isSafeInteger(maxAgeSeconds) && maxAgeSeconds >= 0)) {
    throw new RangeError(`maxAgeSeconds must be a whole number from 0, not ${String(maxAgeSeconds)}`)
  }
  const list = Array.from(isPairs(exports) ? exports : Object.entries(exports), ([prefix, source]) =>
    exported(prefix, source),
  )
  const { disallow = [] } = options
  const patterns = typeof disallow === "string" ? [disallow] : [...disallow]
  return (environ, startResponse) => {
    if (environ.REQUEST_METHOD !== "GET" && environ.REQUEST_METHOD !== "HEAD") return inner(environ, startResponse)
    const path = getPathInfo(environ)
    const candidates = list.flatMap((each) => {
      const rest = restOf(each, path)
      if (rest === undefined) return []
      const name = rest === "" ? basename(each.path) : rest
      return isDisallowed(name, patterns) ? [] : [{ path: each.path, rest, name }]
    })
    if (candidates.length === 0) return inner(environ, startResponse)
    return sent(candidates, environ, options).then(
      (response) => (response ? response.respond(environ, startResponse) : inner(environ, startResponse)),
      (error) => {
        if (error instanceof HTTPException) return error.respond(environ, startResponse)
        throw error
      },
    )
  }
}

let site: typeof import("./site-file.ts") | undefined

/** What sends files is loaded with the first of them. */
async function sent(
  candidates: readonly Candidate[],
  environ: Environ,
  options: SharedDataOptions,
): Promise<Response | undefined> {
  site ??= await import("./site-file.ts")
  return site.firstFile(candidates, environ, options)
}

interface Export {
  /** Without a slash at its end. */
  prefix: string
  path: string
  isFile: boolean
}

function isPairs(exports: Exports): exports is Iterable<readonly [string, ExportSource]> {
  return Symbol.iterator in exports
}

function exported(prefix: string, source: ExportSource): Export {
  if (prefix !== "" && !prefix.startsWith("/")) {
    throw new TypeError(`the path of an export starts with a slash, not as ${JSON.stringify(prefix)}`)
  }
  const path = pathOf(source)
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
  return { prefix: prefix.endsWith("/") ? prefix.slice(0, -1) : prefix, path, isFile }
}

function pathOf(source: ExportSource): string {
  if (typeof source === "string") return source
  return source instanceof URL ? fileURLToPath(source) : packagePath(source)
}

/** Looks into the folders that an import would, but not into `exports` of package.json, which is about modules. */
function packagePath({ package: name, path = "", from = join(process.cwd(), "_") }: PackageFolder): string {
  const { createRequire } = process.getBuiltinModule("node:module")
  const folders = createRequire(from).resolve.paths(name) ?? []
  const folder = folders.map((each) => join(each, name)).find((each) => existsSync(join(each, "package.json")))
  if (folder === undefined) throw new Error(`the package ${JSON.stringify(name)} is not installed`)
  return join(folder, path)
}

/** What the path names below the export; empty for an export that is the file itself. */
function restOf({ prefix, isFile }: Export, path: string): string | undefined {
  if (isFile) return path === prefix ? "" : undefined
  return path.startsWith(`${prefix}/`) && path.length > prefix.length + 1 ? path.slice(prefix.length + 1) : undefined
}

function isDisallowed(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesPattern(pattern.includes("/") ? path : basename(path), pattern))
}

/**
 * Whether a text is of a pattern, as in a shell, but that `*` and `?` stand for slashes too. Takes at most the product of both
 * lengths, for every pattern.
 *
 * @example
 * matchesPattern("page.html", "*.html") // => true
 * matchesPattern("hello.txt", "[a-h]*.tx?") // => true
 * matchesPattern("hello.txt", "[!a-h]*") // => false
 */
export function matchesPattern(text: string, pattern: string): boolean {
  let [at, star, retry] = [0, -1, 0]
  for (let index = 0; ; ) {
    if (pattern[at] === "*") {
      ;[star, retry] = [at++, index]
      continue
    }
    if (index === text.length && at === pattern.length) return true
    const next = index < text.length ? matchOne(text[index] as string, pattern, at) : -1
    if (next !== -1) {
      at = next
      index++
      continue
    }
    // The last star takes one character more; those before it have what they need.
    if (star === -1 || retry >= text.length) return false
    ;[at, index] = [star + 1, ++retry]
  }
}

/** Behind the part of the pattern at `at` if it stands for this character, else -1. */
function matchOne(char: string, pattern: string, at: number): number {
  const part = pattern[at]
  if (part === undefined) return -1
  const isNegated = pattern[at + 1] === "!"
  const first = at + (isNegated ? 2 : 1)
  // A bracket that comes first in a set is one of it.
  const end = part === "[" ? pattern.indexOf("]", first + 1) : -1
  if (end === -1) return part === "?" || part === char ? at + 1 : -1
  let isIn = false
  for (let index = first; index < end; index++) {
    const low = pattern[index] as string
    const isRange = pattern[index + 1] === "-" && index + 2 < end
    const high = isRange ? (pattern[index + 2] as string) : low
    if (low <= char && char <= high) isIn = true
    if (isRange) index += 2
  }
  return isIn === isNegated ? -1 : end + 1
}
