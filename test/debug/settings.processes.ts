// The debugger where it is harder: TypeScript in three ways, HTTPS and HTTP/2, below a mount, with a front end attached,
// and with code that throws all the time.

import { readFileSync } from "node:fs"
import { connect } from "node:http2"
import { request as httpsRequest } from "node:https"
import { build } from "esbuild"
import { WebSocket } from "undici"
import { describe, expect, test } from "vitest"
import { Folder, Program } from "../serving/program.ts"
import { documentOf, pinOf, plain, Visitor } from "./visitor.ts"

const TYPED = `
import { runSimple } from "werkstatt/serving"
import { type Order, total } from "./order.ts"

interface Options { readonly currency: string }

const app = (environ: { PATH_INFO: string }): never => {
  const order: Order = { items: [{ name: "tea", price: 3 }] }
  const options: Options = { currency: "EUR" }
  return charge<Options>(order, options)
}

function charge<T extends Options>(order: Order, options: T): never {
  const sum: number = total(order)

  throw new RangeError(\`\${sum} \${options.currency} is too much\`)
}

await runSimple("127.0.0.1", 0, app as never, { useDebugger: true, accessLog: false })
`
const ORDER = `export interface Order { items: { name: string; price: number }[] }

export function total(order: Order): number {
  return order.items.reduce((sum: number, { price }) => sum + price, 0)
}
`
const { typescript } = process.features as { typescript?: string | false }
const hasStripping = typescript !== undefined && typescript !== false

async function seesTypes(args: readonly string[], folder: Folder): Promise<void> {
  const program = new Program(folder, args)
  const visitor = new Visitor(await program.url())
  const page = await visitor.page("/")
  await visitor.enterPin(page, await pinOf(program))
  expect(page.frames.slice(0, 2).map(({ name, place }) => [name, place])).toEqual([
    ["charge", "main.ts:16:9"],
    ["app", "main.ts:10:10"],
  ])
  const source = plain(/<pre class="source">[\s\S]*?<\/pre>/.exec(page.frames[0]?.inside ?? "")?.[0] ?? "")
  expect(source).toContain("function charge<T extends Options>(order: Order, options: T): never {")
  expect(page.frames[0]?.inside).toMatch(/<mark>new RangeError<\/mark>/)
  expect(await visitor.evaluate(page, 0, "sum + options.currency")).toBe('"3EUR"')
  expect(await visitor.evaluate(page, 1, "order.items[0].name")).toBe('"tea"')
}

describe("TypeScript", () => {
  test.skipIf(!hasStripping)("whose types Node strips is shown with them", async () => {
    await seesTypes(["main.ts"], new Folder({ "main.ts": TYPED, "order.ts": ORDER }))
  })

  test("that tsx compiles is shown as it was written", async () => {
    await seesTypes(["--import", "tsx", "main.ts"], new Folder({ "main.ts": TYPED, "order.ts": ORDER }))
  })

  test.each([
    ["with the map beside it", true, []],
    ["with the map inside of it", "inline", []],
    ["with a map that Node has read too", true, ["--enable-source-maps"]],
  ] as const)("in a bundle, %s", async (_how, sourcemap, flags) => {
    const folder = new Folder({ "src/main.ts": TYPED, "src/order.ts": ORDER })
    const outfile = folder.file("dist/bundle.js")
    const options = { bundle: true, format: "esm", platform: "node", packages: "external" } as const
    await build({ ...options, entryPoints: [folder.file("src/main.ts")], outfile, sourcemap })
    expect(readFileSync(outfile, "utf8")).toContain("sourceMappingURL")
    const program = new Program(folder, [...flags, "dist/bundle.js"])
    const visitor = new Visitor(await program.url())
    const page = await visitor.page("/")
    await visitor.enterPin(page, await pinOf(program))
    expect(page.frames[0]).toMatchObject({ name: "charge", place: "src/main.ts:16:9" })
    expect(plain(page.frames[0]?.inside ?? "")).toContain("const sum: number = total(order)")
    expect(await visitor.evaluate(page, 0, "sum")).toBe("3")
  })

  test("minified, with a map, keeps places and sources; variables have their short names", async () => {
    const folder = new Folder({ "src/main.ts": TYPED, "src/order.ts": ORDER })
    const options = { bundle: true, format: "esm", platform: "node", packages: "external", minify: true } as const
    await build({
      ...options,
      entryPoints: [folder.file("src/main.ts")],
      outfile: folder.file("dist/b.js"),
      sourcemap: true,
    })
    const program = new Program(folder, ["dist/b.js"])
    const page = await new Visitor(await program.url()).page("/")
    expect(page.frames[0]?.place).toMatch(/^src\/main\.ts:16:/)
    expect(page.frames[0]?.hasConsole).toBe(true)
  })
})

const FAILING = (options: string) => `
import { runSimple } from "werkstatt/serving"
import { dispatcher } from "werkstatt/middleware"
import { DebuggedApplication } from "werkstatt/debug"
const failing = (environ) => { const inside = environ.SCRIPT_NAME + "|" + environ.PATH_INFO; throw new Error("failed") }
const fine = (environ, start) => { start("200 OK", []); return [new TextEncoder().encode("fine")] }
${options}
`

