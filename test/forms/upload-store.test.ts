import { expect, test } from "vitest"
import { inputFrom } from "../../src/environ/input.ts"
import { RequestEntityTooLarge } from "../../src/exceptions/statuses.ts"
import { FormDataParser } from "../../src/forms/form-data-parser.ts"
import { MemoryUploadStore, UPLOAD_STORE_KEY, uploadStoreOf } from "../../src/forms/upload-store.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"
import { lines, text } from "./decoding.ts"

const file = (name: string, content: string) => [
  "--XX",
  `Content-Disposition: form-data; name=${name}; filename=f`,
  "",
  content,
]
const body = lines(...file("a", "123"), ...file("b", "4567"), "--XX--")

test("memory keeps files up to a size that all of a form share", async () => {
  const parse = (maxUploadMemorySize: number) =>
    new FormDataParser({ uploadStore: new MemoryUploadStore({ maxUploadMemorySize }) }).parse(
      inputFrom(body),
      "multipart/form-data; boundary=XX",
    )
  const { files } = await parse(7)
  expect(text((await files.get("b")?.bytes()) as Uint8Array)).toBe("4567")
  await expect(parse(6)).rejects.toThrow(RequestEntityTooLarge)
  await expect(parse(6)).rejects.toThrow("maxUploadMemorySize")
})

test("the environ names the store, or else it is memory", () => {
  const environ = createEnviron()
  expect(uploadStoreOf(environ)).toBeInstanceOf(MemoryUploadStore)
  const store = new MemoryUploadStore()
  environ[UPLOAD_STORE_KEY] = store
  expect(uploadStoreOf(environ)).toBe(store)
})
