// What each door of the built package loads. How long that takes depends on the machine (`npm run bench -- import`); how many
// files it is, and which parts of Node, does not.

import { existsSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import * as sourceDoors from "../../src/index.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, { types: string; default: string } | string>
  dependencies: Record<string, string>
}
const doors = Object.entries(manifest.exports).flatMap(([name, door]): [string, string][] =>
  typeof door === "string" ? [] : [[name, join(root, door.default)]],
)
const fileOf = (door: string) => new Map(doors).get(door) as string

/** The files that are loaded with a file, and the packages and parts of Node. */
function loadedWith(file: string, files = new Set<string>(), others = new Set<string>()) {
  if (files.has(file)) return { files, others }
  files.add(file)
  const text = readFileSync(file, "utf8")
  for (const match of text.matchAll(/^(?:import|export)\b[^"'`;]*?\bfrom\s*"([^"]+)"|^import\s*"([^"]+)"/gm)) {
    const to = (match[1] ?? match[2]) as string
    if (to.startsWith(".")) loadedWith(resolve(dirname(file), to), files, others)
    else others.add(to)
  }
  return { files, others }
}

describe("what a door loads", () => {
  test.each<[door: string, files: number, others: string[]]>([
    [".", 10, []],
    ["./gateway", 1, []],
    ["./http", 8, ["node:crypto"]],
    ["./exceptions", 9, []],
    ["./datastructures", 9, []],
    ["./environ", 6, []],
    ["./forms", 8, []],
    ["./wrappers", 9, []],
    ["./routing", 5, []],
    ["./running", 8, []],
    ["./stores", 4, []],
    ["./signing", 5, ["node:crypto", "node:zlib"]],
    ["./security", 3, ["node:crypto"]],
    ["./adapters/fetch", 8, []],
  ])("%s: up to %i files of its own, and %j", (door, most, expected) => {
    const { files, others } = loadedWith(fileOf(door))
    expect(files.size).toBeLessThanOrEqual(most)
    expect([...others].sort()).toEqual(expected)
  })

  // Workers have no URL for a module.
  test.each([
    "./http",
    "./exceptions",
    "./datastructures",
    "./environ",
    "./forms",
    "./wrappers",
    "./routing",
    "./running",
    "./stores",
    "./adapters/fetch",
  ])("%s asks for no URL of its own", (door) => {
    const { files } = loadedWith(fileOf(door))
    expect([...files].filter((file) => readFileSync(file, "utf8").includes("import.meta"))).toEqual([])
  })

  test.each([
    ["./middleware", ["node:crypto", "node:http", "node:zlib", "node:inspector", "mime-types", "undici"]],
    ["./adapters/node", ["node:crypto", "node:https", "node:http2", "node:tls", "mime-types"]],
    ["./serving", ["node:https", "node:http2", "node:inspector", "acorn", "chokidar"]],
    ["./debug", ["acorn"]],
  ])("%s leaves %j until they are needed", (door, late) => {
    const { others } = loadedWith(fileOf(door))
    expect([...others].filter((each) => late.includes(each))).toEqual([])
  })

  test.each(doors)("%s imports nothing that an installation may lack", (_door, file) => {
    const { others } = loadedWith(file)
    const known = (id: string) => id.startsWith("node:") || id in manifest.dependencies
    expect([...others].filter((id) => !known(id))).toEqual([])
  })
})

test("the built front door has the names of the source, and no other", async () => {
  const built = (await import(fileOf("."))) as Record<string, unknown>
  expect(Object.keys(built).sort()).toEqual(Object.keys(sourceDoors).sort())
})

test("what two doors export under one name is one thing", async () => {
  const first = new Map<string, [door: string, value: unknown]>()
  // Those that are loaded late are functions of their own at the front door.
  const late = new Set(["makeServer", "runSimple", "sendFile", "sendFromDirectory"])
  const different: string[] = []
  for (const [door, file] of doors) {
    for (const [name, value] of Object.entries((await import(file)) as Record<string, unknown>)) {
      const known = first.get(name)
      if (known === undefined) first.set(name, [door, value])
      else if (known[1] !== value && !late.has(name)) different.push(`${name} of ${known[0]} and ${door}`)
    }
  }
  expect(different).toEqual([])
})

test("an object of one door is an instance of the class of another", async () => {
  const load = async (door: string) => (await import(fileOf(door))) as Record<string, never>
  const [front, exceptions, wrappers, testing] = await Promise.all(
    [".", "./exceptions", "./wrappers", "./testing"].map(load),
  )
  const { NotFound, HTTPException } = exceptions as unknown as typeof import("../../src/exceptions/index.ts")
  const { Request, Response } = front as unknown as typeof import("../../src/index.ts")
  const { createEnviron } = testing as unknown as typeof import("../../src/testing/index.ts")
  const { redirect } = wrappers as unknown as typeof import("../../src/wrappers/index.ts")
  expect(new NotFound().getResponse()).toBeInstanceOf(Response)
  expect(redirect("/")).toBeInstanceOf(Response)
  expect(new (front as unknown as typeof import("../../src/index.ts")).NotFound()).toBeInstanceOf(HTTPException)
  expect(new Request(createEnviron("/")).args.constructor.name).toBe("ImmutableMultiDict")
})

test("what is started by its path is there", () => {
  const started = [
    "cli/main.js",
    "debug/inspection-thread.js",
    "serving/process-group/guard-thread.cjs",
    "serving/process-group/preload.js",
    "serving/reloader/module-hooks.js",
    "serving/reloader/preload.js",
  ]
  expect(started.filter((file) => !existsSync(join(root, "dist", file)))).toEqual([])
})
