// Programs under the debugger, over a real socket: what is kept of which kind of error, and what a console does in a frame.

import { beforeAll, describe, expect, test } from "vitest"
import { type AtEnd, Folder, Program } from "../serving/program.ts"
import { type ErrorDocument, pinOf, Visitor } from "./visitor.ts"

const MAIN = `
import { AsyncLocalStorage } from "node:async_hooks"
import { readFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { Request, Response, RuleMap, rule } from "werkstatt"
import { DebuggedApplication } from "werkstatt/debug"
import { runSimple } from "werkstatt/serving"
import { helper } from "library"

const context = new AsyncLocalStorage()
const urls = new RuleMap([rule("/", "index"), rule("/<name>", "view")])
const shared = new Error("made once")

class Account {
  #balance = 100
  constructor(owner) { this.owner = owner }
  get rich() { throw new Error("a getter ran") }
  withdraw(amount) {
    const left = this.#balance - amount
    if (left < 0) throw new RangeError("not enough")
    this.#balance = left
    return left
  }
}

function inner(a, b = 2) {
  const sum = a + b
  for (const letter of ["x", "y"]) {
    const both = letter + sum
    if (letter === "y") throw new TypeError("inner failed")
  }
}

const views = {
  plain(request) { const local = "here"; inner(1) },
  arrow: (request) => { const list = [1, 2]; list.map((item) => { if (item === 2) throw new Error("in arrow") }) },
  method() { new Account("ada").withdraw(150) },
  async awaited() { const before = 1; await later() ; return before },
  async parallel() { await Promise.all([later(), 1]) },
  async rejected() { const why = "because"; return Promise.reject(new Error("rejected " + why)) },
  async late() { const ms = 1; await new Promise((resolve, reject) => { const id = 7; setTimeout(() => { const inTimer = true; reject(new Error("late")) }, ms) }) },
  chain() { try { inner(5) } catch (error) { const outer = true; throw new Error("outer", { cause: error }) } },
  cycle() { const one = new Error("one"); const two = new Error("two", { cause: one }); one.cause = two; throw two },
  members() { const found = []; for (const n of [1, 2]) { try { throw new Error("member " + n) } catch (error) { found.push(error) } } throw new AggregateError(found, "several") },
  native() { const text = "{"; JSON.parse(text) },
  library() { const mine = 1; helper(() => { const callback = 2; throw new Error("from callback") }) },
  inLibrary() { const mine = 1; helper(null) },
  primitive() { const local = 3; throw "only text" },
  nothing() { const local = 4; throw undefined },
  frozen() { throw Object.freeze(new Error("frozen")) },
  again(request) { const n = request.args.get("n"); throw shared },
  rethrown() { const view = 1; try { inner(1) } catch (error) { throw error } },
  hidden() { const sum = "outer"; const f = () => { const sum = "inner"; throw new Error("hidden") }; f() },
  generator() { const it = (function* () { const step = 1; yield step; throw new Error("in generator") })(); it.next(); it.next() },
  missing() { const name = "/no/such/file"; readFileSync(name) },
  async missingLater() { const name = "/no/such/file"; await readFile(name) },
  secrets() { const password = "hunter2"; const user = { name: "ada", apiKey: "k3y" }; const db = "postgres://ada:pw123@db/x"; const headers = [["authorization", "Bearer abcdefgh"]]; throw new Error("secrets") },
  escape() { const html = "<script>alert(1)</script>"; throw new Error("</title><script>alert(2)</script>&\\"'") },
  context() { throw new Error("context") },
  recursion() { const f = (n) => n === 0 ? fail() : f(n - 1); const fail = () => { throw new Error("deep") }; f(100) },
  getters() { const account = new Account("bob"); const own = { get value() { return account.owner } }; throw new Error("getters") },
  many() { const big = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => ["key" + i, i])); const long = "x".repeat(500); const proxy = new Proxy({ inside: 1 }, { get() { throw new Error("trap") }, ownKeys() { throw new Error("trap") } }); const broken = { [Symbol.for("nodejs.util.inspect.custom")]() { throw new Error("no") } }; throw new Error("many") },
  async form(request) { const form = await request.form(); throw new Error("form") },
  evilTag() { throw { get [Symbol.toStringTag]() { throw new Error("tag") } } },
  evilProxy() { const trap = () => { throw new Error("trap") }; throw new Proxy(new Error("x"), { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap, getOwnPropertyDescriptor: trap }) },
  revoked() { const { proxy, revoke } = Proxy.revocable(function () {}, {}); revoke(); throw proxy },
  evilGetters() { const error = new Error("x"); for (const name of ["name", "message", "stack", "cause", "errors"]) Object.defineProperty(error, name, { get() { throw new Error("getter") } }); throw error },
  endlessMembers() { const error = new Error("members"); error.errors = new Proxy([], { get: (list, key) => key === "length" ? 1e9 : key === Symbol.iterator ? function* () { for (;;) yield 1 } : Reflect.get(list, key) }); throw error },
  endlessCauses() { const make = () => Object.defineProperty(new Error("causes"), "cause", { get: make }); throw make() },
  longMessage() { throw new Error("m".repeat(1_000_000)) },
  longStack() { const error = new Error("x"); error.stack = "Error: x\\n" + "    at f (/a/b.js:1:1)\\n".repeat(5000) + "    at g (/a/b.js:1:1)"; throw error },
  huge() { const { list, bytes, map, keys, deep } = makeHuge(); throw new Error("huge") },
  deadZone() { if (early()) return; const late = 1; function early() { throw new Error("dead zone") } },
  caught(request) { for (let i = 0; i < 20; i++) { try { inner(i) } catch {} } inner(-1) },
}

// Where it loops, the engine may forget variables.
function makeHuge() {
  const map = new Map(Array.from({ length: 300_000 }, (_, i) => [i, i]))
  let deep = {}
  for (let i = 0; i < 50_000; i++) deep = { deep }
  return { list: new Array(3_000_000).fill(1), bytes: new Uint8Array(30_000_000), map, keys: Object.fromEntries(map), deep }
}

async function later() { const wait = 5; await null; const after = wait + 1; throw new Error("later") }

const app = Request.application((request) => context.run({ id: request.path }, async () => {
  const at = urls.bindToEnviron(request.environ)
  const { values } = at.match()
  const view = views[values.name]
  if (view === undefined) return new Response("Hello")
  request.environ["werkstatt.debug.preserve_context"]?.((run) => { globalThis.wrapped = (globalThis.wrapped ?? 0) + 1; return run() })
  return await view(request) ?? new Response("nothing")
}))

setInterval(() => {}, 1e6).unref()
process.on("message", () => {})
await runSimple("127.0.0.1", 0, app, { useDebugger: true, accessLog: false })
console.log("served")
`

