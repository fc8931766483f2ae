import { chmod, mkdir, rename, symlink, unlink, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest"
import { knownFiles } from "../../src/files/known-files.ts"
import { openFile } from "../../src/files/open-file.ts"
import { sendFromDirectory } from "../../src/files/send-file.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"
import { openFilesBelow, temporaryFolder, writeTree } from "../support/files.ts"

let folder: string
let path: string

beforeEach(async () => {
  folder = temporaryFolder()
  path = join(folder, "a.txt")
  await writeTree(folder, { "a.txt": "0123456789" })
})

/** Moves the clock of this process. */
function later(ms: number): void {
  const now = performance.now()
  vi.spyOn(performance, "now").mockReturnValue(now + ms)
  onTestFinished(() => void vi.restoreAllMocks())
}

describe("the state of a file that was opened a moment ago", () => {
  let key: string
  beforeEach(async () => {
    key = `known ${path}`
    const file = await openFile(path)
    knownFiles.remember(key, file.state)
    await file.close()
  })

  test("is known as long as it is the same, also after reads", async () => {
    await (await openFile(path)).close()
    const state = knownFiles.stateOf(key)
    expect([state?.size, state?.path, state === knownFiles.stateOf(key)]).toEqual([10, path, true])
  })

  test.each<[string, () => Promise<void>]>([
    ["changed", () => writeFile(path, "012345678")],
    [
      "changed to the same length, and set back to its age",
      async () => {
        const { modified } = knownFiles.stateOf(key) as { modified: Date }
        // The system counts changes by the ticks of its clock.
        await new Promise((resolve) => setTimeout(resolve, 20))
        await writeFile(path, "9876543210")
        await utimes(path, modified, modified)
      },
    ],
    [
      "replaced by another",
      async () => {
        await writeFile(join(folder, "b.txt"), "9876543210")
        await rename(join(folder, "b.txt"), path)
      },
    ],
    ["deleted", () => unlink(path)],
    [
      "replaced by a link to another",
      async () => {
        await unlink(path)
        await writeFile(join(folder, "b.txt"), "9876543210")
        await symlink("b.txt", path)
      },
    ],
    [
      "replaced by a folder",
      async () => {
        await unlink(path)
        await mkdir(path)
      },
    ],
    [
      "given other rights",
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        await chmod(path, 0o400)
      },
    ],
  ])("is not known any more when the file was %s", async (_name, change) => {
    await change()
    expect(knownFiles.stateOf(key)).toBeUndefined()
    expect(knownFiles.stateOf(key)).toBeUndefined()
  })

  test("is forgotten after a second, also when it was asked for in between", () => {
    later(900)
    expect(knownFiles.stateOf(key)).toBeDefined()
    later(200)
    expect(knownFiles.stateOf(key)).toBeUndefined()
  })

  test("gives way to newer ones", async () => {
    const { state } = await openFile(path).then(async (file) => {
      await file.close()
      return file
    })
    for (let i = 0; i < 1024; i++) knownFiles.remember(`${key} ${i}`, state)
    expect(knownFiles.stateOf(key)).toBeUndefined()
    expect(knownFiles.stateOf(`${key} 0`)).toBe(state)
  })

  test("is that of one key alone", () => {
    expect(knownFiles.stateOf("__proto__")).toBeUndefined()
    expect(knownFiles.stateOf(path)).toBeUndefined()
  })
})