describe("over TLS", () => {
  const main = FAILING(
    `await runSimple("localhost", 0, failing, { useDebugger: true, sslContext: "adhoc", http2: true, accessLog: false })`,
  )

  test("with HTTP/1.1 the cookie is Secure, and commands need the https origin", async () => {
    const program = new Program(new Folder({ "main.js": main }), ["main.js"])
    const url = await program.url()
    const pin = await pinOf(program)
    const send = (path: string, method: string, headers: Record<string, string>, body = "") =>
      new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
        const request = httpsRequest(`${url}${path}`, { method, headers, rejectUnauthorized: false }, (response) => {
          let text = ""
          response.on("data", (chunk: Buffer) => (text += chunk.toString()))
          response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
        })
        request.on("error", reject)
        request.end(body)
      })
    const page = documentOf(500, (await send("/", "GET", { Accept: "text/html" })).text, new Headers())
    const headers = { "Content-Type": "application/json", Origin: url }
    const body = JSON.stringify({ secret: page.secret, error: page.error, pin, frame: 0, code: "inside" })
    expect(
      (await send("/__debugger__/pin", "POST", { ...headers, Origin: url.replace("https", "http") }, body)).status,
    ).toBe(400)
    const entered = await send("/__debugger__/pin", "POST", headers, body)
    const cookie = String(entered.headers["set-cookie"])
    expect(cookie).toMatch(/; Secure; HttpOnly; /)
    const evaluated = await send(
      "/__debugger__/evaluate",
      "POST",
      { ...headers, Cookie: cookie.split(";")[0] as string },
      body,
    )
    expect(plain(JSON.parse(evaluated.text).html)).toContain('"|/"')
  })

  test("with HTTP/2 the page and its commands work, and another authority is told nothing", async () => {
    const program = new Program(new Folder({ "main.js": main }), ["main.js"])
    const url = await program.url()
    const pin = await pinOf(program)
    const session = connect(url, { rejectUnauthorized: false })
    const send = async (headers: Record<string, string>, body = "") => {
      const stream = session.request(headers, { endStream: false })
      let text = ""
      let answer: Record<string, unknown> = {}
      stream.on("response", (fields) => (answer = fields))
      stream.end(body)
      for await (const chunk of stream) text += String(chunk)
      return { status: answer[":status"], cookie: String(answer["set-cookie"]).split(";")[0] as string, text }
    }
    try {
      const { status, text } = await send({ ":path": "/", accept: "text/html" })
      const page = documentOf(500, text, new Headers())
      expect([status, page.frames[0]?.name]).toEqual([500, "failing"])
      const command = { ":method": "POST", "content-type": "application/json" }
      const body = JSON.stringify({ secret: page.secret, error: page.error, pin, frame: 0, code: "inside" })
      const { cookie } = await send({ ...command, ":path": "/__debugger__/pin", origin: url }, body)
      const evaluate = { ...command, ":path": "/__debugger__/evaluate", cookie }
      expect(plain(JSON.parse((await send({ ...evaluate, origin: url }, body)).text).html)).toContain('"|/"')
      expect((await send({ ...evaluate, origin: "https://evil.test" }, body)).status).toBe(400)
      const foreign = { ...evaluate, ":authority": "evil.test", origin: "https://evil.test" }
      expect((await send(foreign, body)).status).toBe(400)
      const other = await send({ ":path": "/", ":authority": "evil.test", accept: "text/html" })
      expect(other.text).not.toMatch(/main\.js|debugger-data|inside/)
    } finally {
      session.close()
    }
  })
})

describe("below a mount", () => {
  test("where it is around all, it knows the whole path", async () => {
    const main = FAILING(
      `await runSimple("127.0.0.1", 0, dispatcher(fine, { "/a b": failing }), { useDebugger: true, accessLog: false })`,
    )
    const program = new Program(new Folder({ "main.js": main }), ["main.js"])
    const visitor = new Visitor(await program.url())
    const page = await visitor.page("/a%20b/c")
    await visitor.enterPin(page, await pinOf(program))
    expect(page.base).toBe("/__debugger__/")
    expect(await visitor.evaluate(page, 0, "inside")).toBe('"/a b|/c"')
  })

  test("where it is mounted itself, its pages and commands are below the mount", async () => {
    const main = FAILING(`
      const debugged = new DebuggedApplication(failing)
      await debugged.arm()
      console.log("PIN: Debugger PIN: " + debugged.pin)
      await runSimple("127.0.0.1", 0, dispatcher(fine, { "/mänt": debugged.application }), { accessLog: false })`)
    const program = new Program(new Folder({ "main.js": main }), ["main.js"])
    const visitor = new Visitor(await program.url())
    const page = await visitor.page("/m%C3%A4nt/x")
    await visitor.enterPin(page, await pinOf(program))
    expect(page.base).toBe("/m%C3%A4nt/__debugger__/")
    expect(await visitor.evaluate(page, 0, "inside.length")).toMatch(/^\d+$/)
    expect((await visitor.page(`${page.base}errors/${page.error}`)).status).toBe(200)
    expect(await (await fetch(`${visitor.url}/__debugger__/`)).text()).toBe("fine")
  })
})

