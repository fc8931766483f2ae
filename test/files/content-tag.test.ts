// Entity tags of what is in a file: the same everywhere, another one for every change, and not made again and again.

import { open, rename, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest"
import { NotFound } from "../../src/exceptions/statuses.ts"
import { contentTag, knownContentTag } from "../../src/files/content-tag.ts"
import { OpenFile, openFile } from "../../src/files/open-file.ts"
import { OpenFileCache } from "../../src/files/open-file-cache.ts"
import {
  type SendableFile,
  type SendFromDirectoryOptions,
  sendFile,
  sendFromDirectory,
} from "../../src/files/send-file.ts"
import { quoteEtag } from "../../src/http/etags.ts"
import { generateEtag } from "../../src/http/generate-etag.ts"
import { sharedData } from "../../src/middleware/shared-data.ts"
import { Client } from "../../src/testing/client.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"
import { openFilesBelow, temporaryFolder, writeTree } from "../support/files.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const tagOf = (text: string) => quoteEtag(generateEtag(bytes(text)))
const DATE = new Date(Date.UTC(2020, 1, 1))

let folder: string
beforeEach(async () => {
  folder = temporaryFolder()
  await writeTree(folder, { "a.txt": "content", "b/a.txt": "content", "empty.txt": "" })
})

/** As if what is on disk by now had been there for a while. */
function later(ms = 10_000): void {
  const now = Date.now()
  vi.spyOn(Date, "now").mockReturnValue(now + ms)
  onTestFinished(() => void vi.restoreAllMocks())
}

/** Counts how often a file on disk is read. */
function countReads(): () => number {
  const read = vi.spyOn(OpenFile.prototype, "read")
  onTestFinished(() => read.mockRestore())
  return () => read.mock.calls.length
}

async function ask(
  path: string,
  options: SendFromDirectoryOptions = {},
  headers: Record<string, string> = {},
  method = "GET",
) {
  const environ = createEnviron({ headers, method })
  const response = await sendFromDirectory(folder, path, environ, { etag: "content", ...options })
  const text = await response.text()
  await response.close()
  return { code: response.statusCode, text, etag: response.headers.get("ETag") }
}

describe('etag: "content"', () => {
  test("is that of the bytes, for every path and date", async () => {
    await utimes(join(folder, "b/a.txt"), DATE, DATE)
    expect((await ask("a.txt")).etag).toBe(tagOf("content"))
    expect((await ask("b/a.txt")).etag).toBe(tagOf("content"))
    expect((await ask("empty.txt")).etag).toBe(tagOf(""))
  })

  test("differs where length and date do not, which the usual one can't see", async () => {
    await utimes(join(folder, "a.txt"), DATE, DATE)
    later()
    const before = await ask("a.txt")
    const usual = await ask("a.txt", { etag: true })
    await writeFile(join(folder, "a.txt"), "CONTENT")
    await utimes(join(folder, "a.txt"), DATE, DATE)
    expect(await ask("a.txt")).toEqual({ code: 200, text: "CONTENT", etag: tagOf("CONTENT") })
    expect((await ask("a.txt", {}, { "If-None-Match": before.etag as string })).code).toBe(200)
    expect((await ask("a.txt", { etag: true })).etag).toBe(usual.etag)
  })

  test("sees a change also at once behind the last one", async () => {
    for (let round = 0; round < 20; round++) {
      const text = `content ${String(round).padStart(2, "0")}`
      await writeFile(join(folder, "a.txt"), text)
      await utimes(join(folder, "a.txt"), DATE, DATE)
      expect((await ask("a.txt")).etag).toBe(tagOf(text))
    }
  })

  test("is made once of a file that stays the same, and known to a 304 and to HEAD", async () => {
    await writeFile(join(folder, "a.txt"), "x".repeat(700_000))
    later()
    const reads = countReads()
    const etag = tagOf("x".repeat(700_000))
    expect((await ask("a.txt", {}, {}, "HEAD")).etag).toBe(etag)
    const once = reads()
    expect(once).toBe(3)
    for (let round = 0; round < 3; round++) {
      expect((await ask("a.txt", {}, { "If-None-Match": etag })).code).toBe(304)
      expect((await ask("a.txt", {}, {}, "HEAD")).etag).toBe(etag)
    }
    expect(reads()).toBe(once)
    await rename(join(folder, "a.txt"), join(folder, "b.txt"))
    expect((await ask("b.txt", {}, { "If-None-Match": etag })).code).toBe(304)
    expect(openFilesBelow(folder)).toEqual([])
  })

  test("is made once for many that ask at the same time", async () => {
    later()
    const reads = countReads()
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask("a.txt", {}, {}, "HEAD")))
    expect(answers.map(({ etag }) => etag)).toEqual(Array(8).fill(tagOf("content")))
    expect(reads()).toBe(1)
  })

  test("is not known of a file that was changed just now", async () => {
    await writeFile(join(folder, "a.txt"), "fresh")
    const file = await openFile(join(folder, "a.txt"))
    onTestFinished(() => file.close())
    expect(await contentTag(file)).toBe(generateEtag(bytes("fresh")))
    expect(knownContentTag(file.state)).toBeUndefined()
    later()
    expect(await contentTag(file)).toBe(generateEtag(bytes("fresh")))
    expect(knownContentTag(file.state)).toBe(generateEtag(bytes("fresh")))
  })

  test("is none when the file changes while it is read", async () => {
    await writeFile(join(folder, "a.txt"), "x".repeat(600_000))
    const file = await openFile(join(folder, "a.txt"))
    onTestFinished(() => file.close())
    const read = file.read.bind(file)
    vi.spyOn(file, "read").mockImplementation(async (...args) => {
      const chunk = await read(...args)
      await writeFile(join(folder, "a.txt"), "y".repeat(600_001))
      return chunk
    })
    expect(await contentTag(file)).toBeUndefined()
    expect(knownContentTag(file.state)).toBeUndefined()
  })

  test("is told of everything whose bytes can be read twice", async () => {
    const path = join(folder, "a.txt")
    const sendable: [string, () => SendableFile | Promise<SendableFile>][] = [
      ["bytes", () => bytes("content")],
      ["a Blob", () => new Blob(["content"])],
      ["a File", () => new File(["content"], "a.txt")],
      ["a FileHandle", () => open(path)],
      ["a path", () => path],
    ]
    for (const [what, file] of sendable) {
      const options = { etag: "content", mimetype: "text/plain" }
      const response = await sendFile(await file(), createEnviron(), options)
      expect([what, response.headers.get("ETag"), await response.text()]).toEqual([what, tagOf("content"), "content"])
      await response.close()
    }
    const stream = { read: () => new Uint8Array(0) }
    const response = await sendFile(stream, createEnviron(), { etag: "content", mimetype: "text/plain" })
    expect(response.headers.get("ETag")).toBeUndefined()
    await response.close()
  })

  test("is that of the compressed file where one is sent, and goes with files that are kept open", async () => {
    await writeTree(folder, { "a.txt.gz": "compressed" })
    const openFiles = new OpenFileCache()
    onTestFinished(() => openFiles.close())
    const headers = { "Accept-Encoding": "gzip" }
    for (const options of [{ precompressed: true }, { precompressed: true, openFiles }]) {
      expect((await ask("a.txt", options, headers)).etag).toBe(tagOf("compressed"))
      expect((await ask("a.txt", options)).etag).toBe(tagOf("content"))
      const conditional = { ...headers, "If-None-Match": tagOf("compressed") }
      expect((await ask("a.txt", options, conditional)).code).toBe(304)
      expect((await ask("a.txt", options, { "If-None-Match": tagOf("compressed") })).code).toBe(200)
    }
  })

  test("closes the file when it can't be read", async () => {
    const failing = vi.spyOn(OpenFile.prototype, "read").mockRejectedValueOnce(new Error("the disk"))
    onTestFinished(() => failing.mockRestore())
    await expect(ask("a.txt")).rejects.toThrow("the disk")
    expect(openFilesBelow(folder)).toEqual([])
    expect((await ask("a.txt")).etag).toBe(tagOf("content"))
  })
})

test("sharedData makes them as well, on request", async () => {
  const nothing = new NotFound()
  const tag = async (options?: Parameters<typeof sharedData>[2]) => {
    const client = new Client(sharedData(nothing, { "/": folder }, options))
    return (await client.get("/a.txt")).headers.get("ETag")
  }
  expect(await tag({ etag: "content" })).toBe(tagOf("content"))
  expect(await tag({ etag: "content", cache: false })).toBeUndefined()
  expect(await tag()).not.toBe(tagOf("content"))
})