describe("a request that needs no content", () => {
  const ask = (name: string, headers: Record<string, string> = {}, method = "GET") =>
    sendFromDirectory(folder, name, createEnviron({ method, headers }))

  async function etagOf(name: string): Promise<string> {
    const response = await ask(name)
    const etag = response.headers.get("ETag") as string
    await response.close()
    return etag
  }

  test("gets the same answer from a known file as from one that is opened", async () => {
    const etag = await etagOf("a.txt")
    const date = (await ask("a.txt", {}, "HEAD")).headers.get("Last-Modified") as string
    for (const [headers, method] of [
      [{ "If-None-Match": etag }, "GET"],
      [{ "If-None-Match": '"other"' }, "GET"],
      [{ "If-Modified-Since": date }, "GET"],
      [{ "If-None-Match": '"other"', Range: "bytes=2-3" }, "GET"],
      [{}, "HEAD"],
      [{ "If-None-Match": etag }, "HEAD"],
      [{ "If-Modified-Since": date }, "POST"],
    ] as [Record<string, string>, string][]) {
      const known = await ask("a.txt", headers, method)
      later(2000)
      const opened = await ask("a.txt", headers, method)
      vi.restoreAllMocks()
      const facts = [known, opened].map((response) => [
        response.status,
        response.headers.toList().filter(([name]) => name !== "Date"),
      ])
      expect(facts[0]).toEqual(facts[1])
      expect(await known.text()).toBe(await opened.text())
    }
    expect(openFilesBelow(folder)).toEqual([])
  })

  test("fails in the same way", async () => {
    await etagOf("a.txt")
    const headers = { "If-None-Match": '"other"', Range: "bytes=90-" }
    await expect(ask("a.txt", headers)).rejects.toMatchObject({ code: 416 })
    await expect(ask("a.txt", { ...headers, "If-Match": '"other"' })).rejects.toMatchObject({ code: 412 })
  })

  test("sees at once that a file has changed, is gone, or leads out of the directory", async () => {
    const outside = temporaryFolder()
    await writeTree(outside, { "secret.txt": "secret" })
    const always = { "If-Modified-Since": "Fri, 01 Jan 2038 00:00:00 GMT" }
    const etag = await etagOf("a.txt")
    expect((await ask("a.txt", { "If-None-Match": etag })).statusCode).toBe(304)
    await writeFile(path, "changed")
    const changed = await ask("a.txt", { "If-None-Match": etag })
    expect([changed.statusCode, await changed.text()]).toEqual([200, "changed"])
    expect((await ask("a.txt", always)).statusCode).toBe(304)
    await unlink(path)
    await symlink(join(outside, "secret.txt"), path)
    await expect(ask("a.txt", always)).rejects.toMatchObject({ code: 404 })
    await expect(ask("a.txt", {}, "HEAD")).rejects.toMatchObject({ code: 404 })
    await expect(ask("a.txt")).rejects.toMatchObject({ code: 404 })
    await unlink(path)
    await expect(ask("a.txt", always)).rejects.toMatchObject({ code: 404 })
  })

  test("is asked for its real path every second, however often it is asked for", async () => {
    const outside = temporaryFolder()
    await writeTree(folder, { "inner/b.txt": "b" })
    for (let i = 0; i < 4; i++) {
      expect(await (await ask("inner/b.txt")).text()).toBe("b")
      later(240)
    }
    // The same file, under the same path, but by now outside.
    await rename(join(folder, "inner"), join(outside, "inner"))
    await symlink(join(outside, "inner"), join(folder, "inner"))
    later(100)
    for (const method of ["GET", "HEAD"]) {
      await expect(ask("inner/b.txt", {}, method)).rejects.toMatchObject({ code: 404 })
    }
  })

  test("is not answered from what another option has allowed", async () => {
    await writeTree(folder, { ".hidden": "x" })
    await symlink("a.txt", join(folder, "link.txt"))
    const head = createEnviron({ method: "HEAD" })
    expect((await sendFromDirectory(folder, ".hidden", createEnviron(), { dotFiles: true })).statusCode).toBe(200)
    await expect(sendFromDirectory(folder, ".hidden", head)).rejects.toMatchObject({ code: 404 })
    expect((await sendFromDirectory(folder, "link.txt", createEnviron())).statusCode).toBe(200)
    await expect(sendFromDirectory(folder, "link.txt", head, { symlinks: "none" })).rejects.toMatchObject({ code: 404 })
  })
})
