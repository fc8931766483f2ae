// Which modules of src/ are loaded together: few files load faster than many. In this order each door gets one chunk, of what
// it needs and no door before it has. All else the bundler divides by what needs it.

import { readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"

/** From what is needed by most to what is needed last. The first two share what both need. */
const ORDER = ["routing/index", "wrappers/index", "http/index", "datastructures/index", "forms/index", "running/index"]

/** A chunk of these loads a package or a part of Node, which takes longer than a file: it comes with what needs it. */
const LOADS_MORE = /^import\s+(?!type\b)[^"'`;]*?from\s+"[^."]/m

const IMPORT = /^(?:import|export)\s+(?!type\b)[^"'`;]*?from\s+"(\.[^"]+)"|^import\s+"(\.[^"]+)"/gm

/** The modules that a module loads when it is loaded, itself among them. */
function loadedWith(file, found = new Set()) {
  if (found.has(file)) return found
  found.add(file)
  for (const [statement, from, alone] of readFileSync(file, "utf8").matchAll(IMPORT)) {
    // Where every name is a type nothing is loaded.
    const names = /\{([^}]*)\}/
      .exec(statement)?.[1]
      ?.split(",")
      .map((name) => name.trim())
      .filter(Boolean)
    if (names?.every((name) => name.startsWith("type "))) continue
    loadedWith(resolve(dirname(file), from ?? alone), found)
  }
  return found
}

/** Groups for the bundler, for the sources in that folder. */
export function chunksOf(sources) {
  const closures = ORDER.map((name) => {
    const door = join(sources, `${name}.ts`)
    return {
      name: name.replace("/index", "").replaceAll("/", "-"),
      files: [...loadedWith(door)].filter((file) => file !== door && !LOADS_MORE.test(readFileSync(file, "utf8"))),
    }
  })
  const [first, second] = closures
  const base = { name: "base", files: first.files.filter((file) => second.files.includes(file)) }
  const taken = new Set()
  const groups = [base, ...closures].map(({ name, files }, index) => {
    const own = new Set(files.filter((file) => !taken.has(file)))
    for (const file of own) taken.add(file)
    return { name, test: (id) => own.has(id), priority: ORDER.length + 1 - index }
  })
  return [{ name: "own-files", test: /\/own-files\.ts$/, priority: ORDER.length + 2 }, ...groups]
}
