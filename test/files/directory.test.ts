import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { chmod, rename, symlink, unlink } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, onTestFinished, test } from "vitest"
import { isServed, lookThenOpen, openInDirectory, openThenLook } from "../../src/files/directory.ts"
import { openFilesBelow, temporaryFolder, writeTree } from "../support/files.ts"

async function content(directory: string, path: string, options?: Parameters<typeof openInDirectory>[2]) {
  const file = await openInDirectory(directory, path, options)
  if (file === undefined) return undefined
  const bytes = await file.read(0, file.size)
  file.close()
  return new TextDecoder().decode(bytes)
}

async function tree(): Promise<{ folder: string; root: string }> {
  const folder = temporaryFolder()
  await writeTree(folder, {
    "root/a.txt": "a",
    "root/sub/b.txt": "b",
    "root/.env": "dot",
    "root/.git/config": "dot",
    "root/ü \u{1f600}.txt": "unicode",
    "root/%2e%2e": "percent",
    "root_backup/c.txt": "SECRET",
    "secret.txt": "SECRET",
  })
  return { folder, root: join(folder, "root") }
}

test("plain paths lead to files", async () => {
  const { root } = await tree()
  expect(await content(root, "a.txt")).toBe("a")
  expect(await content(root, "sub/b.txt")).toBe("b")
  expect(await content(root, "ü \u{1f600}.txt")).toBe("unicode")
  expect(await content(`${root}/`, "a.txt")).toBe("a")
  // Decoded once, before it came here: what still has escapes in it is a name.
  expect(await content(root, "%2e%2e")).toBe("percent")
})

test.each([
  ["nothing", ""],
  ["a dot", "."],
  ["the folder above", ".."],
  ["a way up", "../secret.txt"],
  ["a way up and down", "../root/a.txt"],
  ["a way down and up", "sub/../a.txt"],
  ["a dot in front", "./a.txt"],
  ["an empty segment", "sub//b.txt"],
  ["an empty segment in front", "/a.txt"],
  ["a slash at the end", "a.txt/"],
  ["a slash behind a folder", "sub/"],
  ["a folder", "sub"],
  ["the absolute path of a file", "/etc/passwd"],
  ["a backslash", "sub\\b.txt"],
  ["a way up with backslashes", "..\\secret.txt"],
  ["a drive letter", "C:a.txt"],
  ["a UNC path", "//host/share"],
  ["a NUL", "a.txt\0"],
  ["a NUL before an ending", "a\0.png"],
  ["a line break", "a.txt\n"],
  ["a sibling whose name begins the same", "../root_backup/c.txt"],
  ["a file as a folder", "a.txt/b"],
  ["a name that is too long", "a".repeat(5000)],
  ["a path that is too long", "a/".repeat(5000)],
  ["a name that is not there", "none.txt"],
  ["a name with a dot in front", ".env"],
  ["a folder with a dot in front", ".git/config"],
])("%s is no file", async (_what, path) => {
  const { root } = await tree()
  expect(await content(root, path)).toBeUndefined()
  expect(openFilesBelow(root)).toEqual([])
})

test("names with a dot in front are served when that is switched on, and still no way leads up", async () => {
  const { root } = await tree()
  expect(await content(root, ".git/config", { dotFiles: true })).toBe("dot")
  expect(await content(root, "../secret.txt", { dotFiles: true })).toBeUndefined()
  expect(await content(root, "sub/./b.txt", { dotFiles: true })).toBeUndefined()
})

test("a directory that is not there has no files", async () => {
  expect(await openInDirectory(join(temporaryFolder(), "none"), "a.txt")).toBeUndefined()
})

