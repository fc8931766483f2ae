import { execFileSync } from "node:child_process"
import { appendFile, open, truncate, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { adoptHandle, isMissing, NotAFileError, openFile } from "../../src/files/open-file.ts"
import { sendFile } from "../../src/files/send-file.ts"
import { Request } from "../../src/wrappers/request.ts"
import { openFilesBelow, temporaryFolder, writeTree } from "../support/files.ts"
import { get, parseAnswer, RawClient, serve, serveUnlinted, sleep } from "../support/server.ts"

describe("an open file", () => {
  test("is read at any position, and not beyond the length that it had", async () => {
    const folder = temporaryFolder()
    await writeTree(folder, { a: "0123456789" })
    const file = await openFile(join(folder, "a"))
    await appendFile(join(folder, "a"), "more")
    const text = async (position: number, size: number) => String.fromCharCode(...(await file.read(position, size)))
    expect(await Promise.all([text(0, 10), text(3, 2), text(8, 100), text(10, 5), text(50, 5)])).toEqual([
      "0123456789",
      "34",
      "89",
      "",
      "",
    ])
    file.close()
    await expect(file.read(0, 1)).rejects.toThrow("closed")
  })

  test("is closed once, and not while it is read", async () => {
    const folder = temporaryFolder()
    await writeTree(folder, { a: "0123456789" })
    const file = await openFile(join(folder, "a"))
    const reading = file.read(0, 10)
    void file.close()
    expect(openFilesBelow(folder)).toHaveLength(process.platform === "linux" ? 1 : 0)
    expect((await reading).length).toBe(10)
    expect(openFilesBelow(folder)).toEqual([])
    file.close()
  })

  test("has another version when length, name or last change are others", async () => {
    const folder = temporaryFolder()
    await writeTree(folder, { a: "a", b: "a" })
    const version = async (name: string) => {
      const file = await openFile(join(folder, name))
      file.close()
      return file.version
    }
    const first = await version("a")
    expect(await version("a")).toBe(first)
    expect(await version("b")).not.toBe(first)
    await sleep(20)
    await writeFile(join(folder, "a"), "b")
    const second = await version("a")
    expect(second).not.toBe(first)
    await writeFile(join(folder, "a"), "bb")
    expect(await version("a")).not.toBe(second)
  })

  test("is a regular file; nothing else stays open", async () => {
    const folder = temporaryFolder()
    execFileSync("mkfifo", [join(folder, "pipe")])
    for (const path of [join(folder, "pipe"), folder, "/dev/zero"]) {
      const error = await openFile(path).catch((thrown) => thrown)
      expect(error).toBeInstanceOf(NotAFileError)
      expect(isMissing(error)).toBe(true)
      expect(error.message).not.toContain(path)
    }
    expect(openFilesBelow(folder)).toEqual([])
    const none = await openFile(join(folder, "none")).catch((thrown) => thrown)
    expect([none.code, isMissing(none)]).toEqual(["ENOENT", true])
    expect(isMissing(new Error("disk on fire"))).toBe(false)
  })

  test("may come from a handle, and closes that", async () => {
    const folder = temporaryFolder()
    await writeTree(folder, { a: "0123" })
    const handle = await open(join(folder, "a"))
    const file = await adoptHandle(handle)
    expect((await file.read(1, 2)).length).toBe(2)
    await file.close()
    expect([handle.fd, openFilesBelow(folder)]).toEqual([-1, []])
    await expect(adoptHandle(await open(folder))).rejects.toThrow(NotAFileError)
    expect(openFilesBelow(folder)).toEqual([])
  })
})

// A server takes the blocks of a file's body as they are; those that come through the linter it does not know.
describe.each([
  ["lent to the server", serveUnlinted],
  ["checked by the linter", serve],
])("over a socket, %s", (_name, serving) => {
  const SIZE = 16 * 1024 * 1024

  async function serveLarge() {
    const folder = temporaryFolder()
    const path = join(folder, "large")
    await writeTree(folder, { large: new Uint8Array(SIZE).fill(0x61) })
    const app = Request.application((request) => sendFile(path, request.environ))
    const server = await serving(app)
    const client = new RawClient(server.port)
    client.socket.pause()
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    while (openFilesBelow(folder).length === 0) await sleep(5)
    await sleep(50)
    return { folder, path, client, ...server }
  }

  test("a file that becomes shorter breaks the connection off", async () => {
    const { folder, path, client, errors } = await serveLarge()
    await truncate(path, SIZE / 2)
    client.socket.resume()
    const { header, body } = parseAnswer(await client.end())
    expect(Number(header("content-length"))).toBe(SIZE)
    expect(body.length).toBeLessThanOrEqual(SIZE / 2)
    expect(errors.join("")).toContain("shorter")
    expect(openFilesBelow(folder)).toEqual([])
  })

  test("a file that becomes longer is sent as long as it was", async () => {
    const { folder, path, client, port } = await serveLarge()
    await appendFile(path, "b".repeat(1000))
    client.socket.resume()
    const received = await client.until(
      (text) => text.length > SIZE && text.length - text.indexOf("\r\n\r\n") - 4 >= SIZE,
    )
    expect(parseAnswer(received).body).toHaveLength(SIZE)
    expect(received.endsWith("a")).toBe(true)
    await sleep(20)
    expect(openFilesBelow(folder)).toEqual([])
    expect((await get(port, "/", "Range: bytes=-5")).body).toBe("bbbbb")
  })

  test("a client that leaves in the middle leaves no file open", async () => {
    const { folder, client, errors } = await serveLarge()
    client.socket.destroy()
    for (let i = 0; i < 100 && openFilesBelow(folder).length > 0; i++) await sleep(10)
    expect(openFilesBelow(folder)).toEqual([])
    expect(errors).toEqual([])
  })

  test("no way to answer leaves a file open", async () => {
    const { folder, port, client } = await serveLarge()
    for (const field of ["If-None-Match: *", 'If-Match: "x"', "Range: bytes=99999999-", "Range: bytes=0-1,9-20"]) {
      await get(port, "/", field)
    }
    const head = new RawClient(port).send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    expect(parseAnswer(await head.end()).body).toBe("")
    expect(openFilesBelow(folder)).toHaveLength(process.platform === "linux" ? 1 : 0)
    client.socket.destroy()
  })
})