const LIBRARY = `export function helper(callback) { const inLibrary = "yes"; return callback() }`

let visitor: Visitor
let program: Program

function start(atEnd: AtEnd): Program {
  const folder = new Folder({ "main.js": MAIN }, atEnd)
  folder.write("node_modules/library/package.json", '{ "type": "module", "exports": "./index.js" }')
  folder.write("node_modules/library/index.js", LIBRARY)
  return new Program(folder, ["main.js"], {}, atEnd)
}

/** One program for all tests of a group. */
function withProgram(): void {
  beforeAll(async () => {
    const ends: (() => void)[] = []
    program = start((end) => void ends.unshift(end))
    visitor = new Visitor(await program.url())
    const pin = await pinOf(program)
    await visitor.enterPin(await visitor.page("/plain"), pin)
    return async () => {
      program.kill("SIGKILL")
      await program.ended()
      for (const end of ends) end()
    }
  })
}

const frame = (page: ErrorDocument, name: string) => {
  const found = page.frames.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no frame ${name} in ${page.frames.map((each) => each.name).join(", ")}`)
  return found
}

describe("the debugger", () => {
  withProgram()

  test("answers an error with a page of its frames, the innermost first", async () => {
    const page = await visitor.page("/plain")
    expect(page.status).toBe(500)
    expect(page.html).toContain("<title>TypeError: inner failed // werkstatt</title>")
    expect(page.frames.slice(0, 2).map(({ name, place }) => [name, place])).toEqual([
      ["inner", "main.js:30:31"],
      ["plain", "main.js:35:42"],
    ])
    expect(frame(page, "inner").inside).toContain("<mark>new TypeError</mark>")
  })

  test.each<[path: string, frame: string, code: string, result: string]>([
    ["plain", "inner", "String([a, b, sum, letter, both])", '"1,2,3,y,y3"'],
    ["plain", "plain", "local + request.path", '"here/plain"'],
    ["arrow", "(anonymous)", "item", "2"],
    ["method", "Account.withdraw", "this.#balance - amount", "-50"],
    ["method", "Account.withdraw", "left", "-50"],
    ["awaited", "later", "String([wait, after])", '"5,6"'],
    ["parallel", "later", "after", "6"],
    ["rejected", "rejected", "why", '"because"'],
    ["late", "Timeout._onTimeout", "inTimer", "true"],
    ["native", "native", "text", '"{"'],
    ["library", "(anonymous)", "callback", "2"],
    ["library", "helper", "inLibrary", '"yes"'],
    ["library", "library", "mine", "1"],
    ["inLibrary", "helper", "String([callback, inLibrary])", '",yes"'],
    ["primitive", "primitive", "local", "3"],
    ["frozen", "frozen", "1 + 1", "2"],
    ["rethrown", "inner", "sum", "3"],
    ["hidden", "f", "sum", '"inner"'],
    ["hidden", "hidden", "sum", '"outer"'],
    ["generator", "(anonymous)", "step", "1"],
    ["missing", "missing", "name", '"/no/such/file"'],
  ])("/%s: a console in %s", async (path, name, code, result) => {
    const page = await visitor.page(`/${path}`)
    expect(await visitor.evaluate(page, frame(page, name).index, code)).toBe(result)
  })

  test("an error from before: this throw's frames are shown, not those of the first one", async () => {
    await visitor.page("/again?n=1")
    const page = await visitor.page("/again?n=2")
    expect(await visitor.evaluate(page, frame(page, "again").index, "n")).toBe('"2"')
  })

  test("causes and members follow, each with frames and consoles of its own; cycles end", async () => {
    const chain = await visitor.page("/chain")
    expect(chain.html).toContain('Caused by <span class="name">TypeError</span>')
    expect(await visitor.evaluate(chain, frame(chain, "chain").index, "outer")).toBe("true")
    expect(await visitor.evaluate(chain, frame(chain, "inner").index, "a")).toBe("5")
    const members = await visitor.page("/members")
    expect(members.html.match(/One of its errors/g)).toHaveLength(2)
    const numbers = members.frames.filter(({ name }) => name === "members")
    expect(await Promise.all(numbers.map(({ index }) => visitor.evaluate(members, index, "n")))).toContain("2")
    const cycle = await visitor.page("/cycle")
    expect(cycle.html.match(/Caused by <span/g)).toHaveLength(1)
  })

  test("what was thrown need not be an error", async () => {
    expect((await visitor.page("/primitive")).html).toContain("only text")
    expect((await visitor.page("/nothing")).html).toContain("undefined")
    expect((await visitor.page("/missingLater")).html).toContain("ENOENT")
  })

  test.each([
    ["evilTag", "object"],
    ["evilProxy", "<title>object"],
    ["revoked", "<title>function"],
    ["evilGetters", "Error"],
    ["endlessMembers", "One of its errors"],
    ["endlessCauses", "Caused by"],
    ["longMessage", "… (1000000 characters)"],
    ["longStack", "(4801 more)"],
    ["huge", "Array(3000000)"],
  ])("what is hostile or huge has a page too: /%s", async (path, text) => {
    const page = await visitor.page(`/${path}`)
    expect(page.status).toBe(500)
    expect(page.secret).not.toBe("")
    expect(page.html).toContain(text)
    expect(page.html.length).toBeLessThan(3_000_000)
  })

  test("what is huge unfolds in part", async () => {
    const page = await visitor.page("/huge")
    const { inside } = frame(page, "huge")
    for (const [name, more] of [
      ["list", 2_999_500],
      ["bytes", 29_999_500],
      ["map", 299_500],
      ["keys", 299_500],
    ]) {
      const target = Number(new RegExp(`data-target="(\\d+)"><summary><span class="k">${name}<`).exec(inside)?.[1])
      const { status, text } = await visitor.command(page, "members", { target })
      expect([status, text]).toEqual([200, expect.stringContaining(`… ${more} more`)])
    }
  })

  test("a frame that waited says why it has no variables", async () => {
    const page = await visitor.page("/awaited")
    const waiting = frame(page, "async awaited")
    expect(waiting.inside).toContain("This function was waiting for a promise")
    expect(waiting.hasConsole).toBe(false)
  })

  test("a console changes variables, keeps its own, waits, and remembers the last value", async () => {
    const page = await visitor.page("/plain")
    const at = frame(page, "inner").index
    const run = (code: string) => visitor.evaluate(page, at, code)
    expect(await run("sum = 40")).toBe("40")
    expect(await run("sum + _")).toBe("80")
    expect(await run("let two = 2, { length } = 'abc'")).toBe("undefined")
    expect(await run("const add = (n) => n + two + length")).toBe("undefined")
    expect(await run("two = 10; add(1)")).toBe("14")
    expect(await run("let two = 3; two")).toBe("3")
    expect(await run("await new Promise((resolve) => setTimeout(resolve, 5, 'waited'))")).toBe('"waited"')
    expect(await run("const file = await import('node:path'); file.sep")).toBe('"/"')
    expect(await run("file.posix.sep")).toBe('"/"')
    expect(await run("for (let i = 0; i < 3; i++) i * 2")).toBe("4")
    expect(await run("class Box { constructor(v) { this.v = v } }; new Box(sum).v")).toBe("40")
    expect(await run("{ a: 1 }")).toBe("{ a: 1 }\na: 1")
    expect(await run("arguments.length")).toBe("1")
    expect(page.html).not.toContain("two")
  })

  test("errors in a console are shown as errors", async () => {
    const page = await visitor.page("/plain")
    const run = (code: string) => visitor.evaluate(page, frame(page, "inner").index, code)
    expect(await run("nowhere")).toMatch(/^ReferenceError: nowhere is not defined/)
    expect(await run("throw { plain: true }")).toBe("Uncaught { plain: true }")
    expect(await run("await Promise.reject(new TypeError('no'))")).toMatch(/^TypeError: no/)
    expect(await run("let let = 1")).toMatch(/^SyntaxError/)
    expect(await run("(() => { throw new Error('deep') })()")).toMatch(/^Error: deep/)
  })

  test("what is written while a console evaluates comes to its page", async () => {
    const page = await visitor.page("/plain")
    const run = (code: string) => visitor.evaluate(page, frame(page, "inner").index, code)
    expect(await run("console.log('a', { b: 1 }); console.error('<c>')")).toBe("a { b: 1 }\n<c>")
    expect(await run("await null; process.stdout.write('later'); 5")).toBe("later5")
    expect(program.output).not.toContain("<c>")
  })

  test("unfinished code asks for more", async () => {
    const page = await visitor.page("/plain")
    const { body } = await visitor.command(page, "evaluate", { frame: 0, code: "[1, 2].map((x) => {" })
    expect(body).toEqual({ kind: "incomplete" })
  })

  test("dump and help show tables", async () => {
    const page = await visitor.page("/method")
    const at = frame(page, "Account.withdraw").index
    expect(await visitor.evaluate(page, at, "dump(this)")).toMatch(/owner: "ada"/)
    expect(await visitor.evaluate(page, at, "help(this)")).toMatch(/withdraw: function withdraw\(amount\)/)
    expect(await visitor.evaluate(page, at, "help()")).toContain("Tab completes")
  })

  test("names and members are completed, and no code runs for it", async () => {
    const page = await visitor.page("/getters")
    const at = frame(page, "getters").index
    const complete = async (text: string) => (await visitor.command(page, "complete", { frame: at, text })).body
    expect(await complete("acc")).toEqual({ start: 0, names: ["account"] })
    expect((await complete("1 + account."))["names"]).toEqual(expect.arrayContaining(["owner", "withdraw", "rich"]))
    expect(await complete("account.rich.")).toEqual({ start: 13, names: [] })
    expect((await complete("JSON.str"))["names"]).toEqual(["stringify"])
    await visitor.evaluate(page, at, "let zebra = 1")
    expect((await complete("zeb"))["names"]).toEqual(["zebra"])
  })

  test("a console runs in the asynchronous context of the throw, within what the application puts around it", async () => {
    const page = await visitor.page("/context")
    const at = frame(page, "context").index
    expect(await visitor.evaluate(page, at, "context.getStore().id")).toBe('"/context"')
    expect(await visitor.evaluate(page, at, "await null; context.getStore().id")).toBe('"/context"')
    expect(Number(await visitor.evaluate(page, at, "globalThis.wrapped"))).toBeGreaterThanOrEqual(3)
  })

  test("values unfold, with private fields and what is in a proxy, and no getter or trap runs", async () => {
    const page = await visitor.page("/getters")
    const at = frame(page, "getters")
    const target = Number(/data-target="(\d+)"><summary><span class="k">account</.exec(at.inside)?.[1])
    const { text } = await visitor.command(page, "members", { target })
    expect(text).toContain('owner: "bob"')
    expect(text).toContain("#balance: 100")
    expect(text).toContain("rich: getter")
    const called = await visitor.command(page, "getter", { target, key: "rich" })
    expect(called.text).toContain("a getter ran")
    const many = await visitor.page("/many")
    const inside = frame(many, "many").inside
    expect(inside).toContain("… 975 more")
    expect(inside).toContain("(cannot be shown)")
    const proxy = Number(/data-target="(\d+)"><summary><span class="k">proxy</.exec(inside)?.[1])
    expect((await visitor.command(many, "members", { target: proxy })).text).toContain("[[Target]]: { inside: 1 }")
  })

  test("variables that have no value yet say so", async () => {
    const page = await visitor.page("/deadZone")
    expect(frame(page, "deadZone").inside).toMatch(
      /late<\/span><span class="p">: <\/span><span class="(missing|nullish)"/,
    )
  })

  test("secrets are masked by name", async () => {
    const page = await visitor.page("/secrets?token=t0k3n&q=1", { Authorization: "Bearer abcdefgh", Cookie: "sid=s1d" })
    for (const secret of ["hunter2", "k3y", "pw123", "abcdefgh", "t0k3n", "s1d"])
      expect(
        page.html.replace(/<pre class="source">[\s\S]*?<\/pre>|<pre id="as-markdown"[\s\S]*?<\/pre>/g, ""),
        secret,
      ).not.toContain(secret)
    expect(page.html).toContain("ada")
  })

  test("text from anywhere is escaped", async () => {
    const page = await visitor.page("/escape?<script>alert(3)</script>", { "X-Test": "<script>alert(4)</script>" })
    expect(page.html.match(/<script/g)).toHaveLength(2)
    expect(page.html).not.toMatch(/alert\(\d\)<\/script>/)
  })

  test("the form of the request is shown if it was parsed, and the rules of the map", async () => {
    const body = new URLSearchParams({ name: "ada", password: "hunter2" })
    const page = await visitor.page("/form", {}, { method: "POST", body })
    expect(page.html).toMatch(/<th scope="row">name<\/th><td>ada<\/td>/)
    expect(page.html).toMatch(/<th scope="row">password<\/th><td>\*\*\*<\/td>/)
    expect(page.html).toMatch(/Methods {2}Rule/)
  })

  test("a place that throws and catches a lot is passed over until an error of it arrives", async () => {
    let page = await visitor.page("/caught")
    if (!frame(page, "caught").hasConsole) page = await visitor.page("/caught")
    expect(await visitor.evaluate(page, frame(page, "inner").index, "a")).toBe("-1")
  })

  test("a hundred frames of a recursion are no burden", async () => {
    const page = await visitor.page("/recursion")
    expect(page.frames.length).toBeLessThan(80)
    expect(await visitor.evaluate(page, frame(page, "f").index, "n")).toBe("0")
  })

  test("programs get text or JSON, without variables", async () => {
    const text = await (await fetch(`${visitor.url}/plain`)).text()
    expect(text).toMatch(/^TypeError: inner failed\n {4}at inner \(.*main\.js:30:31\)\n {4}at plain/)
    expect(text).toMatch(/http:\/\/127\.0\.0\.1:\d+\/__debugger__\/errors\/\S+\n$/)
    const json = await fetch(`${visitor.url}/chain`, { headers: { Accept: "application/json" } })
    expect(json.status).toBe(500)
    expect(await json.json()).toMatchObject({
      status: 500,
      error: {
        name: "Error",
        message: "outer",
        frames: expect.arrayContaining([expect.objectContaining({ function: "chain", line: 42, library: false })]),
        behind: [{ relation: "cause" }],
      },
    })
  })

  test("the last 20 errors are listed and can be opened", async () => {
    const { error } = await visitor.page("/plain")
    const list = await (await fetch(`${visitor.url}/__debugger__/`)).text()
    expect(list.match(/errors\/[\w-]+"/g)).toHaveLength(20)
    const page = await visitor.page(`/__debugger__/errors/${error}`)
    expect(page.status).toBe(200)
    expect(await visitor.evaluate(page, 0, "sum")).toBe("3")
  })

  test("a console without an error has a namespace of its own", async () => {
    const page = await visitor.page("/__debugger__/console")
    expect(page.status).toBe(200)
    expect(await visitor.evaluate(page, undefined, "let x = 5; typeof app")).toBe('"function"')
    expect(await visitor.evaluate(page, undefined, "x")).toBe("5")
    expect(await visitor.evaluate(page, undefined, "typeof views")).toBe('"undefined"')
  })
})