describe("symbolic links", () => {
  async function linked() {
    const { folder, root } = await tree()
    await symlink(join(root, "a.txt"), join(root, "inside.txt"))
    await symlink("sub", join(root, "inside"))
    await symlink(join(folder, "secret.txt"), join(root, "outside.txt"))
    await symlink("..", join(root, "up"))
    await symlink("../root_backup", join(root, "sibling"))
    await symlink("loop", join(root, "loop"))
    await symlink("/dev/zero", join(root, "zero"))
    await symlink(root, join(folder, "link"))
    return { folder, root }
  }
  const paths = [
    "inside.txt",
    "inside/b.txt",
    "outside.txt",
    "up/secret.txt",
    "sibling/c.txt",
    "loop",
    "zero",
    "up/root/a.txt",
  ]

  test("are followed inside of the directory", async () => {
    const { folder, root } = await linked()
    const found = (directory: string) => Promise.all(paths.map((path) => content(directory, path)))
    const expected = ["a", "b", undefined, undefined, undefined, undefined, undefined, "a"]
    expect(await found(root)).toEqual(expected)
    expect(await found(join(folder, "link"))).toEqual(expected)
    expect(openFilesBelow(folder)).toEqual([])
  })

  test("are followed anywhere, or nowhere, on demand", async () => {
    const { folder, root } = await linked()
    const found = (symlinks: "anywhere" | "none") => Promise.all(paths.map((path) => content(root, path, { symlinks })))
    expect(await found("anywhere")).toEqual(["a", "b", "SECRET", "SECRET", "SECRET", undefined, undefined, "a"])
    expect(await found("none")).toEqual(Array(8).fill(undefined))
    expect(await content(root, "sub/b.txt", { symlinks: "none" })).toBe("b")
    expect(await content(join(folder, "link"), "sub/b.txt", { symlinks: "none" })).toBe("b")
  })

  test("that lead to another release are followed at once", async () => {
    const folder = temporaryFolder()
    await writeTree(folder, { "v1/a.txt": "old", "v2/a.txt": "new" })
    await symlink("v1", join(folder, "current"))
    expect(await content(join(folder, "current"), "a.txt")).toBe("old")
    await symlink("v2", join(folder, "next"))
    await rename(join(folder, "next"), join(folder, "current"))
    expect(await content(join(folder, "current"), "a.txt")).toBe("new")
  })

  test("are decided on in the same way by both kinds of systems", async () => {
    const { root } = await linked()
    for (const path of [...paths, "a.txt", "sub/b.txt"]) {
      for (const plain of [undefined, path]) {
        const outcomes = [openThenLook, lookThenOpen].map(async (open) => {
          const file = await open(root, join(root, path), plain).catch(() => undefined)
          file?.close()
          return file !== undefined
        })
        const [one, other] = await Promise.all(outcomes)
        expect(one, path).toBe(other)
      }
    }
  })

  test("cannot be exchanged between the look and the opening", async () => {
    const { root, folder } = await linked()
    let stop = false
    const exchange = async () => {
      for (let i = 0; !stop; i++) {
        await symlink(i % 2 ? join(root, "a.txt") : join(folder, "secret.txt"), join(root, "next"))
        await rename(join(root, "next"), join(root, "flips.txt"))
      }
    }
    const running = exchange()
    const seen = new Set<string | undefined>()
    for (let i = 0; i < 500; i++) seen.add(await content(root, "flips.txt"))
    stop = true
    await running
    expect(seen).not.toContain("SECRET")
    expect(seen).toContain("a")
  })
})

describe("special files are none", () => {
  test("pipes, without waiting for a writer", async () => {
    const { root } = await tree()
    execFileSync("mkfifo", [join(root, "pipe")])
    expect(await content(root, "pipe")).toBeUndefined()
    expect(openFilesBelow(root)).toEqual([])
  })

  test("sockets", async () => {
    const { root } = await tree()
    const server = createServer().listen(join(root, "socket"))
    await once(server, "listening")
    onTestFinished(() => void server.close())
    expect(await content(root, "socket")).toBeUndefined()
  })

  test("files that must not be read", async () => {
    const { root } = await tree()
    await chmod(join(root, "a.txt"), 0)
    const isRoot = process.getuid?.() === 0
    expect(await content(root, "a.txt")).toBe(isRoot ? "a" : undefined)
    await unlink(join(root, "a.txt"))
    expect(await content(root, "a.txt")).toBeUndefined()
  })
})

test("the text of a path that is served has only one spelling", () => {
  const piece = fc.constantFrom("a", "b.txt", ".", "..", "", "\\", "\0", "\n", "%2e", ".env", "ü", " ", "a b")
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
      const path = pieces.join("/")
      if (!isServed(path, true)) return
      expect(path).toBe(join("/", path).slice(1))
      expect(path).not.toMatch(/[\0-\x1f]|(^|\/)\.{1,2}(\/|$)/)
    }),
  )
})
