import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, test } from "vitest"
import { findModules, ImportStringError, importString } from "../../src/files/modules.ts"
import { temporaryFolder, writeTree } from "../support/files.ts"

async function modules() {
  const folder = temporaryFolder()
  await writeTree(folder, {
    "app.mjs": "export const app = { name: 'app', deep: { er: 1 } }; export default 5",
    "needs.mjs": "import './none.mjs'",
    "throws.mjs": "throw new RangeError('not today')",
    "types.d.ts": "export type A = 1",
    "read.me": "text",
    ".hidden.mjs": "",
    "index.mjs": "",
    "node_modules/x.mjs": "",
    "pack/index.mjs": "export const inside = true",
    "pack/part.js": "",
    "plain/other.ts": "",
  })
  return folder
}

async function failureOf(promise: Promise<unknown>): Promise<ImportStringError> {
  const error = await promise.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ImportStringError)
  return error as ImportStringError
}

describe("importString", () => {
  test("gives a module, an export, or what lies behind it", async () => {
    const folder = await modules()
    const path = join(folder, "app.mjs")
    expect(await importString(path)).toMatchObject({ default: 5 })
    expect(await importString(`${path}:app`)).toMatchObject({ name: "app" })
    expect(await importString(`${path}:app.deep.er`)).toBe(1)
    expect(await importString(`${pathToFileURL(path).href}:default`)).toBe(5)
    expect(await importString("./app.mjs:default", { from: folder })).toBe(5)
    expect(await importString("../app.mjs:default", { from: pathToFileURL(join(folder, "pack/part.js")) })).toBe(5)
    expect(await importString("mime-types:lookup")).toBeTypeOf("function")
  })

  test("takes the colon of a scheme for what it is", async () => {
    expect(await importString("node:path")).toHaveProperty("join")
    expect(await importString("node:path:sep")).toBe("/")
  })

  test.each([
    ["./none.mjs", "there is no module"],
    ["./none.mjs:app", "there is no module"],
    ["no-such-package", "there is no module"],
    ["node:none", "there is no module"],
    ["./app.mjs:none", 'was found, but has no "none"'],
    ["./app.mjs:app.none.er", 'app.mjs:app was found, but has no "none"'],
    ["./app.mjs:app.name.length", 'has no "length"'],
  ])("%s tells how far it went", async (name, reason) => {
    const from = await modules()
    const error = await failureOf(importString(name, { from }))
    expect([error.importName, error.isMissing]).toEqual([name, true])
    expect(error.message).toContain(reason)
    expect(await importString(name, { from, silent: true })).toBeUndefined()
  })

  test("a module that fails keeps its own error, silent or not", async () => {
    const from = await modules()
    for (const silent of [false, true]) {
      await expect(importString("./throws.mjs", { from, silent })).rejects.toThrow(new RangeError("not today"))
      const error = await failureOf(importString("./needs.mjs", { from, silent }))
      expect([error.isMissing, error.cause instanceof Error]).toEqual([false, true])
    }
  })
})

describe("findModules", () => {
  async function found(folder: string | URL, options?: Parameters<typeof findModules>[1]) {
    const names: string[] = []
    for await (const url of findModules(folder, options)) names.push(url.slice(url.indexOf("werkstatt-test-") + 22))
    return names
  }

  test("lists the modules of a folder, in order, and on demand those below", async () => {
    const folder = await modules()
    const own = ["app.mjs", "needs.mjs", "throws.mjs"]
    expect(await found(folder)).toEqual(own)
    expect(await found(pathToFileURL(folder))).toEqual(own)
    expect(await found(folder, { includePackages: true })).toEqual([
      "app.mjs",
      "needs.mjs",
      "pack/index.mjs",
      "throws.mjs",
    ])
    expect(await found(folder, { recursive: true })).toEqual([
      "app.mjs",
      "needs.mjs",
      "pack/part.js",
      "plain/other.ts",
      "throws.mjs",
    ])
  })

  test("gives what import takes", async () => {
    const folder = await modules()
    for await (const url of findModules(folder, { includePackages: true })) {
      if (url.endsWith("/pack/index.mjs")) expect(await importString(`${url}:inside`)).toBe(true)
    }
  })

  test("throws where there is no folder", async () => {
    await expect(found("/none")).rejects.toThrow(TypeError)
    await expect(found(join(await modules(), "app.mjs"))).rejects.toThrow(TypeError)
  })
})
