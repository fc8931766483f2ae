// werkstatt conformance against our server, and against one that makes mistakes.

import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { createServer as createHttpServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { describe, expect, onTestFinished, test } from "vitest"
import { WebSocketServer } from "ws"
import { createNetServer } from "../../src/adapters/net.ts"
import { createServer, nodeListener } from "../../src/adapters/node.ts"
import { checkServer } from "../../src/cli/conformance/check.ts"
import { checkWebSockets } from "../../src/cli/conformance/check-websockets.ts"
import type { Environ } from "../../src/gateway.ts"
import { conformanceApplication } from "../../src/testing/conformance-application.ts"

const silent = { write() {}, writeLines() {}, flush() {} }
const place = (port: number) => ({ hostname: "127.0.0.1", port, isSecure: false, timeoutMs: 5000 })

describe("checkServer", () => {
  test("finds nothing wrong with our server", async () => {
    const { server, destroy } = createServer(conformanceApplication, { errors: silent })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => destroy())
    expect(await checkServer(place((server.address() as AddressInfo).port))).toEqual([])
  })

  test("finds what a careless server does", async () => {
    // Decodes nothing, has no SERVER_NAME, checks no header, and closes no body.
    const server = createHttpServer(async (message, response) => {
      const [path = "", query = ""] = (message.url ?? "").split("?")
      const environ = {
        REQUEST_METHOD: message.method,
        SCRIPT_NAME: "",
        PATH_INFO: path,
        QUERY_STRING: query,
        SERVER_PORT: "80",
        SERVER_PROTOCOL: "HTTP/1.1",
        HTTP_HOST: message.headers.host,
        HTTP_X_CONFORMANCE_CASE: message.headers["x-conformance-case"],
        "wsgi.version": [1, 0],
        "wsgi.url_scheme": "http",
        "wsgi.input": {
          read: async () => new Uint8Array(),
          readLine() {},
          readLines() {},
          [Symbol.asyncIterator]() {},
        },
        "wsgi.errors": silent,
        "wsgi.multithread": true,
        "wsgi.multiprocess": false,
        "wsgi.run_once": false,
      } as unknown as Environ
      try {
        const body = await conformanceApplication(environ, (status, headers) => {
          response.writeHead(Number(status.slice(0, 3)), headers.flat())
          return async () => {}
        })
        let bytes = 0
        for await (const chunk of body) {
          response.write(chunk)
          bytes += chunk.length
          // A body without an end would keep this process busy for ever.
          if (bytes > 1_000_000) break
        }
        response.end()
      } catch {
        if (!response.headersSent) response.writeHead(500)
        response.end()
      }
    }).listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const problems = await checkServer({ ...place((server.address() as AddressInfo).port), timeoutMs: 500 })
    expect(problems.length).toBeGreaterThan(30)
    const rules = new Set(problems.flatMap((problem) => problem.rules))
    // A variable is missing, and a length was not kept to.
    for (const rule of ["L3", "L28"]) expect([...rules]).toContain(rule)
    expect(problems.map(({ name }) => name)).toContain("a path is percent-decoded to bytes")
  })
})

describe("checkWebSockets", () => {
  test.each([
    ["node:http", createServer],
    ["node:net", createNetServer],
  ])("finds nothing wrong with our server on %s", async (_, create) => {
    const { server, destroy } = create(conformanceApplication, { errors: silent })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => destroy())
    expect(await checkWebSockets(place((server.address() as AddressInfo).port))).toEqual([])
  })

  test("knows a server that takes none", async () => {
    const server = createHttpServer(nodeListener(conformanceApplication, { errors: silent })).listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => void server.close())
    expect(await checkWebSockets(place((server.address() as AddressInfo).port))).toBeUndefined()
  })

  test("finds what a careless server does", async () => {
    // Accepts everything, and has an application of its own.
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" })
    await once(server, "listening")
    server.on("connection", (socket) => {
      socket.send("hello")
      socket.on("message", () => socket.close(1000))
    })
    onTestFinished(() => {
      for (const socket of server.clients) socket.terminate()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const problems = (await checkWebSockets({ ...place(port), timeoutMs: 100 })) ?? []
    const found = new Map(problems.map((problem) => [problem.name, problem.found.join("; ")]))
    expect(found.get("any other status refuses, with headers and a body")).toContain("status is 101, not 403")
    expect(found.get("bytes arrive as bytes")).toContain('a message is "hello", not the bytes 000102')
    expect(found.get("a failure of the application closes with 1011")).toContain("not closed within 100 ms")
  })
})

describe("the command", () => {
  const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url))
  const run = (...args: string[]) => spawnSync(process.execPath, [main, "conformance", ...args], { encoding: "utf8" })
  const dist = (path: string) => JSON.stringify(new URL(`../../dist/${path}`, import.meta.url).href)

  test("starts a server, and says how many cases it fulfils", () => {
    const code = `
      import { conformanceApplication } from ${dist("testing/index.js")}
      import { createServer } from ${dist("adapters/node.js")}
      const errors = { write() {}, writeLines() {}, flush() {} }
      createServer(conformanceApplication, { errors }).server.listen(Number(process.env.PORT), "127.0.0.1")`
    const { stdout, status } = run(`${process.execPath} --input-type=module -e '${code}'`)
    expect(stdout).toMatch(/^(\d+) of \1 cases are fulfilled\n(\d+) of \2 cases of WebSockets are fulfilled\n$/)
    expect(status).toBe(0)
  })

  test.each([
    [[], "Which server?"],
    [["http://a", "b"], "One server at a time"],
    [["http://[", ""].slice(0, 1), "is no URL"],
    [["http://a", "--timeout", "soon"], "--timeout takes a number"],
    [["exit 3"], "ended with exit code 3"],
  ])("%j is a wrong call", (args, message) => {
    const { stderr, status } = run(...args)
    expect([stderr.includes(message), status]).toEqual([true, 2])
  })
})
