// The PIN of a running server: guessed, stolen from another start, forged, set and switched off.

import { describe, expect, test } from "vitest"
import { Folder, Program } from "../serving/program.ts"
import { ATTACKED } from "./site.ts"
import { Visitor } from "./visitor.ts"

describe("the PIN", () => {
  test("differs from start to start, and so do secret and cookie", async () => {
    const folder = new Folder({ "main.js": ATTACKED })
    const starts = [new Program(folder, ["main.js"]), new Program(folder, ["main.js"])]
    const seen = await Promise.all(
      starts.map(async (program) => {
        const visitor = new Visitor(await program.url())
        const pin = (await program.printed(/PIN: ([\d-]+)/))[1] as string
        const page = await visitor.page("/")
        await visitor.enterPin(page, pin)
        return { visitor, pin, page }
      }),
    )
    const [one, other] = seen as [(typeof seen)[0], (typeof seen)[0]]
    expect(one.pin).not.toBe(other.pin)
    expect(one.page.secret).not.toBe(other.page.secret)
    const value = one.visitor.cookie.slice(one.visitor.cookie.indexOf("=") + 1)
    // Cookies don't know ports: the browser sends the one of the first to the second.
    expect(await other.visitor.evaluate(other.page, 0, "1")).toBe("1")
    other.visitor.cookie = one.visitor.cookie
    expect(await other.visitor.evaluate(other.page, 0, "1")).toMatch(/^403/)
    const name = (await other.visitor.enterPin(other.page, other.pin)).headers.get("set-cookie")?.split("=")[0]
    other.visitor.cookie = `${name}=${value}`
    expect(await other.visitor.evaluate(other.page, 0, "1")).toMatch(/^403/)
  })

  test("ten failures at once lock it for good, before any of them is answered", async () => {
    const folder = new Folder({ "main.js": ATTACKED })
    const program = new Program(folder, ["main.js"])
    const visitor = new Visitor(await program.url())
    const pin = (await program.printed(/PIN: ([\d-]+)/))[1] as string
    const page = await visitor.page("/")
    const wrong = pin.replace(/\d/g, (digit) => String((Number(digit) + 1) % 10))
    const attempts = Array.from({ length: 14 }, () => visitor.command(page, "pin", { pin: wrong }))
    // Those beyond the tenth are told at once; the others wait, and nobody else does.
    const first = await Promise.race(attempts)
    expect(first.body).toEqual({ auth: false, exhausted: true })
    expect((await fetch(`${visitor.url}/__debugger__/`)).status).toBe(200)
    expect((await visitor.command(page, "pin", { pin })).body).toEqual({ auth: false, exhausted: true })
    const answers = await Promise.all(attempts)
    expect(answers.filter(({ body }) => body["auth"]).length).toBe(0)
    expect((await visitor.command(page, "pin", { pin })).body).toEqual({ auth: false, exhausted: true })
    expect((await visitor.page("/")).html).toContain('"locked":true')
  }, 60_000)

  test("a right one before that starts the count anew; dashes and spaces don't matter", async () => {
    const folder = new Folder({ "main.js": ATTACKED })
    const program = new Program(folder, ["main.js"], { WERKSTATT_DEBUG_PIN: "12-34" })
    const visitor = new Visitor(await program.url())
    const page = await visitor.page("/")
    for (let round = 0; round < 3; round++) {
      await Promise.all([1, 2, 3, 4].map((n) => visitor.command(page, "pin", { pin: `99${n}` })))
      expect((await visitor.command(page, "pin", { pin: " 1 2-3 4" })).body).toEqual({ auth: true, exhausted: false })
    }
  })

  test("the cookie is for this host and its own pages alone; a forged one is a failure and is taken away", async () => {
    const folder = new Folder({ "main.js": ATTACKED })
    const program = new Program(folder, ["main.js"], { WERKSTATT_DEBUG_PIN: "1234" })
    const visitor = new Visitor(await program.url())
    const page = await visitor.page("/")
    const { headers } = await visitor.enterPin(page, "1234")
    expect(headers.get("set-cookie")).toMatch(
      /^werkstatt_debug_\w{12}=\d+(?:\||%7C)\w{64}; .*Max-Age=604800; HttpOnly; Path=\/; SameSite=Strict$/,
    )
    const [name = "", value = ""] = visitor.cookie.split("=")
    visitor.cookie = `${name}=${value.replace(/\w$/, (last) => (last === "0" ? "1" : "0"))}`
    expect(await visitor.evaluate(page, 0, "1")).toMatch(/^403/)
    const forged = await visitor.command(page, "pin", { pin: "1234" })
    expect(forged.body).toEqual({ auth: false, exhausted: false })
    expect(forged.headers.get("set-cookie")).toMatch(/=; .*Max-Age=0;/)
  })

  test("off: the consoles are open, and the terminal warns", async () => {
    const folder = new Folder({ "main.js": ATTACKED })
    const program = new Program(folder, ["main.js"], { WERKSTATT_DEBUG_PIN: "off" })
    const visitor = new Visitor(await program.url())
    await program.printed(/WARNING: its consoles are open, without a PIN/)
    expect(await visitor.evaluate(await visitor.page("/"), 0, "secretLocal")).toBe('"l0cal"')
  })

  test("useEvalex: false leaves no console to open", async () => {
    const folder = new Folder({ "main.js": ATTACKED })
    const program = new Program(folder, ["main.js", '{"useEvalex":false}'], { WERKSTATT_DEBUG_PIN: "off" })
    const visitor = new Visitor(await program.url())
    const page = await visitor.page("/")
    expect(page.html).toContain("secretLocal")
    expect(page.html).not.toContain('class="console"')
    expect(await visitor.evaluate(page, 0, "1")).toMatch(/^404/)
    expect((await visitor.page("/__debugger__/console")).status).toBe(404)
  })
})
