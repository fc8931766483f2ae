// Real front servers in front of real servers, with the configurations of docs/front-servers.md: npm run test:gateways.

import { createHash } from "node:crypto"
import { once } from "node:events"
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http"
import { join } from "node:path"
import { Readable } from "node:stream"
import { fileURLToPath, pathToFileURL } from "node:url"
import { build } from "esbuild"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createFastCgiServer } from "../../src/adapters/fastcgi.ts"
import { createServer } from "../../src/adapters/node.ts"
import { createScgiServer } from "../../src/adapters/scgi.ts"
import { createUwsgiServer } from "../../src/adapters/uwsgi.ts"
import type { Application } from "../../src/gateway.ts"
import { proxyFix } from "../../src/middleware/proxy-fix.ts"
import { linted } from "../support/lint.ts"
import { Front, type FrontName, isInstalled } from "./front.ts"

/** What a front server can't do, or does in its own way. */
interface Peculiarities {
  /** An upload without a length gets no further than here. */
  readonly chunkedUpload?: "refused"
  /** What a client sees of an error after the head; `cut` unless given. */
  readonly late?: "cut" | "unseen"
  /** The status that comes of a 303. */
  readonly seeOther?: number
}

const PAIRS: readonly (readonly [FrontName, string, Peculiarities])[] = [
  ["nginx", "HTTP", {}],
  ["nginx", "FastCGI", {}],
  ["nginx", "SCGI", { late: "unseen" }],
  ["nginx", "uwsgi", { late: "unseen" }],
  ["apache", "HTTP", {}],
  ["apache", "FastCGI", {}],
  ["apache", "SCGI", { late: "unseen", chunkedUpload: "refused" }],
  ["apache", "uwsgi", { late: "unseen", chunkedUpload: "refused" }],
  ["apache", "CGI", { late: "unseen" }],
  ["lighttpd", "HTTP", {}],
  ["lighttpd", "FastCGI", {}],
  ["lighttpd", "SCGI", { late: "unseen" }],
  ["lighttpd", "uwsgi", { late: "unseen" }],
  ["lighttpd", "CGI", { late: "unseen" }],
  ["haproxy", "HTTP", {}],
  ["haproxy", "FastCGI", { seeOther: 302, chunkedUpload: "refused" }],
]

// Short, since the path of a socket has at most 107 bytes; and for the user that Apache runs as.
const folder = join(process.env["TMPDIR"] ?? "/tmp", "fronts")
const logged: string[] = []
const errors = { write: (text: string) => void logged.push(text), writeLines() {}, flush() {} }
const ends: (() => void)[] = []

beforeAll(async () => {
  mkdirSync(folder)
  chmodSync(process.env["TMPDIR"] ?? "/tmp", 0o711)
  chmodSync(folder, 0o777)
  copyFileSync(fileURLToPath(new URL("./site.mjs", import.meta.url)), join(folder, "site.mjs"))
  writeFileSync(join(folder, "notes.txt"), "")
  chmodSync(join(folder, "notes.txt"), 0o666)
  const { app } = (await import(/* @vite-ignore */ pathToFileURL(join(folder, "site.mjs")).href)) as {
    app: Application
  }
  const checked = linted(app, { allow: ["L20", "L29"] })
  const fixed = proxyFix(checked, { for: 1, proto: 1, prefix: 1 })
  const options = { errors, scriptName: "/shop", keepAliveTimeoutMs: 75_000 }
  for (const [name, { server, destroy }] of [
    ["http", createServer(fixed, { errors, keepAliveTimeoutMs: 75_000 })],
    ["proxied", createServer(proxyFix(checked, { prefix: 1 }), { errors, proxyProtocolFrom: ["unix"] })],
    ["fastcgi", createFastCgiServer(checked, options)],
    ["scgi", createScgiServer(checked, options)],
    ["uwsgi", createUwsgiServer(checked, options)],
  ] as const) {
    server.listen(join(folder, `${name}.sock`))
    await once(server, "listening")
    chmodSync(join(folder, `${name}.sock`), 0o777)
    ends.push(() => destroy())
  }
  await buildScript()
})
afterAll(() => {
  for (const end of ends) end()
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
})

