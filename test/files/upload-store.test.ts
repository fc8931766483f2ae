// The disk store, with real files.

import { spawnSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { FileStorage } from "../../src/datastructures/file-storage.ts"
import { inputFrom } from "../../src/environ/input.ts"
import { InsufficientStorage } from "../../src/exceptions/statuses.ts"
import { DiskUploadStore } from "../../src/files/upload-store.ts"
import { encodeMultipart } from "../../src/forms/encode.ts"
import { FormDataParser } from "../../src/forms/form-data-parser.ts"

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "test-uploads-"))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Everything below a folder, without the folder that the store makes there. */
function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

async function upload(uploadStore: DiskUploadStore, ...contents: Uint8Array[]): Promise<FileStorage[]> {
  const { contentType, body } = encodeMultipart(
    contents.map((content) => ["f", new FileStorage(content, { filename: "x" })]),
  )
  const { files } = await new FormDataParser({ uploadStore }).parse(inputFrom(body), contentType)
  return files.getAll("f")
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

test("small files stay in memory", async () => {
  const directory = folder()
  const store = new DiskUploadStore({ directory })
  const content = randomBytes(500 * 1024)
  const [file] = await upload(store, content)
  expect(readdirSync(directory)).toEqual([])
  expect(file?.size).toBe(content.length)
  expect(sha256((await file?.bytes()) as Uint8Array)).toBe(sha256(content))
  await file?.save(join(directory, "saved"))
  expect(sha256(readFileSync(join(directory, "saved")))).toBe(sha256(content))
})

test("larger ones are files of our own, until they are closed", async () => {
  const directory = folder()
  const content = randomBytes(3_000_000)
  const umask = process.umask(0)
  const [file] = await upload(new DiskUploadStore({ directory }), content).finally(() => process.umask(umask))
  const [path = "", ...others] = filesIn(directory)
  expect(others).toEqual([])
  expect(path).toMatch(/\/werkstatt-\w{6}\/[0-9a-f]{32}$/)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700)
  expect(file?.size).toBe(content.length)
  expect(sha256((await file?.bytes()) as Uint8Array)).toBe(sha256(content))
  // It can be read again, as a stream, and by several at a time.
  for (const stream of [file?.stream(), file?.stream()]) {
    const hash = createHash("sha256")
    for await (const chunk of stream ?? []) hash.update(chunk)
    expect(hash.digest("hex")).toBe(sha256(content))
  }
  const target = join(directory, "saved")
  writeFileSync(target, "something else that is replaced")
  await file?.save(target)
  expect(sha256(readFileSync(target))).toBe(sha256(content))

  await file?.close()
  await file?.close()
  expect(filesIn(directory)).toEqual([target])
  await expect(file?.bytes()).rejects.toThrow(TypeError)
  await expect(file?.save(target)).rejects.toThrow(TypeError)
})

test("the files of a form share the memory", async () => {
  const directory = folder()
  const store = new DiskUploadStore({ directory, maxMemorySize: 1000 })
  const files = await upload(store, randomBytes(600), randomBytes(400), randomBytes(1), Buffer.alloc(0))
  expect(filesIn(directory)).toHaveLength(2)
  expect(files.map(({ size }) => size)).toEqual([600, 400, 1, 0])
  expect(await Promise.all(files.map(async (file) => (await file.bytes()).length))).toEqual([600, 400, 1, 0])
  await Promise.all(files.map((file) => file.close()))
  expect(filesIn(directory)).toEqual([])
})

test("a file that is being read can be closed", async () => {
  const directory = folder()
  const content = randomBytes(1_000_000)
  const [file] = await upload(new DiskUploadStore({ directory }), content)
  const stream = file?.stream()[Symbol.asyncIterator]()
  const first = await stream?.next()
  await file?.close()
  let length = first?.value?.length ?? 0
  for (let step = await stream?.next(); !step?.done; step = await stream?.next()) length += step?.value.length ?? 0
  expect(length).toBe(content.length)
  expect(filesIn(directory)).toEqual([])
})

