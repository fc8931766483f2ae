import { open, symlink, utimes } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, test } from "vitest"
import { HTTPException } from "../../src/exceptions/http-exception.ts"
import {
  type SendFileOptions,
  type SendFromDirectoryOptions,
  sendFile,
  sendFromDirectory,
} from "../../src/files/send-file.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"
import { Response } from "../../src/wrappers/response.ts"
import { openFilesBelow, temporaryFolder, writeTree } from "../support/files.ts"

const environ = (headers: Record<string, string> = {}, method = "GET") => createEnviron({ method, headers })
const encode = (text: string) => new TextEncoder().encode(text)

describe("what can be sent", () => {
  test("a path, a file URL, an open file, a Blob and bytes are the same file", async () => {
    const folder = temporaryFolder()
    await writeTree(folder, { "a.txt": "0123456789" })
    const path = join(folder, "a.txt")
    const sources = [path, pathToFileURL(path), await open(path), new Blob(["0123456789"]), encode("0123456789")]
    for (const source of sources) {
      const response = await sendFile(source, environ({ Range: "bytes=2-4" }), { mimetype: "text/plain" })
      expect([response.status, await response.text()]).toEqual(["206 Partial Content", "234"])
      expect(response.headers.get("Content-Range")).toBe("bytes 2-4/10")
      expect(response.contentType).toBe("text/plain; charset=utf-8")
    }
    expect(openFilesBelow(folder)).toEqual([])
  })

  test("a File brings its name and last change, a path those of the file", async () => {
    const folder = temporaryFolder()
    await writeTree(folder, { "a.css": "a" })
    await utimes(join(folder, "a.css"), 1_300_000_000, 1_300_000_000)
    const file = new File(["a"], "a.css", { lastModified: 1_300_000_000_000 })
    for (const source of [file, join(folder, "a.css")]) {
      const { headers } = await sendFile(source, environ())
      expect(headers.get("Content-Disposition")).toBe("inline; filename=a.css")
      expect(headers.get("Content-Type")).toBe("text/css; charset=utf-8")
      expect(headers.get("Last-Modified")).toBe("Sun, 13 Mar 2011 07:06:40 GMT")
    }
  })

  test("a file of unknown length goes as it comes, and is closed", async () => {
    let closed = 0
    const make = (chunks = [encode("ab"), encode("c"), encode("")]) => ({
      read: () => chunks.shift() as Uint8Array,
      close: () => void closed++,
    })
    const options = { mimetype: "text/plain", etag: "v1" }
    const response = await sendFile(make(), environ({ Range: "bytes=0-0" }), options)
    expect([response.statusCode, response.headers.has("Content-Length")]).toEqual([200, false])
    const chunks: string[] = []
    for await (const chunk of response.iterEncoded()) chunks.push(new TextDecoder().decode(chunk))
    await response.close()
    expect([chunks, closed]).toEqual([["ab", "c"], 1])
    const unchanged = await sendFile(make(), environ({ "If-None-Match": '"v1"' }), options)
    await unchanged.close()
    expect([unchanged.statusCode, closed]).toEqual([304, 2])
    await expect(sendFile(make(), environ({ "If-Match": '"v2"' }), options)).rejects.toThrow(HTTPException)
    await expect(sendFile(make(), environ())).rejects.toThrow(TypeError)
    expect(closed).toBe(4)
  })

  test("the server's own file wrapper gets the file", async () => {
    const wrapped: unknown[] = []
    const body = [encode("by the server")]
    const environment = environ()
    environment["wsgi.file_wrapper"] = (file) => {
      wrapped.push(file)
      return body
    }
    const file = { read: () => encode("") }
    const response = await sendFile(file, environment, { mimetype: "text/plain" })
    expect([wrapped[0] === file, response.body === body, response.directPassthrough]).toEqual([true, true, true])
  })
})

describe("mistakes", () => {
  test.each<[what: string, options: SendFileOptions, error: new (...args: never[]) => Error]>([
    ["neither a name nor a type", {}, TypeError],
    ["an attachment without a name", { mimetype: "text/plain", asAttachment: true }, TypeError],
    ["a line break in the name", { downloadName: "a\r\nX: y" }, TypeError],
    ["a quote in the tag", { mimetype: "text/plain", etag: 'a"b' }, TypeError],
    ["a max-age with a fraction", { mimetype: "text/plain", maxAge: 0.5 }, RangeError],
    ["a max-age that is no number", { mimetype: "text/plain", maxAge: () => Number.NaN }, RangeError],
  ])("%s throws", async (_what, options, error) => {
    await expect(sendFile(encode("a"), environ(), options)).rejects.toThrow(error)
    const folder = temporaryFolder()
    await writeTree(folder, { a: "a" })
    await sendFile(await open(join(folder, "a")), environ(), options).catch(() => {})
    expect(openFilesBelow(folder)).toEqual([])
  })

  test("a file that is not there is the error of the system, a folder is none", async () => {
    const folder = temporaryFolder()
    await expect(sendFile(join(folder, "none"), environ())).rejects.toMatchObject({ code: "ENOENT" })
    await expect(sendFile(folder, environ())).rejects.toThrow(TypeError)
  })
})

