// Attacks on a running server with the debugger: who must not see anything, and who must not run anything. What needs a
// server of its own is in pin.processes.ts and refusals.processes.ts.

import { describe, expect, test } from "vitest"
import { DebuggedApplication } from "../../src/debug/debugged-application.ts"
import { collectBody } from "../../src/environ/body.ts"
import { runApplication } from "../../src/environ/run.ts"
import { proxyFix } from "../../src/middleware/proxy-fix.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"
import { ATTACKED, raw, site } from "./site.ts"
import { Visitor } from "./visitor.ts"

const here = site({ "main.js": ATTACKED })

const TRUSTED = ["localhost", "a.localhost", "127.0.0.1", "[::1]", "dev.test", "LOCALHOST", "localhost:80"]
const FOREIGN = [
  "evil.com",
  "localhost.evil",
  "localhost.evil.com",
  "10.0.2.555",
  "127.1",
  "localhost6",
  "127.0.0.1.nip.io",
  "dev.test.evil.com",
  "x.dev.test",
  "2130706433",
  "0.0.0.0",
  "[::]",
  "[::ffff:127.0.0.1]",
  "localhost@evil.com",
  "evil.com:localhost",
  "lo calhost",
]

describe("the host", () => {
  test.each(TRUSTED)("%s is shown everything", async (host) => {
    const { status, text } = await raw(here.port, "GET / HTTP/1.1", `Host: ${host}`, "Accept: text/html")
    expect(status).toBe(500)
    expect(text).toContain("secretLocal")
    expect(text).toContain("main.js")
  })

  test.each(FOREIGN)("%s is shown nothing but the type of the error", async (host) => {
    const { status, text } = await raw(here.port, "GET / HTTP/1.1", `Host: ${host}`, "Accept: text/html")
    expect([400, 500]).toContain(status)
    for (const word of ["secretLocal", "main.js", here.folder.path, "debugger-data", "console", 'class="frame"'])
      expect(text, word).not.toContain(word)
    const { secret } = await here.visitor.page("/")
    expect(text).not.toContain(secret)
  })

  test.each(["text/plain", "application/json", "*/*"])(
    "a foreign one that asks for %s learns nothing either",
    async (type) => {
      const { text } = await raw(here.port, "GET / HTTP/1.1", "Host: evil.com", `Accept: ${type}`)
      expect(text).toMatch(/Internal Server Error/)
      expect(text).not.toContain("main.js")
      expect(text).not.toContain("in /")
    },
  )

  test.each(FOREIGN)("%s gets none of the pages and no command", async (host) => {
    const page = await here.visitor.page("/")
    for (const path of ["/__debugger__/", "/__debugger__/console", `/__debugger__/errors/${page.error}`]) {
      const { status, text } = await raw(here.port, `GET ${path} HTTP/1.1`, `Host: ${host}`)
      expect(status, path).toBe(400)
      expect(text).not.toContain(page.secret)
    }
    const body = JSON.stringify({ secret: page.secret, error: page.error, frame: 0, code: "1" })
    for (const command of ["evaluate", "complete", "members", "getter", "pin", "print-pin"]) {
      const head = [`POST /__debugger__/${command} HTTP/1.1`, `Host: ${host}`, `Origin: http://${host}`]
      expect((await raw(here.port, ...head, "Content-Type: application/json", "", body)).status, command).toBe(400)
    }
  })

  test("a request without one is foreign", async () => {
    const { status, text } = await raw(here.port, "GET /__debugger__/ HTTP/1.0")
    expect([status, text]).toEqual([400, expect.stringContaining("not trusted")])
  })
})

