// Errors that come when there is nothing to be answered any more: the terminal has a link, and the page a console.

import { describe, expect, test } from "vitest"
import { site } from "./site.ts"

const MAIN = `
import { runSimple } from "werkstatt/serving"
const encoder = new TextEncoder()
const bodies = {
  "/first": async function* () { const step = 1; await null; throw new Error("before the first chunk") },
  "/empty": function* () { const step = 2; yield encoder.encode(""); throw new Error("after an empty chunk") },
  "/second": async function* () { const step = 3; yield encoder.encode("x"); await new Promise((r) => setTimeout(r, 20)); throw new Error("after a chunk") },
}
const app = (environ, start) => {
  const path = environ.PATH_INFO
  if (path === "/callback") environ["wsgi.response_finished"].push(() => { const inCallback = 4; throw new Error("in a callback") })
  if (path === "/rejection") { const before = 5; Promise.reject(new Error("nobody handles this " + before)) }
  if (path === "/uncaught") setTimeout(() => { const inTimer = 6; throw new Error("nobody catches this") })
  if (path === "/aborted") throw Object.assign(new Error("aborted"), { name: "AbortError" })
  if (path === "/leaves") return new Promise((_resolve, reject) => {
    const signal = environ["wsgi.signal"]
    console.log("waits for its client")
    signal.addEventListener("abort", () => { console.log("is told of it"); reject(Object.assign(new Error("gave up"), { name: "AbortError" })) })
  })
  start("200 OK", [["Content-Type", "text/plain"]])
  const body = bodies[path]?.() ?? [encoder.encode("fine")]
  if (path === "/close") return { [Symbol.iterator]: () => [encoder.encode("fine")][Symbol.iterator](), close() { const closing = 7; throw new Error("in close") } }
  return body
}
await runSimple("127.0.0.1", 0, app, { useDebugger: true, accessLog: false })
`

describe("an error that comes late", () => {
  const here = site({ "main.js": MAIN })
  const linkBehind = async (message: string): Promise<string> =>
    (
      await here.program.printed(new RegExp(`${message}[\\s\\S]*? \\* Debugger: http://127\\.0\\.0\\.1:\\d+(\\S+)\\n`))
    )[1] as string

  test.each([
    ["/first", "before the first chunk", "step", "1"],
    ["/empty", "after an empty chunk", "step", "2"],
  ])("%s: in the body, with nothing sent, is answered with its page", async (path, message, name, value) => {
    const page = await here.visitor.page(path)
    await here.visitor.enterPin(page, here.pin)
    expect([page.status, page.html.includes(message)]).toEqual([500, true])
    expect(await here.visitor.evaluate(page, 0, name)).toBe(value)
  })

  test.each([
    ["/second", "after a chunk", "step", "3"],
    ["/callback", "in a callback", "inCallback", "4"],
    ["/rejection", "nobody handles this 5", "before", "5"],
    ["/uncaught", "nobody catches this", "inTimer", "6"],
    ["/close", "in close", "closing", "7"],
  ])("%s: later, has a link on the terminal, and the server goes on", async (path, message, name, value) => {
    await fetch(here.visitor.url + path)
      .then((response) => response.text())
      .catch(() => {})
    const page = await here.visitor.page(await linkBehind(message))
    await here.visitor.enterPin(page, here.pin)
    expect(page.html).toContain(message)
    expect(await here.visitor.evaluate(page, 0, name)).toBe(value)
    expect(await (await fetch(`${here.visitor.url}/`)).text()).toBe("fine")
  })

  test("each is kept once", async () => {
    const list = await (await fetch(`${here.visitor.url}/__debugger__/`)).text()
    for (const message of ["after a chunk", "in close", "nobody handles this 5"])
      expect(list.split(message).length, message).toBe(2)
  })

  test("that a client has left is none", async () => {
    const leaving = new AbortController()
    const answer = fetch(`${here.visitor.url}/leaves`, { signal: leaving.signal }).catch(() => "left")
    await here.program.printed(/waits for its client/)
    leaving.abort()
    expect(await answer).toBe("left")
    await here.program.printed(/is told of it/)
    const list = await (await fetch(`${here.visitor.url}/__debugger__/`)).text()
    expect(list).not.toContain("/leaves")
  })

  test("what is aborted while the client is there is one", async () => {
    expect((await here.visitor.page("/aborted")).html).toContain("AbortError")
  })
})
