// The rule of the house: import from a lower row, or from your own folder without a cycle; name the file, not the folder.
// The table below is the architecture. Changing it is a change of one visible line.

import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { describe, expect, test } from "vitest"

/** From the top down. Rooms of one row do not know each other. */
const ROWS: string[][] = [
  ["index.ts"],
  ["front"],
  ["cli"],
  ["serving", "testapp.ts"],
  ["debug", "testing", "adapters", "proxy"],
  ["sessions"],
  ["middleware"],
  ["files"],
  // Below this line the code runs on Node, Bun, Deno and Workers alike.
  ["wrappers", "routing"],
  ["forms", "local.ts"],
  ["running"],
  ["environ"],
  ["datastructures"],
  ["exceptions", "signing"],
  ["http", "stores", "security.ts"],
  ["as-application.ts"],
  ["mistakes"],
  ["gateway.ts", "thenable.ts", "own-files.ts", "web-platform.ts"],
]
const NEUTRAL_FROM = ROWS.findIndex((row) => row.includes("wrappers"))
const NEUTRAL_NODE_MODULES = new Set(["node:crypto", "node:async_hooks"])
/** Payloads of tokens are compressed, as in Python. */
const MORE_NODE_MODULES = new Map([["signing", new Set([...NEUTRAL_NODE_MODULES, "node:zlib"])]])

const src = new URL("../src/", import.meta.url).pathname

interface Import {
  from: string
  to: string
}

function room(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : file
}

function rowOf(file: string): number {
  return ROWS.findIndex((row) => row.includes(room(file)))
}

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .sort()

// Type-only imports count: whoever needs the type needs to know the room. Comments are no imports.
function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "")
  const found: Import[] = []
  for (const match of text.matchAll(
    /^(?:import|export)\s[^"'`;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm,
  )) {
    const specifier = (match[1] ?? match[2] ?? match[3]) as string
    found.push({ from: file, to: specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : specifier })
  }
  return found
}

const imports = files.flatMap(importsOf)
const internal = imports.filter(({ to }) => to.endsWith(".ts"))

const isDoor = (file: string) => file === "index.ts" || file.endsWith("/index.ts")

describe("layers", () => {
  test("every file of src stands in a room of the table", () => {
    expect(files.filter((file) => rowOf(file) === -1)).toEqual([])
    expect(files.length).toBeGreaterThan(0)
  })

  // A door may list a name of a higher row: nothing inside imports it.
  test("only a door imports from the same or a higher row, but for its own folder", () => {
    const wrong = internal.filter(
      ({ from, to }) => !isDoor(from) && room(from) !== room(to) && rowOf(to) <= rowOf(from),
    )
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([])
  })

  test("every import inside names a file that is there, with its ending", () => {
    const wrong = imports.filter(
      ({ from, to }) => !to.includes(":") && !/^[@\w]/.test(to) && !files.includes(to) && from,
    )
    const missing = internal.filter(({ to }) => !files.includes(to))
    expect([...wrong, ...missing].map(({ from, to }) => `${from} -> ${to}`)).toEqual([])
  })

  test("only the front door imports a folder's index", () => {
    const wrong = internal.filter(({ from, to }) => isDoor(to) && from !== "index.ts")
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([])
  })

  test("an index only lists names", () => {
    for (const file of files.filter(isDoor)) {
      const text = readFileSync(join(src, file), "utf8").replace(/\/\/.*|\/\*[\s\S]*?\*\//g, "")
      const rest = text.replace(/export\s+(?:type\s+)?\{[^}]*\}\s+from\s+"[^"]+";?/g, "").trim()
      expect(rest, `${file} holds more than re-exports`).toBe("")
    }
  })

  test("there is no cycle of imports", () => {
    const graph = new Map<string, string[]>()
    for (const { from, to } of internal) graph.set(from, [...(graph.get(from) ?? []), to])
    const done = new Set<string>()
    const visit = (file: string, trail: string[]): void => {
      if (trail.includes(file)) throw new Error([...trail.slice(trail.indexOf(file)), file].join(" -> "))
      if (done.has(file)) return
      for (const next of graph.get(file) ?? []) visit(next, [...trail, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    expect(done.size).toBe(files.length)
  })

  test("below the line of neutrality the only modules of Node are crypto and async_hooks", () => {
    const wrong = imports.filter(({ from, to }) => {
      if (rowOf(from) < NEUTRAL_FROM || !to.startsWith("node:")) return false
      return !(MORE_NODE_MODULES.get(room(from)) ?? NEUTRAL_NODE_MODULES).has(to)
    })
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([])
  })

  test("what runs on other runtimes reaches nothing that does not", () => {
    const reached = new Set<string>()
    const visit = (file: string): void => {
      if (reached.has(file)) return
      reached.add(file)
      for (const { from, to } of imports) if (from === file) visit(to)
    }
    visit("adapters/fetch.ts")
    const foreign = [...reached].filter((to) => /^\w+:|^[@\w-]+$/.test(to) && !NEUTRAL_NODE_MODULES.has(to))
    expect(foreign).toEqual([])
    expect(reached.size).toBeGreaterThan(10)
  })
})
