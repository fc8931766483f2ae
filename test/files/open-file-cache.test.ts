import { rename, symlink, unlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, onTestFinished, test } from "vitest"
import { openFile } from "../../src/files/open-file.ts"
import { OpenFileCache, type OpenFileCacheOptions, SharedFile } from "../../src/files/open-file-cache.ts"
import { type SendFromDirectoryOptions, sendFromDirectory } from "../../src/files/send-file.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"
import { openFilesBelow, temporaryFolder, writeTree } from "../support/files.ts"
import { sleep } from "../support/server.ts"

const onLinux = (count: number) => (process.platform === "linux" ? count : 0)

async function setUp(options?: OpenFileCacheOptions) {
  const folder = temporaryFolder()
  await writeTree(folder, { a: "a", b: "b", c: "c", ".d": "d" })
  const cache = new OpenFileCache(options)
  onTestFinished(() => cache.close())
  let opened = 0
  const open = (name: string) =>
    cache.open(name, () => {
      opened++
      return openFile(join(folder, name))
    })
  return { folder, cache, open, opened: () => opened }
}

describe("a cache of open files", () => {
  test("opens a file once for many, also for requests at the same time", async () => {
    const { folder, cache, open, opened } = await setUp()
    const files = await Promise.all([open("a"), open("a"), open("a")])
    for (const file of files) expect(new TextDecoder().decode(await file.read(0, 1))).toBe("a")
    for (const file of files) await file.close()
    const again = await open("a")
    await again.close()
    expect([opened(), cache.size, openFilesBelow(folder).length]).toEqual([1, 1, onLinux(1)])
  })

  test("gives a file that is open by now at once", async () => {
    const { open } = await setUp()
    const opening = open("a")
    const file = await opening
    const again = open("a")
    expect([opening, again]).toEqual([expect.any(Promise), expect.any(SharedFile)])
    for (const each of [file, await again]) await each.close()
  })

  test("closes a file when it is too old and not read any more", async () => {
    const { folder, cache, open, opened } = await setUp({ maxAgeMs: 30 })
    const file = await open("a")
    await (await open("b")).close()
    for (let i = 0; i < 100 && cache.size > 0; i++) await sleep(10)
    expect([cache.size, openFilesBelow(folder).length]).toEqual([0, onLinux(1)])
    expect((await file.read(0, 1)).length).toBe(1)
    await file.close()
    await file.close()
    expect(openFilesBelow(folder)).toEqual([])
    await (await open("a")).close()
    expect(opened()).toBe(3)
  })

  test("keeps so many files and no more; the oldest go", async () => {
    const { folder, cache, open } = await setUp({ maxFiles: 2 })
    for (const name of ["a", "b", "c"]) await (await open(name)).close()
    await sleep(1)
    const names = openFilesBelow(folder).map((path) => path.at(-1))
    expect([cache.size, names.sort()]).toEqual([2, onLinux(1) ? ["b", "c"] : []])
    cache.close()
    await sleep(1)
    expect([cache.size, openFilesBelow(folder)]).toEqual([0, []])
  })

  test("does not remember that a file is not there", async () => {
    const { folder, cache, open } = await setUp()
    await expect(open("late")).rejects.toMatchObject({ code: "ENOENT" })
    expect(cache.size).toBe(0)
    await writeFile(join(folder, "late"), "x")
    await (await open("late")).close()
    expect(cache.size).toBe(1)
  })

  test("never gives a file that was closed meanwhile", async () => {
    const { cache, open } = await setUp()
    const opening = open("a")
    cache.close()
    const file = await opening
    expect((await file.read(0, 1)).length).toBe(1)
    await file.close()
  })

  test("takes only limits that make sense", () => {
    for (const options of [{ maxAgeMs: 0 }, { maxAgeMs: Number.NaN }, { maxFiles: 0 }]) {
      expect(() => new OpenFileCache(options)).toThrow(RangeError)
    }
  })
})

test("sendFromDirectory sends from it what it was, and under the same rules", async () => {
  const { folder, cache } = await setUp({ maxAgeMs: 60_000 })
  const send = async (path: string, options: SendFromDirectoryOptions = {}, headers: Record<string, string> = {}) => {
    const response = await sendFromDirectory(folder, path, createEnviron({ headers }), { openFiles: cache, ...options })
    const text = await response.text()
    await response.close()
    return { code: response.statusCode, text, etag: response.headers.get("ETag") ?? "" }
  }
  const { etag } = await send("a")
  await writeFile(join(folder, "new"), "another")
  await rename(join(folder, "new"), join(folder, "a"))
  expect(await send("a")).toEqual({ code: 200, text: "a", etag })
  expect((await send("a", {}, { "If-None-Match": etag })).code).toBe(304)
  cache.close()
  expect((await send("a")).text).toBe("another")

  // What was opened under looser rules is not there for stricter ones.
  expect((await send(".d", { dotFiles: true })).text).toBe("d")
  await expect(send(".d")).rejects.toThrow("not found")
  await symlink("/etc/hostname", join(folder, "out"))
  expect((await send("out", { symlinks: "anywhere" })).code).toBe(200)
  await expect(send("out")).rejects.toThrow("not found")
  await unlink(join(folder, "out"))
})
