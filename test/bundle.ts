// Runs tests on the built package: where a test imports a file of src/, it gets the names of that file from the doors of dist/.
// Only those tests can be run so that use nothing but public names, in what they import as well. npm run test:bundle

import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import type { Plugin } from "vite"
import { publicNames } from "./checklist/public-names.ts"

const root = fileURLToPath(new URL("../", import.meta.url))
const src = join(root, "src/")
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, { default: string } | string>
}

/** The doors, by their files in src/: `routing/index.ts` is `/.../dist/routing/index.js`. */
const doors = new Map(
  Object.values(manifest.exports).flatMap((door): [string, string][] =>
    typeof door === "string"
      ? []
      : [[door.default.replace("./dist/", "").replace(/js$/, "ts"), join(root, door.default)]],
  ),
)

/** For each file of src/ the names that are public, with their door. */
const byFile = new Map<string, Map<string, string>>()
for (const { name, door, file, listed, isType } of publicNames()) {
  if (isType) continue
  const path = door === "werkstatt" ? "index.ts" : `${door.slice("werkstatt/".length)}`
  const built = doors.get(`${path}/index.ts`) ?? doors.get(`${path}.ts`)
  if (built === undefined) continue
  for (const each of new Set([file, listed])) {
    const names = byFile.get(each) ?? new Map<string, string>()
    byFile.set(each, names.set(name, built))
  }
}

const IMPORT = /^(?:import|export)\s+(?!type\b)([^"'`;]*?)\bfrom\s+"(\.[^"]+|werkstatt[^"]*)"/gm

/** Imports of all kinds, those of types too. */
const ANY_IMPORT = /^(?:import|export)\s[^"'`;]*?\bfrom\s+"[^"]*"/gm

/** The names that an import takes, types left out; undefined for all of them. */
function namesOf(clause: string): string[] | undefined {
  if (clause.includes("*")) return undefined
  return (/\{([^}]*)\}/.exec(clause)?.[1] ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "))
    .map((name) => name.split(/\s+as\s+/)[0] as string)
}

const judged = new Map<string, boolean>()

/** Whether all that a file of tests takes from src/ is public. */
function takesPublicNames(file: string): boolean {
  const known = judged.get(file)
  if (known !== undefined) return known
  judged.set(file, true)
  const text = readFileSync(file, "utf8")
  // What reads sources, or loads them later, is about the sources.
  let isPublic = !/import\("\.\.?\/|["'`/]src\/|\bvi\.mock\b/.test(text.replace(ANY_IMPORT, ""))
  for (const [, clause = "", from = ""] of text.matchAll(IMPORT)) {
    if (!from.startsWith(".")) continue
    const names = namesOf(clause)
    if (names?.length === 0) continue
    const target = resolve(dirname(file), from)
    if (target.startsWith(src)) {
      const path = target.slice(src.length)
      if (doors.has(path)) continue
      const open = byFile.get(path)
      isPublic &&= names?.every((name) => open?.has(name)) ?? false
    } else if (target.endsWith(".ts") && existsSync(target)) isPublic &&= takesPublicNames(target)
  }
  judged.set(file, isPublic)
  return isPublic
}

/** Rooms whose tests start processes from dist/ in any case, whose errors are shown with sources, and the package's own. */
const NOT_THESE = /^(?:cli|debug|serving|package|checklist|hosts|load)\//

/** The tests that can run on the built package, as paths from the root. */
export function bundleTests(): string[] {
  const folder = join(root, "test")
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && !NOT_THESE.test(file) && takesPublicNames(join(folder, file)))
    .map((file) => `test/${file}`)
}

/** Gives tests the doors of dist/ in place of the files of src/. */
export function onBundle(): Plugin {
  const PREFIX = "\0bundle:"
  return {
    name: "on-bundle",
    enforce: "pre",
    resolveId(id, importer) {
      const target = id.startsWith(src) ? id : importer === undefined ? "" : resolve(dirname(importer), id)
      if (!target.startsWith(src)) return undefined
      const path = relative(src, target)
      return doors.get(path) ?? `${PREFIX}${path}`
    },
    load(id) {
      if (!id.startsWith(PREFIX)) return undefined
      const names = byFile.get(id.slice(PREFIX.length)) ?? new Map<string, string>()
      return Array.from(names, ([name, door]) => `export { ${name} } from ${JSON.stringify(door)}`).join("\n")
    },
  }
}