/** A front end that speaks to the inspector over its socket. */
class FrontEnd {
  readonly #socket: WebSocket
  readonly events: string[] = []
  readonly #waiting = new Map<number, () => void>()
  #ids = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener("message", ({ data }) => {
      const { method, id } = JSON.parse(String(data)) as { method?: string; id?: number }
      if (method !== undefined) this.events.push(method)
      if (id !== undefined) this.#waiting.get(id)?.()
    })
  }

  static async attach(program: Program): Promise<FrontEnd> {
    const url = (await program.printed(/listening on (ws:\S+)/))[1] as string
    const socket = new WebSocket(url)
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve)
      socket.addEventListener("error", reject)
    })
    return new FrontEnd(socket)
  }

  /** Resolves when it has been done. */
  send(method: string, params: object = {}): Promise<void> {
    const id = ++this.#ids
    this.#socket.send(JSON.stringify({ id, method, params }))
    return new Promise((resolve) => this.#waiting.set(id, resolve))
  }

  count(method: string): number {
    return this.events.filter((each) => each === method).length
  }

  close(): void {
    this.#socket.close()
  }
}

describe("with a front end", () => {
  const main = FAILING(`
    const both = (environ, start) => {
      if (environ.PATH_INFO === "/stop") { const here = 1; debugger; return fine(environ, start) }
      return environ.PATH_INFO === "/fine" ? fine(environ, start) : failing(environ)
    }
    await runSimple("127.0.0.1", 0, both, { useDebugger: true, accessLog: false })`)
  const start = () => new Program(new Folder({ "main.js": main }), ["--inspect=127.0.0.1:0", "main.js"])

  test.each([
    ["that is not there, only its port", async () => undefined],
    ["that is attached and has enabled nothing", (program: Program) => FrontEnd.attach(program)],
    [
      "that debugs",
      async (program: Program) => {
        const frontEnd = await FrontEnd.attach(program)
        await frontEnd.send("Runtime.enable")
        await frontEnd.send("Debugger.enable")
        await frontEnd.send("Debugger.setPauseOnExceptions", { state: "uncaught" })
        return frontEnd
      },
    ],
  ] as const)("%s, errors are shown and nothing hangs", async (_how, attach) => {
    const program = start()
    const visitor = new Visitor(await program.url())
    const frontEnd = await attach(program)
    // What a front end sets is set back within a second.
    const hasConsole = async () => (await visitor.page("/")).frames[0]?.hasConsole
    await expect.poll(hasConsole, { timeout: 10_000, interval: 200 }).toBe(true)
    for (let round = 0; round < 3; round++) {
      const page = await visitor.page("/")
      if (round === 0) await visitor.enterPin(page, await pinOf(program))
      expect(await visitor.evaluate(page, 0, "inside")).toBe('"|/"')
    }
    expect(await (await fetch(`${visitor.url}/fine`)).text()).toBe("fine")
    frontEnd?.close()
  })

  test("a debugger statement stops for it, and goes on without a front end", async () => {
    const program = start()
    const visitor = new Visitor(await program.url())
    // Nobody is there.
    expect(await (await fetch(`${visitor.url}/stop`)).text()).toBe("fine")
    const frontEnd = await FrontEnd.attach(program)
    await frontEnd.send("Debugger.enable")
    await frontEnd.send("Debugger.setBreakpointsActive", { active: true })
    const answer = fetch(`${visitor.url}/stop`).then((response) => response.text())
    await expect.poll(() => frontEnd.count("Debugger.paused"), { timeout: 10_000 }).toBeGreaterThan(0)
    // It stays stopped, however long the other one waits.
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect(frontEnd.count("Debugger.resumed")).toBe(0)
    void frontEnd.send("Debugger.resume")
    expect(await answer).toBe("fine")
    frontEnd.close()
    // And errors are shown again.
    await expect
      .poll(async () => (await visitor.page("/")).frames[0]?.hasConsole, { timeout: 10_000, interval: 200 })
      .toBe(true)
  })
})

describe("code that throws all the time", () => {
  test("is slowed down, and not brought to a halt", async () => {
    const main = FAILING(`
      const work = (environ, start) => {
        const began = performance.now()
        let caught = 0
        while (performance.now() - began < 2500) { try { JSON.parse("{") } catch { caught++ } }
        start("200 OK", [])
        return [new TextEncoder().encode(String(caught))]
      }
      await runSimple("127.0.0.1", 0, work, { useDebugger: true, accessLog: false })`)
    const program = new Program(new Folder({ "main.js": main }), ["main.js"])
    const caught = Number(await (await fetch(await program.url())).text())
    // With each of them stopping the process there would be some hundreds.
    expect(caught).toBeGreaterThan(4000)
  })
})