test("a class of responses may be chosen", async () => {
  class OwnResponse extends Response {
    static override readonly defaultMimetype = "text/html"
  }
  const response: OwnResponse = await sendFile(encode("a"), environ(), {
    downloadName: "a.txt",
    responseClass: OwnResponse,
  })
  expect(response).toBeInstanceOf(OwnResponse)
  expect(response.mimetype).toBe("text/plain")
})

test("maxAge may be asked for by path", async () => {
  const folder = temporaryFolder()
  await writeTree(folder, { "a.js": "a", "b.html": "b" })
  const maxAge = (path: string | undefined) => (path?.endsWith(".js") ? 31_536_000 : undefined)
  const cacheControl = async (name: string) =>
    (await sendFile(join(folder, name), environ(), { maxAge })).headers.get("Cache-Control")
  expect([await cacheControl("a.js"), await cacheControl("b.html")]).toEqual(["public, max-age=31536000", "no-cache"])
})

test.each([0, -1, -86_400])("with a maxAge of %i nothing is kept without asking", async (maxAge) => {
  const { headers } = await sendFile(encode("a"), environ(), { mimetype: "text/plain", maxAge })
  expect(headers.get("Cache-Control")).toBe(`no-cache, max-age=${maxAge}`)
  const expires = Date.parse(headers.get("Expires") as string)
  expect(Math.abs(expires - Date.now() - maxAge * 1000)).toBeLessThan(5000)
})

describe("precompressed files", () => {
  async function send(accepted: string | undefined, options: SendFromDirectoryOptions = {}, path = "app.js") {
    const folder = temporaryFolder()
    await writeTree(folder, {
      "root/app.js": "plain",
      "root/app.js.br": "brotli",
      "root/app.js.gz": "gzip",
      "root/only.js.gz": "gzip",
      "root/archive.tar.gz": "archive",
      "root/archive.tar.gz.br": "no",
      "root/plain.js": "plain",
      "secret.gz": "SECRET",
    })
    await symlink("../secret.gz", join(folder, "root/plain.js.gz"))
    const headers = accepted === undefined ? {} : { "Accept-Encoding": accepted }
    const response = await sendFromDirectory(join(folder, "root"), path, environ(headers), {
      precompressed: true,
      ...options,
    })
    expect(openFilesBelow(folder)).toEqual([])
    const { contentEncoding, contentType } = response
    return [await response.text(), contentEncoding, response.headers.get("Vary"), contentType]
  }
  const js = "text/javascript; charset=utf-8"

  test("are sent to clients that accept them, with the type of the original", async () => {
    expect(await send("gzip, deflate, br, zstd")).toEqual(["brotli", "br", "Accept-Encoding", js])
    expect(await send("gzip")).toEqual(["gzip", "gzip", "Accept-Encoding", js])
    expect(await send("gzip, br;q=0.5")).toEqual(["gzip", "gzip", "Accept-Encoding", js])
    expect(await send("*;q=0.1")).toEqual(["brotli", "br", "Accept-Encoding", js])
    expect(await send("br;q=0, gzip;q=0")).toEqual(["plain", undefined, "Accept-Encoding", js])
    expect(await send(undefined)).toEqual(["plain", undefined, "Accept-Encoding", js])
  })

  test("are looked for only when asked to, and only in the codings that are named", async () => {
    expect(await send("br", { precompressed: false })).toEqual(["plain", undefined, undefined, js])
    expect(await send("br, gzip", { precompressed: ["gzip"] })).toEqual(["gzip", "gzip", "Accept-Encoding", js])
  })

  test("are under the same rules: no link leads out, and nothing is compressed twice", async () => {
    expect(await send("gzip", {}, "plain.js")).toEqual(["plain", undefined, "Accept-Encoding", js])
    expect((await send("br", {}, "archive.tar.gz")).slice(0, 2)).toEqual(["archive", undefined])
    await expect(send("gzip", {}, "../secret")).rejects.toThrow(HTTPException)
  })

  test("have tags of their own", async () => {
    const folder = temporaryFolder()
    await writeTree(folder, { "a.js": "same", "a.js.gz": "same" })
    await utimes(join(folder, "a.js"), 1, 1)
    await utimes(join(folder, "a.js.gz"), 1, 1)
    const tag = async (accepted: string) => {
      const response = await sendFile(join(folder, "a.js"), environ({ "Accept-Encoding": accepted }), {
        precompressed: true,
      })
      return response.headers.get("ETag")
    }
    expect(await tag("gzip")).not.toBe(await tag("identity"))
  })
})