describe("a command", () => {
  const command = async (headers: Record<string, string>, body: object = {}) => {
    const page = await here.visitor.page("/")
    await here.visitor.enterPin(page, here.pin)
    return here.visitor.command(page, "evaluate", { frame: 0, code: "1 + 1", ...body }, headers)
  }

  test("with everything as it should be is carried out", async () => {
    expect(await command({})).toMatchObject({ status: 200, text: "2" })
  })

  test.each([
    "http://evil.com",
    "null",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "https://127.0.0.1",
    "http://localhost",
    "",
    "http://127.0.0.1.evil.com",
    "\u00ff",
  ])("from the origin %j is refused", async (origin) => {
    expect((await command({ Origin: origin.startsWith("https") ? `${origin}:${here.port}` : origin })).status).toBe(400)
  })

  test("without an origin is refused", async () => {
    const page = await here.visitor.page("/")
    const body = JSON.stringify({ secret: page.secret, error: page.error, frame: 0, code: "1" })
    const head = [
      "POST /__debugger__/evaluate HTTP/1.1",
      `Host: 127.0.0.1:${here.port}`,
      `Cookie: ${here.visitor.cookie}`,
    ]
    expect((await raw(here.port, ...head, "Content-Type: application/json", "", body)).status).toBe(400)
  })

  test.each(["cross-site", "same-site", "none", "x"])("with Sec-Fetch-Site: %s is refused", async (value) => {
    expect((await command({ "Sec-Fetch-Site": value })).status).toBe(400)
  })

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
  ])("as %s, which forms of other sites can send, is refused", async (type) => {
    expect((await command({ "Content-Type": type })).status).toBe(400)
  })

  test.each([undefined, "", "x", 1, null, ["x"], {}])("with the secret %j is refused", async (secret) => {
    expect((await command({}, { secret })).status).toBe(400)
  })

  test("by GET does nothing", async () => {
    const page = await here.visitor.page("/")
    const query = `secret=${page.secret}&error=${page.error}&frame=0&code=globalThis.hit=1&__debugger__=yes&cmd=1`
    for (const name of ["evaluate", "complete", "members", "getter", "pin", "print-pin", "nothing"]) {
      const { status } = await raw(here.port, `GET /__debugger__/${name}?${query} HTTP/1.1`, "Host: localhost")
      expect(status, name).toBe(405)
    }
    expect(await here.visitor.evaluate(page, 0, "typeof globalThis.hit")).toBe('"undefined"')
  })

  test.each(["evaluate", "complete", "getter"])("%s needs the PIN", async (name) => {
    const stranger = new Visitor(here.visitor.url)
    const page = await stranger.page("/")
    const answer = await stranger.command(page, name, { frame: 0, code: "1", text: "a", target: 0, key: "a" })
    expect([answer.status, answer.body["needsPin"]]).toEqual([403, true])
  })

  test("with a body that is too long, broken or no object is refused, and the server goes on", async () => {
    const head = [
      "POST /__debugger__/evaluate HTTP/1.1",
      `Host: 127.0.0.1:${here.port}`,
      `Origin: http://127.0.0.1:${here.port}`,
      "Content-Type: application/json",
    ]
    const status = async (body: string) => (await raw(here.port, ...head, "", body)).status
    expect(await status(`{"code": "${"x".repeat(300_000)}"}`)).toBe(413)
    for (const body of ["", "{", "[]", "1", "null", '"x"', '{"__proto__": {"secret": "x"}}', "{}"]) {
      expect(await status(body), body).toBe(400)
    }
    expect(await command({})).toMatchObject({ status: 200 })
  })

  test.each([
    { frame: -1 },
    { frame: 1.5 },
    { frame: "0" },
    { frame: 1e9 },
    { frame: "__proto__" },
    { error: "unknown" },
    { error: "../x" },
  ])("on %j, which is not there, is refused", async (body) => {
    expect((await command({}, body)).status).toBe(404)
  })
})

describe("paths", () => {
  test.each([
    "/__debugger__/../../package.json",
    "/__debugger__/%2e%2e/%2e%2e/package.json",
    "/__debugger__/resource?f=../package.json",
    "/__debugger__/errors/../../main.js",
    "/__debugger__/errors/%2e%2e%2fmain.js",
    "/__debugger__/source?file=/etc/passwd",
    "/__debugger__//etc/passwd",
  ])("%s leads to no file", async (path) => {
    const { status, text } = await raw(here.port, `GET ${path} HTTP/1.1`, "Host: localhost")
    expect([400, 404, 405, 500]).toContain(status)
    expect(text).not.toMatch(/root:|"type": "module"/)
  })

  test("a stack that names files shows none that is no script of this process", async () => {
    const { html, frames } = await here.visitor.page("/fake")
    expect(frames.length).toBeGreaterThanOrEqual(3)
    expect(html).not.toContain("root:")
    expect(html).not.toContain("&#34;type&#34;: &#34;module&#34;")
  })

  test("a message that looks like frames brings none", async () => {
    const message = encodeURIComponent("x\n    at evil (/etc/passwd:1:1)")
    const { html, frames } = await here.visitor.page(`/message?m=${message}`)
    expect(html).not.toContain("root:")
    expect(frames.some(({ name }) => name === "evil")).toBe(false)
  })
})

