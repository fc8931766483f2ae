import { expect, test } from "vitest"
import { FileMultiDict } from "../../src/datastructures/file-multi-dict.ts"
import { type FileContent, FileStorage } from "../../src/datastructures/file-storage.ts"

const bytes = new Uint8Array(1)

test("adds files, and guesses a type that is not told", () => {
  const files = new FileMultiDict()
  files.addFile("a", bytes, "cat.png")
  files.addFile("a", bytes, "no-ending")
  files.addFile("a", bytes, "cat.png", "x/y")
  files.addFile("a", new File([bytes], "page.html"))
  files.addFile("a", new File([bytes], "page.html", { type: "z/z" }))
  files.addFile("a", bytes)
  expect(files.getAll("a").map((file) => [file.name, file.filename, file.contentType])).toEqual([
    ["a", "cat.png", "image/png"],
    ["a", "no-ending", "application/octet-stream"],
    ["a", "cat.png", "x/y"],
    ["a", "page.html", "text/html"],
    ["a", "page.html", "z/z"],
    ["a", undefined, undefined],
  ])
})

test("keeps a FileStorage, under the name that is given", () => {
  const files = new FileMultiDict()
  const file = new FileStorage(bytes, { name: "old", filename: "a", contentType: "b/c" })
  files.addFile("new", file)
  expect(files.get("new")).toBe(file)
  expect([file.name, file.filename, file.contentType]).toEqual(["new", "a", "b/c"])
  files.addFile("new", file, "d", "e/f")
  expect([file.filename, file.contentType]).toEqual(["d", "e/f"])
})

test("closes every file, also before it forgets them", async () => {
  let closed = 0
  const content = (): FileContent => ({
    size: 0,
    stream: () => new Blob([]).stream(),
    bytes: async () => bytes,
    close: async () => void closed++,
  })
  const files = new FileMultiDict()
  files.addFile("a", content())
  files.addFile("a", content())
  files.addFile("b", content())
  await files.close()
  expect(closed).toBe(3)
  files.clear()
  expect(closed).toBe(6)
  expect(files.size).toBe(0)
})