/** The script of CGI in one file, since the user that Apache runs as may not read where this package is. */
async function buildScript(): Promise<void> {
  const adapter = fileURLToPath(new URL("../../src/adapters/cgi.ts", import.meta.url))
  await build({
    stdin: {
      contents: `import { runCgi } from ${JSON.stringify(adapter)}
import { app } from "./site.mjs"
await runCgi(app, { scriptName: "/shop" })`,
      resolveDir: folder,
    },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: join(folder, "shop.mjs"),
    logLevel: "error",
  })
  writeFileSync(join(folder, "shop"), `#!/bin/sh\nexec ${process.execPath} ${join(folder, "shop.mjs")} "$@"\n`)
  chmodSync(join(folder, "shop"), 0o755)
}

interface Answer {
  message: IncomingMessage
  body: string
  isComplete: boolean
}

function begin(port: number, path: string, method = "GET", headers: Record<string, string> = {}): ClientRequest {
  const request = httpRequest({ port, host: "127.0.0.1", path, method, headers, agent: false })
  return request.on("error", () => {})
}

async function answerTo(request: ClientRequest): Promise<Answer> {
  // An answer may come although the rest of the request can't be sent.
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once("response", resolve)
    request.once("close", () => reject(new Error("there was no answer")))
  })
  let body = ""
  let isComplete = false
  await new Promise<void>((resolve) => {
    message.on("data", (chunk: Buffer) => {
      body += chunk.toString("latin1")
    })
    message.on("end", () => {
      isComplete = message.complete
    })
    message.on("error", () => {})
    message.on("close", () => resolve())
  })
  return { message, body, isComplete }
}

function ask(port: number, path: string, method?: string, headers?: Record<string, string>): Promise<Answer> {
  const request = begin(port, path, method, headers)
  request.end()
  return answerTo(request)
}

const shownBy = async (port: number, path: string, headers?: Record<string, string>) =>
  JSON.parse(Buffer.from((await ask(port, path, "GET", headers)).body, "latin1").toString()) as Record<string, string>

const PIECE = Buffer.alloc(1024 * 1024, "upload ")
const PIECES = 50

function upload(port: number, headers: Record<string, string>): Promise<Answer> {
  const request = begin(port, "/shop/upload", "POST", headers)
  Readable.from(Array<Buffer>(PIECES).fill(PIECE)).pipe(request)
  return answerTo(request)
}

function uploadedHash(): string {
  const hash = createHash("sha1")
  for (let i = 0; i < PIECES; i++) hash.update(PIECE)
  return hash.digest("hex")
}

async function noted(line: string): Promise<void> {
  await expect
    .poll(() => readFileSync(join(folder, "notes.txt"), "utf8").split("\n"), { timeout: 20_000, interval: 50 })
    .toContain(line)
}

