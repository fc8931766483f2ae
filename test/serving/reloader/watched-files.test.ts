import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeEach, expect, test } from "vitest"
import { stampOf } from "../../../src/serving/reloader/stamp.ts"
import { WatchedFiles, type WatchSelection } from "../../../src/serving/reloader/watched-files.ts"
import { temporaryFolder } from "../../support/files.ts"

let folder = ""
const at = (name: string) => join(folder, name)

beforeEach(() => {
  folder = temporaryFolder()
  writeFileSync(at("main.js"), "1")
})

function watching(selection: WatchSelection = {}): WatchedFiles {
  const files = new WatchedFiles(selection)
  files.loaded(at("main.js"), stampOf(at("main.js")))
  expect(files.look()).toEqual([])
  return files
}

test("each change is seen once: written, replaced, taken away, put back", () => {
  const files = watching()
  const seenOnce = () => {
    expect(files.look()).toEqual([at("main.js")])
    expect(files.look()).toEqual([])
  }
  writeFileSync(at("main.js"), "22")
  seenOnce()
  writeFileSync(at("other"), "22")
  renameSync(at("other"), at("main.js"))
  seenOnce()
  rmSync(at("main.js"))
  seenOnce()
  writeFileSync(at("main.js"), "22")
  seenOnce()
  utimesSync(at("main.js"), 1, 1)
  seenOnce()
})

test("a file that changed since it was loaded is seen by the first look", () => {
  const files = new WatchedFiles({})
  files.loaded(at("main.js"), "as it was")
  expect(files.look()).toEqual([at("main.js")])
})

test("a module that changed before it was named is stale until the next look, one that was missing too", () => {
  const files = watching()
  writeFileSync(at("new.js"), "1")
  mkdirSync(at("a"))
  writeFileSync(at("a/none.js"), "1")
  files.look()
  const stamp = stampOf(at("new.js"))
  writeFileSync(at("new.js"), "22")
  expect(files.look()).toEqual([at("new.js")])
  files.loaded(at("new.js"), stamp)
  files.addMissing(at("a/none.js"))
  files.addMissing(at("a/never.js"))
  for (const name of ["new.js", "a/none.js"]) expect(files.isStale(at(name)), name).toBe(true)
  for (const name of ["main.js", "a/never.js"]) expect(files.isStale(at(name)), name).toBe(false)
  expect(files.look()).toEqual([at("new.js"), at("a/none.js")])
  expect(files.isStale(at("new.js"))).toBe(false)
})

test("sources beside a module matter, other files and folders below do not", () => {
  const files = watching()
  writeFileSync(at("beside.ts"), "")
  expect(files.look()).toEqual([at("beside.ts")])
  writeFileSync(at("data.db"), "")
  mkdirSync(at("below"))
  writeFileSync(at("below/late.js"), "")
  expect(files.look()).toEqual([])
  rmSync(at("beside.ts"))
  expect(files.look()).toEqual([at("beside.ts")])
})

test("a missing module is seen when it comes, and its folder may come later", () => {
  const files = watching()
  files.addMissing(at("a/b/none.js"))
  expect(files.look()).toEqual([])
  expect(files.folders()).toEqual(new Set([folder]))
  for (const name of ["a", "a/b"]) expect(files.matters(at(name)), name).toBe(true)
  expect(files.matters(at("c"))).toBe(false)
  mkdirSync(at("a/b"), { recursive: true })
  expect(files.folders()).toEqual(new Set([folder, at("a/b")]))
  writeFileSync(at("a/b/none.js"), "")
  expect(files.look()).toEqual([at("a/b/none.js")])
})

test("extra files of every kind matter, extra folders with all that is in them", () => {
  writeFileSync(at("settings"), "")
  mkdirSync(at("pages/node_modules"), { recursive: true })
  const files = watching({ extraFiles: [at("settings"), at("pages"), at("later")], excludePatterns: ["*.bak"] })
  expect(files.folders()).toEqual(new Set([folder, at("pages")]))
  mkdirSync(at("pages/a/b"), { recursive: true })
  expect(files.folders()).toEqual(new Set([folder, at("pages"), at("pages/a"), at("pages/a/b")]))
  for (const name of ["settings", "pages/index.html", "later"]) {
    writeFileSync(at(name), "1")
    expect(files.look(), name).toEqual([at(name)])
    expect(files.matters(at(name)), name).toBe(true)
  }
  for (const name of ["pages/index.bak", "pages/node_modules/a.js"]) {
    writeFileSync(at(name), "1")
    expect(files.look(), name).toEqual([])
  }
  expect(files.matters(at("pages/index.bak"))).toBe(false)
})

test("what is excluded is never seen, as a module neither", () => {
  writeFileSync(at("made.js"), "")
  const files = watching({ excludePatterns: ["*/made.js"] })
  files.loaded(at("made.js"), "before")
  writeFileSync(at("made.js"), "1")
  expect(files.look()).toEqual([])
})

test("modules that the application has dropped are forgotten", () => {
  mkdirSync(at("old"))
  writeFileSync(at("old/one.js"), "")
  const files = watching()
  files.loaded(at("old/one.js"), stampOf(at("old/one.js")))
  files.retain(new Set([at("main.js")]))
  writeFileSync(at("old/one.js"), "1")
  expect(files.look()).toEqual([])
})