describe("a server in front", () => {
  async function handedOver(options: SendFileOptions, headers: Record<string, string> = {}) {
    const folder = temporaryFolder()
    await writeTree(folder, { "files/ü 100%.txt": "x".repeat(1000), "other/b.txt": "b" })
    const mappings = [
      { directory: join(folder, "other"), location: "/other/" },
      { directory: pathToFileURL(`${folder}/files`), location: "/internal" },
    ]
    const useXSendfile = options.useXSendfile === undefined ? mappings : options.useXSendfile
    const response = await sendFile(join(folder, "files/ü 100%.txt"), environ(headers), { ...options, useXSendfile })
    expect(openFilesBelow(folder)).toEqual([])
    return { folder, response, body: await response.text() }
  }

  test("is told the path, when the program says so", async () => {
    const { folder, response, body } = await handedOver({ useXSendfile: true })
    const path = `${folder}/files/%C3%BC%20100%25.txt`
    expect([response.headers.get("X-Sendfile"), body, response.contentLength]).toEqual([path, "", 0])
    expect(response.contentType).toBe("text/plain; charset=utf-8")
  })

  test("is told its own name for it", async () => {
    const { response, body } = await handedOver({}, { Range: "bytes=0-1" })
    expect([response.status, response.headers.get("X-Accel-Redirect"), body]).toEqual([
      "200 OK",
      "/internal/%C3%BC%20100%25.txt",
      "",
    ])
  })

  test("has to have a name for it", async () => {
    await expect(handedOver({ useXSendfile: [{ directory: "/srv/none", location: "/x" }] })).rejects.toThrow(TypeError)
  })

  test("is told nothing because a client says so", async () => {
    const headers = { "X-Sendfile-Type": "X-Accel-Redirect", "X-Accel-Mapping": ".*=/protected/secret" }
    const { response, body } = await handedOver({ useXSendfile: false }, headers)
    expect([response.headers.has("X-Sendfile"), response.headers.has("X-Accel-Redirect")]).toEqual([false, false])
    expect(body.length).toBe(1000)
  })
})

describe("compressed files", () => {
  const typeOf = async (name: string, options: SendFileOptions = {}) => {
    const folder = temporaryFolder()
    await writeTree(folder, { [name]: "x" })
    const { headers } = await sendFromDirectory(folder, name, environ(), options)
    return [headers.get("Content-Type"), headers.get("Content-Encoding")]
  }

  test.each<[name: string, options: SendFileOptions, type: string, coding?: string]>([
    ["a.tar.gz", {}, "application/gzip"],
    ["a.tgz", {}, "application/gzip"],
    ["a.js.gz", {}, "application/gzip"],
    ["a.js.br", {}, "application/octet-stream"],
    ["a.svgz", {}, "image/svg+xml; charset=utf-8", "gzip"],
    ["a.tar.gz", { contentEncoding: true }, "application/x-tar", "gzip"],
    ["a.js.gz", { contentEncoding: true }, "text/javascript; charset=utf-8", "gzip"],
    ["a.js.br", { contentEncoding: true }, "text/javascript; charset=utf-8", "br"],
    ["a.js", { contentEncoding: true }, "text/javascript; charset=utf-8"],
    ["a.svgz", { contentEncoding: false }, "application/gzip"],
    ["a.svgz", { asAttachment: true }, "application/gzip"],
    ["a.js.gz", { asAttachment: true, contentEncoding: true }, "application/gzip"],
    ["a.bin.gz", { contentEncoding: true, mimetype: "text/plain" }, "text/plain; charset=utf-8", "gzip"],
    ["a.js.gz", { mimetype: "text/plain" }, "text/plain; charset=utf-8"],
    ["a.bin", { downloadName: "a.js.gz", contentEncoding: true }, "text/javascript; charset=utf-8", "gzip"],
  ])("%s with %j is sent as %s %s", async (name, options, type, coding) => {
    expect(await typeOf(name, options)).toEqual([type, coding])
  })
})

describe("a last change in the future", () => {
  test.each<[string, SendFileOptions]>([
    ["of the file", {}],
    ["that is given", { lastModified: new Date(Date.now() + 1e9) }],
    ["that is given in seconds", { lastModified: Date.now() / 1000 + 1e6, conditional: false }],
  ])("%s is told as now", async (_, options) => {
    const folder = temporaryFolder()
    await writeTree(folder, { "a.txt": "a" })
    await utimes(join(folder, "a.txt"), new Date(), new Date(Date.now() + 1e9))
    const stream = { read: () => encode("") }
    for (const file of [join(folder, "a.txt"), new File(["a"], "a.txt", { lastModified: Date.now() + 1e9 }), stream]) {
      for (const method of ["GET", "HEAD", "POST"]) {
        const response = await sendFile(file, environ({}, method), { mimetype: "text/plain", ...options })
        const told = response.headers.get("Last-Modified")
        if (file === stream && options.lastModified === undefined) expect(told).toBeUndefined()
        else expect(Date.parse(told as string)).toBeLessThanOrEqual(Date.now())
        await response.close()
      }
    }
  })

  test("is none that a client can have seen", async () => {
    const folder = temporaryFolder()
    await writeTree(folder, { "a.txt": "a" })
    const future = new Date(Date.now() + 1e9)
    await utimes(join(folder, "a.txt"), future, future)
    const before = new Date(Date.now() - 5000).toUTCString()
    const response = await sendFile(join(folder, "a.txt"), environ({ "If-Modified-Since": before }))
    expect(response.statusCode).toBe(200)
    expect((await sendFile(join(folder, "a.txt"), environ({ "If-Modified-Since": before }))).statusCode).toBe(200)
  })
})