describe("answers", () => {
  test("are not kept, not framed, load nothing, and allow no other origin", async () => {
    const page = await here.visitor.page("/")
    const { error, secret } = page
    const answers = [
      page.headers,
      (await here.visitor.page("/__debugger__/")).headers,
      (await here.visitor.page("/__debugger__/console")).headers,
      (await here.visitor.page(`/__debugger__/errors/${error}`)).headers,
      (await here.visitor.command({ base: page.base, secret, error }, "members", { target: 0 })).headers,
    ]
    for (const headers of answers) {
      expect(headers.get("cache-control")).toBe("no-store")
      expect(headers.get("x-content-type-options")).toBe("nosniff")
      expect(headers.get("x-frame-options")).toBe("DENY")
      expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([])
    }
    const policies = answers.slice(0, 4).map((headers) => headers.get("content-security-policy") ?? "")
    for (const policy of policies) {
      expect(policy).toMatch(/^default-src 'none'; script-src 'nonce-[\w+/=]{20,}'; style-src 'nonce-/)
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toContain("unsafe")
    }
    expect(new Set(policies).size).toBe(4)
    expect(page.html).not.toMatch(/(?:src|href)="https?:|url\(|@import/)
  })

  test("never hold the PIN", async () => {
    const page = await here.visitor.page("/")
    const cookies = await here.visitor.enterPin(page, here.pin)
    const list = await here.visitor.page("/__debugger__/")
    const own = await here.visitor.page("/__debugger__/console")
    const printed = await here.visitor.command(page, "print-pin")
    for (const text of [
      page.html,
      list.html,
      own.html,
      JSON.stringify(printed.body),
      JSON.stringify([...cookies.headers]),
    ])
      for (const pin of [here.pin, here.pin.replaceAll("-", "")]) expect(text).not.toContain(pin)
  })
})

describe("the peer", () => {
  const app = () => {
    const inside = "variable"
    throw new Error(inside)
  }
  const ask = async (
    application: typeof app | DebuggedApplication["application"],
    variables: Record<string, string>,
  ) => {
    const environ = createEnviron("/", { headers: { Accept: "text/html", Host: "localhost" } })
    Object.assign(environ, variables)
    return Buffer.concat(await collectBody((await runApplication(application, environ)).body)).toString()
  }

  test.each([
    ["127.0.0.1", true],
    ["127.9.9.9", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["10.0.0.5", false],
    ["::ffff:10.0.0.5", false],
    ["127.0.0.1.evil", false],
    ["", false],
  ])("%s is this machine: %s", async (REMOTE_ADDR, isLocal) => {
    const html = await ask(new DebuggedApplication(app, { log: () => {} }).application, { REMOTE_ADDR })
    expect(html.includes('class="frame"')).toBe(isLocal)
  })

  test("no forwarded header makes it local, also where the application believes it", async () => {
    const forwarded = { REMOTE_ADDR: "10.0.0.5", HTTP_X_FORWARDED_FOR: "127.0.0.1", HTTP_X_FORWARDED_HOST: "localhost" }
    const inside = new DebuggedApplication(proxyFix(app, { host: 1 }), { log: () => {} }).application
    const outside = proxyFix(new DebuggedApplication(app, { log: () => {} }).application, { host: 1 })
    for (const each of [inside, outside]) expect(await ask(each, forwarded)).not.toContain('class="frame"')
  })

  test("allowRemote lets other machines in", async () => {
    const { application } = new DebuggedApplication(app, { allowRemote: true, log: () => {} })
    expect(await ask(application, { REMOTE_ADDR: "10.0.0.5" })).toContain('class="frame"')
  })
})

describe("as middleware it is refused", () => {
  const failing = () => {
    throw new Error("failed")
  }

  test("in production", () => {
    const before = process.env["NODE_ENV"]
    process.env["NODE_ENV"] = "production"
    try {
      expect(() => new DebuggedApplication(failing)).toThrow(/NODE_ENV is production/)
    } finally {
      process.env["NODE_ENV"] = before
    }
  })

  test.each([
    ["werkstatt.production", /for production/],
    ["wsgi.multiprocess", /a single process/],
  ])("where %s is true", async (name, message) => {
    const environ = Object.assign(createEnviron("/"), {
      [name]: true,
      "wsgi.errors": { write() {}, writeLines() {}, flush() {} },
    })
    const { application } = new DebuggedApplication(failing, { log: () => {} })
    expect(() => application(environ, () => async () => {})).toThrow(message)
  })
})
