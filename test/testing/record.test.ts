import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Application, Environ } from "../../src/gateway.ts"
import { Client, type OpenOptions } from "../../src/testing/client.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"
import { type RecordOptions, recordEnvirons, replay } from "../../src/testing/record.ts"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { linted } from "../support/lint.ts"

let root: string
let folders = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "werkstatt-record-"))
})
afterAll(() => rm(root, { recursive: true }))

const echo: Application = Request.application(async (request) =>
  Response.json({ method: request.method, path: request.path, query: request.queryString, body: await request.text() }),
)

/** Records requests, and gives the files. */
async function record(
  app: Application,
  requests: (OpenOptions | Environ)[],
  options?: RecordOptions,
): Promise<string[]> {
  const folder = join(root, String(++folders))
  const client = new Client(linted(recordEnvirons(linted(app), folder, options)), { lint: false })
  for (const request of requests) await (await client.open(request)).text()
  return (await readdir(folder)).sort().map((file) => join(folder, file))
}

const content = async (file: string | undefined) => JSON.parse(await readFile(String(file), "utf8"))

describe("recordEnvirons", () => {
  test("writes a file for each request, which replay makes the same request of", async () => {
    const requests: OpenOptions[] = [
      { path: "/a%2Fb?c=d" },
      { path: "/é", method: "POST", data: "text é" },
      { method: "PUT", data: new Uint8Array([0, 255, 10]) },
      { method: "POST", data: { a: "1", f: new File(["file"], "f.txt") } },
      { method: "POST", data: [new TextEncoder().encode("in "), new TextEncoder().encode("chunks")] },
    ]
    const files = await record(echo, requests)
    expect(files).toHaveLength(requests.length)
    const client = new Client(echo)
    for (const [index, file] of files.entries()) {
      const before = await client.open(requests[index])
      const after = await client.open(await replay(file))
      // Boundaries are drawn by lot.
      const text = async (response: Response) => (await response.text()).replaceAll(/FormBoundary\w+/g, "")
      expect(await text(after)).toBe(await text(before))
    }
  })

  test("names files by time and request", async () => {
    const [file] = await record(echo, [{ path: "/a/../é?x", method: "POST" }])
    expect(file).toMatch(/\/\d{8}T\d{6}\.\d{3}Z-\d+-0001-POST-a-[^/]*\.json$/)
  })

  test("leaves no secret in the file, and the application sees them all", async () => {
    const seen: string[] = []
    const app: Application = (environ, startResponse) => {
      seen.push(environ.QUERY_STRING, String(environ["HTTP_AUTHORIZATION"]), String(environ["HTTP_COOKIE"]))
      return echo(environ, startResponse)
    }
    const [file] = await record(app, [
      {
        path: "/?access_token=hunter2&a=1",
        method: "POST",
        auth: ["user", "hunter2"],
        headers: {
          Cookie: "id=hunter2; b=hunter2",
          "X-Api-Key": "hunter2",
          Referer: "http://h.test/?token=hunter2",
          "X-N": "1",
        },
        json: { password: "hunter2", a: 1 },
      },
    ])
    expect(seen).toEqual(["access_token=hunter2&a=1", "Basic dXNlcjpodW50ZXIy", "id=hunter2; b=hunter2"])
    const text = await readFile(String(file), "utf8")
    expect(text).not.toMatch(/hunter2|dXNlcjpodW50ZXIy/)
    expect(JSON.parse(text)).toMatchObject({
      environ: {
        QUERY_STRING: "access_token=***&a=1",
        REQUEST_URI: "/?access_token=***&a=1",
        HTTP_AUTHORIZATION: "Basic ***",
        HTTP_COOKIE: "id=***; b=***",
        HTTP_X_API_KEY: "***",
        HTTP_X_N: "1",
        CONTENT_LENGTH: "24",
      },
      body: { text: '{"password":"***","a":1}' },
      complete: true,
    })
    expect(await (await new Client(echo).open(await replay(String(file)))).json()).toMatchObject({
      body: '{"password":"***","a":1}',
    })
  })

  test("hides what it is told to hide, and nothing else", async () => {
    const options: OpenOptions = { path: "/?pin=1&token=2" }
    const [file] = await record(echo, [options], { isSecret: (name) => name === "pin" })
    expect((await content(file)).environ.QUERY_STRING).toBe("pin=***&token=2")
  })

  test("records no more of a body than was read, and says so", async () => {
    const first: Application = async (environ, startResponse) => {
      await environ["wsgi.input"].read(2)
      startResponse("200 OK", [])
      return []
    }
    const [part] = await record(first, [
      { method: "POST", data: [new Uint8Array(2).fill(97), new Uint8Array(2).fill(98)] },
    ])
    expect(await content(part)).toMatchObject({ body: { text: "aa" }, complete: false })
    const [none] = await record(first, [{ method: "POST", data: "x".repeat(100) }], { maxBodyBytes: 10 })
    expect(await content(none)).toMatchObject({ body: { text: "" }, complete: false })
  })

  test("knows of a body without a length and a transfer coding, as those of HTTP/2 are", async () => {
    const bare = (environ: Environ): Environ => {
      delete environ.CONTENT_LENGTH
      delete environ["HTTP_TRANSFER_ENCODING"]
      return { ...environ, SERVER_PROTOCOL: "HTTP/2", "wsgi.input_terminated": true }
    }
    const nothing: Application = (_, startResponse) => {
      startResponse("200 OK", [])
      return []
    }
    const post = () => bare(createEnviron({ method: "POST", data: "abc" }))
    const [unread, read, none] = await record(
      (environ, startResponse) => (environ.PATH_INFO === "/unread" ? nothing : echo)(environ, startResponse),
      [{ ...post(), PATH_INFO: "/unread" }, post(), createEnviron({ path: "/unread" })],
    )
    expect(await content(unread)).toMatchObject({ body: { text: "" }, complete: false })
    expect(await content(read)).toMatchObject({ body: { text: "abc" }, complete: true })
    expect(await content(none)).toMatchObject({ body: { text: "" }, complete: true })
  })

  test("records requests that fail, and streams", async () => {
    const failing: Application = () => {
      throw new Error("application")
    }
    const folder = join(root, "failing")
    await expect(new Client(recordEnvirons(failing, folder)).get("/")).rejects.toThrow("application")
    expect(await readdir(folder)).toHaveLength(1)
    const streaming: Application = (_environ, startResponse) => {
      startResponse("200 OK", [["Content-Type", "text/plain"]])
      return new Set([new Uint8Array(1), new Uint8Array(1)])
    }
    expect(await record(streaming, [{}, {}])).toHaveLength(2)
  })

  test("tells the log when it cannot write; the application does not notice", async () => {
    const file = join(root, "a-file")
    await writeFile(file, "")
    const log: string[] = []
    const errorsStream = { write: (text: string) => void log.push(text), writeLines() {}, flush() {} }
    const response = await new Client(recordEnvirons(echo, file)).get("/", { errorsStream })
    expect(response.statusCode).toBe(200)
    expect(log.join("")).toMatch(/^A request was not recorded: /)
  })
})

test("replay refuses what was not recorded", async () => {
  const file = join(root, "other.json")
  await writeFile(file, "{}")
  await expect(replay(file)).rejects.toThrow(TypeError)
})