test("nothing stays when the rest of the form is bad", async () => {
  const directory = folder()
  const uploadStore = new DiskUploadStore({ directory, maxMemorySize: 10 })
  const { contentType, body } = encodeMultipart([
    ["f", new FileStorage(randomBytes(600_000), { filename: "x" })],
    ["g", new FileStorage(randomBytes(600_000), { filename: "x" })],
  ])
  async function* cut() {
    let left = 900_000
    for await (const chunk of body) {
      yield chunk.subarray(0, left)
      left -= chunk.length
      if (left <= 0) return
    }
  }
  const parsing = new FormDataParser({ uploadStore }).parse(inputFrom(cut()), contentType)
  await expect(parsing).rejects.toThrow("last boundary")
  expect(filesIn(directory)).toEqual([])
})

test("a folder that was tidied away is made again", async () => {
  const directory = folder()
  const store = new DiskUploadStore({ directory, maxMemorySize: 0 })
  await upload(store, randomBytes(10))
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true })
  const files = await Promise.all([upload(store, randomBytes(10)), upload(store, randomBytes(10))])
  expect(filesIn(directory)).toHaveLength(2)
  expect(readdirSync(directory)).toHaveLength(1)
  await Promise.all(files.flat().map((file) => file.close()))
})

test("the folder goes with the last file, and is made again for the next", async () => {
  const directory = folder()
  const store = new DiskUploadStore({ directory, maxMemorySize: 0 })
  for (let round = 0; round < 3; round++) {
    const [first, second] = await upload(store, randomBytes(10), randomBytes(10))
    await first?.close()
    await first?.close()
    expect(filesIn(directory)).toHaveLength(1)
    await second?.close()
    expect(readdirSync(directory)).toEqual([])
  }
  // While one is closed, others come.
  const content = randomBytes(10)
  await Promise.all(
    Array.from({ length: 30 }, async () => {
      const [file] = await upload(store, content)
      expect(await file?.bytes()).toEqual(content)
      await file?.close()
    }),
  )
  expect(readdirSync(directory)).toEqual([])
})

test("a folder that can't be made is an error each time", async () => {
  const store = new DiskUploadStore({ directory: join(folder(), "missing"), maxMemorySize: 0 })
  await expect(upload(store, randomBytes(10))).rejects.toThrow("ENOENT")
  await expect(upload(store, randomBytes(10))).rejects.toThrow("ENOENT")
})

test("the folder goes with the process", () => {
  const directory = folder()
  const program = `
    import { DiskUploadStore } from ${JSON.stringify(new URL("../../src/files/upload-store.ts", import.meta.url).href)}
    const store = new DiskUploadStore({ directory: ${JSON.stringify(directory)}, maxMemorySize: 0 })
    const part = { receivedFileBytes: 1, async *[Symbol.asyncIterator]() { yield new Uint8Array(1) } }
    const { size } = await store.store(part)
    const { readdirSync } = await import("node:fs")
    console.log(size, readdirSync(${JSON.stringify(directory)}).length)
    process.exit(3)
  `
  const { stdout, status } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
    encoding: "utf8",
    cwd: new URL("../..", import.meta.url),
  })
  expect([stdout.trim(), status]).toEqual(["1 1", 3])
  expect(readdirSync(directory)).toEqual([])
})

const mountable = process.platform === "linux" && process.getuid?.() === 0

test.runIf(mountable)("a full disk is a 507, and forgotten when there is room again", async (context) => {
  const directory = folder()
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory]).status === 0
  if (!mounted) return context.skip("no mounting here")
  onTestFinished(() => void spawnSync("umount", [directory]))
  const store = new DiskUploadStore({ directory })
  for (let round = 0; round < 3; round++) {
    const outcomes = await Promise.allSettled([
      upload(store, randomBytes(2_000_000)),
      upload(store, randomBytes(2_000_000)),
    ])
    for (const outcome of outcomes) {
      expect(outcome.status === "rejected" && outcome.reason).toBeInstanceOf(InsufficientStorage)
    }
    expect(filesIn(directory)).toEqual([])
    const [file] = await upload(store, randomBytes(700_000))
    expect(file?.size).toBe(700_000)
    await file?.close()
  }
  expect(existsSync(directory)).toBe(true)
})
