import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import type { Application } from "../../src/gateway.ts"
import { makeServer, type ServerOptions } from "../../src/serving/make-server.ts"
import { temporaryFolder } from "../support/files.ts"
import { askGateway, type GatewayName } from "../support/front-server.ts"
import { encode, get } from "../support/server.ts"

const place: Application = (environ, startResponse) => {
  startResponse("200 OK", [["Content-Type", "text/plain"]])
  return [encode(`${environ.SCRIPT_NAME}|${environ.PATH_INFO}|${environ.REMOTE_ADDR}`)]
}

async function made(hostname: string, options: ServerOptions) {
  const lines: string[] = []
  const server = await makeServer(hostname, 0, place, { log: (line) => lines.push(line), ...options })
  onTestFinished(() => server.close())
  return { server, lines }
}

const bodyOf = (answer: { body: Uint8Array }) => Buffer.from(answer.body).toString()

test.each<GatewayName>(["scgi", "uwsgi", "fastcgi"])(
  "makeServer speaks %s, with all that it has around",
  async (protocol) => {
    const { server, lines } = await made("localhost", {
      protocol,
      scriptName: "/shop",
      staticFiles: { "/static": join(import.meta.dirname, ".") },
    })
    expect(server.url).toBe(`${protocol}://localhost:${server.port}`)
    expect(bodyOf(await askGateway(protocol, server.port, { target: "/shop/a" }))).toBe("/shop|/a|192.0.2.7")
    const file = await askGateway(protocol, server.port, { target: "/shop/static/front-protocol.test.ts" })
    expect(bodyOf(file)).toContain("with all that it has around")
    expect(lines[0]).toMatch(/^192\.0\.2\.7 - - \[.*\] "GET \/shop\/a HTTP\/1\.1" 200 18$/)
  },
)

test("a unix socket, and one on all addresses for those that are named", async () => {
  const path = join(temporaryFolder(), "socket")
  const unix = await made(`unix://${path}`, { protocol: "fastcgi", socketMode: 0o660 })
  expect(unix.server.url).toBe(`unix://${path}`)
  expect(bodyOf(await askGateway("fastcgi", path, {}))).toBe("|/|192.0.2.7")
  const wide = await made("0.0.0.0", { protocol: "scgi", allowFrom: ["127.0.0.1"] })
  expect(bodyOf(await askGateway("scgi", wide.server.port, {}))).toBe("|/|192.0.2.7")
})

test("the PROXY protocol is an option of makeServer", async () => {
  const { server } = await made("localhost", {
    proxyProtocolFrom: ["127.0.0.1"],
    errors: { write() {}, writeLines() {}, flush() {} },
  })
  await expect(get(server.port, "/")).resolves.toMatchObject({ status: "" })
})

test.each<[ServerOptions, string, RegExp]>([
  [{ protocol: "scgi" }, "0.0.0.0", /scgi on 0\.0\.0\.0 would believe every client that reaches it\./],
  [
    { protocol: "uwsgi" },
    "example.test",
    /Listen on a unix socket or 127\.0\.0\.1, or name the front servers with allowFrom/,
  ],
  [{ protocol: "fastcgi", http2: true }, "localhost", /fastcgi has no TLS and no HTTP\/2/],
  [{ protocol: "fastcgi", sslContext: "adhoc" }, "localhost", /fastcgi has no TLS and no HTTP\/2/],
  [{ scriptName: "/shop" }, "localhost", /scriptName is for front servers; it needs a protocol/],
  [{ allowFrom: ["10.0.0.1"] }, "localhost", /allowFrom is for front servers/],
  [{ protocol: "ajp" as "scgi" }, "localhost", /protocol is one of http, scgi, uwsgi, fastcgi, not "ajp"/],
])("%j on %s is refused with a sentence", async (options, hostname, message) => {
  await expect(makeServer(hostname, 0, place, options)).rejects.toThrow(message)
})
