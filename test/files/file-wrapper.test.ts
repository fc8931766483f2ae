import { open } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { RangeWrapper } from "../../src/environ/range-wrapper.ts"
import { FileWrapper, wrapFile } from "../../src/files/file-wrapper.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"
import { openFilesBelow, temporaryFolder, writeTree } from "../support/files.ts"

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

async function chunksOf(body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<string[]> {
  const chunks: string[] = []
  for await (const chunk of body) chunks.push(decode(chunk))
  return chunks
}

async function digits() {
  const folder = temporaryFolder()
  await writeTree(folder, { digits: "0123456789" })
  return { folder, handle: await open(join(folder, "digits")) }
}

test("a file comes in blocks, up to an empty one", async () => {
  const blocks = ["ab", "c", "", "never"].map((text) => new TextEncoder().encode(text))
  const sizes: number[] = []
  const file = {
    read(size: number) {
      sizes.push(size)
      return blocks.shift() as Uint8Array
    },
  }
  const wrapper = new FileWrapper(file, 7)
  expect(await chunksOf(wrapper)).toEqual(["ab", "c"])
  expect(sizes).toEqual([7, 7, 7])
  expect(await wrapper.next()).toEqual({ done: true, value: undefined })
})

test("a handle is read at a position of its own, and closed once", async () => {
  const { folder, handle } = await digits()
  const wrapper = new FileWrapper(handle, 4)
  await handle.read(new Uint8Array(3), 0, 3)
  expect(wrapper.seekable()).toBe(true)
  expect(await chunksOf(wrapper)).toEqual(["0123", "4567", "89"])
  await wrapper.close()
  await wrapper.close()
  expect(openFilesBelow(folder)).toEqual([])
})

test("a range starts where it begins, without reading what is before", async () => {
  const { handle } = await digits()
  const wrapper = new FileWrapper(handle, 4)
  const range = new RangeWrapper(wrapper, 5, 3)
  expect(await chunksOf(range)).toEqual(["567"])
  expect(await wrapper.tell()).toBe(9)
  await range.close()
})

test("whether a file can seek is what it says, else whether it has seek", async () => {
  const read = () => new Uint8Array()
  const calls: number[] = []
  const seek = (position: number) => void calls.push(position)
  expect(new FileWrapper({ read }).seekable()).toBe(false)
  expect(new FileWrapper({ read, seek }).seekable()).toBe(true)
  expect(new FileWrapper({ read, seek, seekable: () => false }).seekable()).toBe(false)
  await new FileWrapper({ read, seek }).seek(5)
  expect([calls, await new FileWrapper({ read }).tell()]).toEqual([[5], undefined])
})

test("an iteration that ends early reads nothing more", async () => {
  let reads = 0
  const wrapper = new FileWrapper({ read: () => new Uint8Array(++reads) })
  for await (const _ of wrapper) break
  await wrapper.next()
  expect(reads).toBe(1)
})

test("a block size is a whole number from 1", () => {
  for (const size of [0, -1, 1.5, Number.NaN]) {
    expect(() => new FileWrapper({ read: () => new Uint8Array() }, size)).toThrow(RangeError)
  }
})

test("wrapFile takes the server's own wrapper, if there is one", async () => {
  const environ = createEnviron()
  const { handle } = await digits()
  const own = wrapFile(environ, handle)
  expect(own).toBeInstanceOf(FileWrapper)
  environ["wsgi.file_wrapper"] = (file, blockSize) => [new TextEncoder().encode(`${typeof file.read} ${blockSize}`)]
  expect(await chunksOf(wrapFile(environ, handle, 5))).toEqual(["function 5"])
  await own.close?.()
})
