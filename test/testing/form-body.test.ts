import { describe, expect, test } from "vitest"
import { FileMultiDict } from "../../src/datastructures/file-multi-dict.ts"
import { MultiDict } from "../../src/datastructures/multi-dict.ts"
import { inputFrom } from "../../src/environ/input.ts"
import type { BodySource } from "../../src/testing/body-source.ts"
import { FormBody } from "../../src/testing/form-body.ts"

const read = async (source: BodySource | undefined) =>
  new TextDecoder().decode(await inputFrom((source as BodySource).open()).read())

function formOf({ field, file }: { field?: string; file?: string }): FormBody {
  const form = new FormBody()
  if (field !== undefined) form.fields = new MultiDict({ field })
  if (file !== undefined) form.files.addFile("file", new Blob([file]), "a.txt")
  return form
}

describe("a form", () => {
  test.each<[content: Parameters<typeof formOf>[0], type: string | undefined]>([
    [{}, undefined],
    [{ field: "x" }, "application/x-www-form-urlencoded"],
    [{ file: "x" }, "multipart/form-data"],
    [{ field: "x", file: "x" }, "multipart/form-data"],
  ])("with %j is of type %s unless one says otherwise", (content, type) => {
    const form = formOf(content)
    expect(form.contentType).toBe(type)
    // Looking makes no body of it.
    expect([form.fields.size, form.files.size]).toEqual([content.field ? 1 : 0, content.file ? 1 : 0])
    expect(form.contentType).toBe(type)
  })

  test("that is empty is no body, but for the end that every multipart has", async () => {
    expect(new FormBody().send(undefined)).toEqual({ source: undefined, contentType: undefined })
    expect(new FormBody().send("text/x")).toEqual({ source: undefined, contentType: "text/x" })
    const { source, contentType } = new FormBody().send("Multipart/Form-Data; boundary=b")
    expect(contentType).toBe('multipart/form-data; boundary="b"')
    expect(await read(source)).toContain("--b--")
  })

  test("can be sent again, and is of the length that it tells", async () => {
    for (const form of [formOf({ field: "é" }), formOf({ field: "é", file: "content" })]) {
      const { source } = form.send(form.contentType)
      const first = await read(source)
      expect(first).toContain(form.files.size > 0 ? "content" : "field=%C3%A9")
      expect(await read(source)).toBe(first)
      expect(new TextEncoder().encode(first).length).toBe(source?.length)
    }
  })

  test("is not sent as what cannot hold it", () => {
    expect(() => formOf({ field: "x" }).send("text/plain")).toThrow(/form with fields .* "text\/plain"/)
    expect(() => formOf({ file: "x" }).send("application/x-www-form-urlencoded")).toThrow(TypeError)
  })

  test("closes its files, those that it has", async () => {
    const closed: string[] = []
    class Files extends FileMultiDict {
      override async close(): Promise<void> {
        closed.push("files")
      }
    }
    const form = new FormBody()
    expect(form.close()).toBeUndefined()
    form.files = new Files()
    await form.close()
    expect(closed).toEqual(["files"])
  })
})