describe.each(PAIRS)("%s by %s", (name, protocol, own) => {
  describe.skipIf(!isInstalled(name))(isInstalled(name) ? "" : `(${name} is not installed)`, () => {
    let front: Front | undefined
    let port = 0
    beforeAll(async () => {
      front = await Front.start(name, protocol, folder)
      port = front.port
    })
    afterAll(() => front?.stop())

    test("GET arrives, with the mount, the client and the scheme", async () => {
      const shown = await shownBy(port, "/shop/a/b?c=d%20e&f", {
        "X-First-Name": "Ada",
        Cookie: "a=1; b=2",
        Proxy: "http://evil.test",
      })
      expect(shown).toMatchObject({
        REQUEST_METHOD: "GET",
        SCRIPT_NAME: "/shop",
        PATH_INFO: "/a/b",
        QUERY_STRING: "c=d%20e&f",
        REMOTE_ADDR: "127.0.0.1",
        HTTP_X_FIRST_NAME: "Ada",
        HTTP_COOKIE: "a=1; b=2",
        "wsgi.url_scheme": "http",
      })
      expect(shown["HTTP_HOST"]).toMatch(/^(?:127\.0\.0\.1|localhost)/)
      for (const key of ["HTTP_PROXY", "HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"])
        expect(shown).not.toHaveProperty(key)
    })

    test("the mount itself, and paths beyond ASCII, arrive as bytes", async () => {
      expect((await shownBy(port, "/shop/"))["PATH_INFO"]).toBe("/")
      const shown = await shownBy(port, "/shop/caf%C3%A9%20%25/x")
      expect([shown["SCRIPT_NAME"], shown["PATH_INFO"]]).toEqual(["/shop", "/caf\u00c3\u00a9 %/x"])
    })

    test(`an encoded slash ${name === "apache" ? "is not found" : "arrives as one"}`, async () => {
      const { message, body } = await ask(port, "/shop/a%2Fb")
      if (name === "apache") expect(message.statusCode).toBe(404)
      else expect(JSON.parse(body)).toMatchObject({ SCRIPT_NAME: "/shop", PATH_INFO: "/a/b" })
    })

    test("HEAD has the headers and no body", async () => {
      const { message, body } = await ask(port, "/shop/headers", "HEAD")
      expect([message.statusCode, body, message.headers["set-cookie"]]).toEqual([200, "", ["a=1", "b=2"]])
    })

    test("headers come back apart, in order, byte for byte", async () => {
      const { message } = await ask(port, "/shop/headers")
      expect(message.headers["set-cookie"]).toEqual(["a=1", "b=2"])
      expect(message.headers["x-latin"]).toBe("caf\u00e9")
    })

    test("statuses come back, errors of the application too", async () => {
      const statuses: unknown[] = []
      for (const path of ["missing", "teapot", "nothing", "fail", "away"]) {
        const { message, isComplete } = await ask(port, `/shop/${path}`)
        statuses.push(message.statusCode, isComplete)
      }
      expect(statuses).toEqual([404, true, 418, true, 204, true, 500, true, own.seeOther ?? 303, true])
    })

    test("50 MB with a length arrive", async () => {
      const { body } = await upload(port, { "Content-Length": String(PIECES * PIECE.length) })
      expect(body).toBe(`${PIECES * PIECE.length} ${uploadedHash()}`)
    })

    test(`50 MB in chunks ${own.chunkedUpload === "refused" ? "are refused" : "arrive"}`, async () => {
      // Where the connection ends at once, the answer may be lost.
      const answer = await upload(port, { "Transfer-Encoding": "chunked" }).catch(() => undefined)
      if (own.chunkedUpload === "refused") expect(answer?.message.statusCode ?? 400).toBeGreaterThanOrEqual(400)
      else expect(answer?.body).toBe(`${PIECES * PIECE.length} ${uploadedHash()}`)
    })

    test("200 MB come back", async () => {
      const request = begin(port, "/shop/large?200")
      request.end()
      const [message] = (await once(request, "response")) as [IncomingMessage]
      let bytes = 0
      message.on("data", (chunk: Buffer) => {
        bytes += chunk.length
      })
      await once(message, "end")
      expect([bytes, message.complete]).toEqual([200 * 1024 * 1024, true])
    })

    test("events come one by one, and the application learns that the client has left", async () => {
      const title = `${name}-${protocol}`
      const request = begin(port, `/shop/events?${title}`)
      request.end()
      const [message] = (await once(request, "response")) as [IncomingMessage]
      const [first] = (await once(message, "data")) as [Buffer]
      expect(first.toString()).toMatch(/^data: 0\n\n/)
      request.destroy()
      await noted(`${title}: closed`)
      expect(readFileSync(join(folder, "notes.txt"), "utf8")).not.toContain(`${title}: through`)
    })

    test(`an error after the head is ${own.late === "unseen" ? "not seen by the client" : "a response that breaks off"}`, async () => {
      const { isComplete } = await ask(port, "/shop/late").catch(() => ({ isComplete: false }))
      expect(isComplete).toBe(own.late === "unseen")
    })
  })
})
