// Clients as people use them, each against the engine: curl, ab, undici, Python.

import { execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { Pool } from "undici"
import { beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { Request } from "../../../src/wrappers/request.ts"
import { Response } from "../../../src/wrappers/response.ts"
import { sharedFolder } from "../../support/files.ts"
import { serve } from "../../support/server.ts"

const run = promisify(execFile)
const isThere = async (program: string) => (await run("which", [program]).catch(() => undefined)) !== undefined

const app = Request.application(async (request) => {
  if (request.path === "/stream") {
    return new Response(
      (async function* () {
        for (let i = 0; i < 100; i++) yield `${i}`.repeat(1000)
      })(),
    )
  }
  return new Response(`${request.method} ${(await request.data()).length}`)
})

const folder = sharedFolder()
const file = join(folder, "upload")
beforeAll(() => writeFileSync(file, Buffer.alloc(3_000_000, "z")))

describe.skipIf(!(await isThere("curl")))("curl", () => {
  test.each([
    [["--data", "hello"], "POST 5"],
    [["--head"], ""],
    // With Expect: 100-continue.
    [["--upload-file", file], "PUT 3000000"],
    [["--upload-file", file, "--header", "Transfer-Encoding: chunked"], "PUT 3000000"],
    [["--http1.0"], "GET 0"],
    [["--header", "Connection: close"], "GET 0"],
  ])("%j", async (argv, answer) => {
    const { port, errors } = await serve(app)
    const { stdout } = await run("curl", [
      "--silent",
      "--show-error",
      "--fail",
      "--max-time",
      "20",
      ...argv,
      `http://127.0.0.1:${port}/`,
    ])
    expect(stdout.startsWith("HTTP/1.1 200 OK") ? "" : stdout).toBe(answer)
    expect(errors).toEqual([])
  })

  test("asks several times on one connection, and reads streams over HTTP/1.0 and HTTP/1.1", async () => {
    const { port } = await serve(app)
    const url = `http://127.0.0.1:${port}/stream`
    const { stdout } = await run("curl", [
      "--silent",
      "--max-time",
      "20",
      "--write-out",
      "%{num_connects} %{size_download}\n",
      ...["-o", "/dev/null", url, "-o", "/dev/null", url],
    ])
    expect(stdout).toBe("1 190000\n0 190000\n")
    const old = await run("curl", [
      "--silent",
      "--max-time",
      "20",
      "--http1.0",
      "--write-out",
      "%{size_download}",
      "-o",
      "/dev/null",
      url,
    ])
    expect(old.stdout).toBe("190000")
  })
})

test.skipIf(!(await isThere("ab")))("ab, which speaks HTTP/1.0, keeps its connections", async () => {
  const { port } = await serve(app)
  const { stdout } = await run("ab", ["-k", "-q", "-n", "500", "-c", "8", `http://127.0.0.1:${port}/`])
  expect(stdout).toMatch(/Complete requests: +500\n/)
  expect(stdout).toMatch(/Failed requests: +0\n/)
  expect(stdout).toMatch(/Keep-Alive requests: +500\n/)
})

test("undici, with requests sent ahead, gets all answers in their order", async () => {
  const { port } = await serve(app)
  const pool = new Pool(`http://127.0.0.1:${port}`, { pipelining: 8, connections: 2 })
  onTestFinished(() => pool.destroy())
  const sizes = Array.from({ length: 200 }, (_, index) => index * 37)
  const answers = await Promise.all(
    sizes.map(async (size) => {
      const { body } = await pool.request({
        path: "/",
        method: "PUT",
        body: Buffer.alloc(size),
        headers: { "content-type": "a/b" },
      })
      return body.text()
    }),
  )
  expect(answers).toEqual(sizes.map((size) => `PUT ${size}`))
})

const PYTHON = `
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
for body in (None, b"hello", iter([b"a", b"bc"])):
    connection.request("GET" if body is None else "POST", "/", body, encode_chunked=body is not None and not isinstance(body, bytes))
    print(connection.getresponse().read().decode())
connection.request("GET", "/stream")
print(len(connection.getresponse().read()))
`

test.skipIf(!(await isThere("python3")))(
  "Python's http.client asks on one connection, with bodies and without",
  async () => {
    const { port } = await serve(app)
    const { stdout } = await run("python3", ["-c", PYTHON, String(port)])
    expect(stdout.trim().split("\n")).toEqual(["GET 0", "POST 5", "POST 3", "190000"])
  },
)
