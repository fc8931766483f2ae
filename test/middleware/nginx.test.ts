// Behind a real nginx and in front of one. Skipped, and said so, where there is none.

import { spawn, spawnSync } from "node:child_process"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { type AddressInfo, connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, onTestFinished, test } from "vitest"
import type { Application } from "../../src/gateway.ts"
import { type ProxyFixOptions, proxyFix } from "../../src/middleware/proxy-fix.ts"
import { httpProxy } from "../../src/proxy/http-proxy.ts"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { linted } from "../support/lint.ts"
import { get, parseAnswer, serve, sleep, talk } from "../support/server.ts"
import { answer } from "./calling.ts"

const version = spawnSync("nginx", ["-v"], { encoding: "utf8" })
const hasNginx = version.error === undefined
if (!hasNginx) console.warn("nginx is not installed: the tests with it are skipped")

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** nginx with this inside of its server block, until the test is over. */
async function nginx(block: string): Promise<{ port: number; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "werkstatt-nginx-"))
  const port = await freePort()
  await mkdir(join(folder, "root"))
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  await writeFile(
    join(folder, "nginx.conf"),
    `daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
    events { worker_connections 64; }
    http { access_log off; ${paths.join(" ")} server { listen 127.0.0.1:${port}; root ${folder}/root; ${block} } }`,
  )
  const child = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")], {
    stdio: "ignore",
  })
  onTestFinished(async () => {
    child.kill("SIGKILL")
    await rm(folder, { recursive: true })
  })
  for (let tries = 0; tries < 200; tries++) {
    const listens = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false))
      socket.on("connect", () => socket.destroy())
    })
    if (listens) return { port, folder }
    await sleep(20)
  }
  throw new Error("nginx does not listen")
}

const telling: Application = Request.application(
  (request) => new Response([request.remoteAddr, request.url, request.rootPath, request.path].join(" ")),
)
const behind = (options: ProxyFixOptions) => serve(linted(proxyFix(linted(telling), options)))

describe.skipIf(!hasNginx)("behind nginx", () => {
  const HEADERS = `
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto https;
    proxy_set_header X-Forwarded-Host shop.test:8443; proxy_set_header X-Forwarded-Prefix /shop;`
  const FORGED = [
    "X-Forwarded-For: 6.6.6.6",
    "X-Forwarded-Proto: gopher",
    "X-Forwarded-Host: evil.test",
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Port: 1",
    'Forwarded: for=6.6.6.6;host="evil.test"',
  ]

  test("the client's address, scheme, host and prefix arrive, forged ones don't", async () => {
    const server = await behind({ for: 1, proto: 1, host: 1, prefix: 1, trusted: ["127.0.0.0/8"] })
    const { port } = await nginx(`location /shop/ { proxy_pass http://127.0.0.1:${server.port}/; ${HEADERS} }`)
    expect((await get(port, "/shop/cart?x", ...FORGED)).body).toBe(
      "127.0.0.1 https://shop.test:8443/shop/cart?x /shop /cart",
    )
    expect((await get(port, "/shop/cart?x")).body).toBe("127.0.0.1 https://shop.test:8443/shop/cart?x /shop /cart")
  })

  test("two of them are counted", async () => {
    const server = await behind({ for: 2, proto: 1 })
    const inner = await nginx(`location / { proxy_pass http://127.0.0.1:${server.port}; ${HEADERS} }`)
    const outer = await nginx(`location / { proxy_pass http://127.0.0.1:${inner.port}; ${HEADERS} }`)
    expect((await get(outer.port, "/", "X-Forwarded-For: 6.6.6.6")).body).toMatch(/^127\.0\.0\.1 https:/)
  })

  test("without a count nothing is believed", async () => {
    const server = await behind({})
    const { port } = await nginx(`location / { proxy_pass http://127.0.0.1:${server.port}; ${HEADERS} }`)
    expect((await get(port, "/p", ...FORGED)).body).toBe(`127.0.0.1 http://127.0.0.1:${server.port}/p  /p`)
  })

  test("Forwarded arrives", async () => {
    const server = await behind({ forwarded: 1 })
    const { port } = await nginx(
      `location / { proxy_pass http://127.0.0.1:${server.port}; proxy_set_header Forwarded 'for="$remote_addr:$remote_port";proto=https;host=shop.test'; }`,
    )
    expect((await get(port, "/p", ...FORGED)).body).toBe("127.0.0.1 https://shop.test/p  /p")
  })
})

describe.skipIf(!hasNginx)("in front of nginx", () => {
  async function front(block: string) {
    const { port, folder } = await nginx(block)
    const proxy = httpProxy(linted(answer("inside")), { "/": `http://127.0.0.1:${port}` })
    onTestFinished(() => proxy.close())
    return { ...(await serve(linted(proxy))), folder, direct: port }
  }

  test("files, ranges, conditions and HEAD are as they are without the proxy", async () => {
    const { port, direct, folder, errors } = await front("")
    await writeFile(join(folder, "root/big.txt"), "0123456789abcdef".repeat(100_000))
    await writeFile(join(folder, "root/empty.txt"), "")
    const etag = (await get(direct, "/big.txt")).header("etag")
    const requests = [
      "GET /big.txt",
      "HEAD /big.txt",
      "GET /empty.txt",
      "GET /missing",
      "GET /big.txt\nRange: bytes=16-31",
      "GET /big.txt\nRange: bytes=99999999-",
      `GET /big.txt\nIf-None-Match: ${etag}`,
      'GET /big.txt\nIf-Match: "x"',
      "DELETE /big.txt",
    ]
    for (const request of requests) {
      const [line = "", ...fields] = request.split("\n")
      const text = [`${line} HTTP/1.1`, "Host: a", "Connection: close", ...fields, "", ""].join("\r\n")
      const [own, theirs] = [parseAnswer(await talk(port, text)), parseAnswer(await talk(direct, text))]
      const shown = ({ status, fields: all, body }: typeof own) => [
        status,
        all.filter(([name]) => !["date", "connection"].includes(name)).sort(),
        body,
      ]
      expect(shown(own), request).toEqual(shown(theirs))
    }
    expect(errors).toEqual([])
  })

  test("connections are kept, and one that nginx closes meanwhile costs no request", async () => {
    const { port } = await front("keepalive_requests 3; location / { return 200 ok; }")
    for (let round = 0; round < 20; round++) expect((await get(port, "/")).body).toBe("ok")
  })

  test("an upload arrives", async () => {
    const { port } = await front(
      "client_max_body_size 10m; location / { proxy_pass http://127.0.0.1:1; } location /len { return 200 $content_length; }",
    )
    const body = "x".repeat(200_000)
    const text = `POST /len HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    expect(parseAnswer(await talk(port, text)).body).toBe("200000")
    // What nginx can't reach is its 502, passed on.
    expect((await get(port, "/")).status).toContain("502")
  })
})
