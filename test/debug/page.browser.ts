// The debugger's pages in Chromium: to be read, unfolded, typed into, with keyboard and mouse, in all looks.

import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { Folder, Program } from "../serving/program.ts"
import { hasChromium, launchChromium } from "../support/chromium.ts"

const MAIN = `
import { Request, Response } from "werkstatt"
import { runSimple } from "werkstatt/serving"
class Cart {
  #coupon = "SPRING"
  constructor(items) { this.items = items }
  get total() { return this.items.reduce((sum, { price }) => sum + price, 0) }
}
function checkout(cart, customer) {
  const limit = 10
  const password = "hunter2"
  const notes = "a long text ".repeat(30)
  const proxy = new Proxy({ inside: "the proxy" }, {})
  const lookup = new Map([["tea", { price: 3 }]])
  if (cart.total > limit) throw new RangeError("the cart of " + customer + " is too expensive: <b>" + cart.total + "</b>")
}
const app = Request.application((request) => {
  if (request.path === "/") return new Response("Hello")
  try { checkout(new Cart([{ name: "tea", price: 3 }, { name: "cake", price: 12 }]), request.args.get("name") ?? "ada") }
  catch (error) { throw new Error("no checkout", { cause: error }) }
})
await runSimple("127.0.0.1", 0, app, { useDebugger: true, accessLog: false })
`

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

describe.skipIf(!hasChromium)("in Chromium", () => {
  const ends: (() => void)[] = []
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let program: Program
  let url = ""
  let problems: string[] = []

  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    const atEnd = (end: () => void) => void ends.unshift(end)
    program = new Program(
      new Folder({ "main.js": MAIN }, atEnd),
      ["main.js"],
      { WERKSTATT_DEBUG_PIN: "123-456" },
      atEnd,
    )
    url = await program.url()
    context = await browser.newContext()
    page = await openPage({})
  })
  afterEach(async () => {
    await context.close()
    program.kill("SIGTERM")
    await program.ended()
    for (const end of ends.splice(0)) end()
    expect(problems).toEqual([])
  })

  async function openPage(options: Parameters<Browser["newContext"]>[0]): Promise<Page> {
    await context.close()
    context = await browser.newContext(options)
    const opened = await context.newPage()
    problems = []
    opened.on("pageerror", (error) => problems.push(String(error)))
    opened.on("console", (message) => {
      // A page of an error is one of status 500, and a command without the PIN is one of 403.
      if (message.type() === "error" && !/status of (?:500|403|404)/.test(message.text())) problems.push(message.text())
    })
    opened.on("request", (request) => {
      if (!request.url().startsWith(url)) problems.push(`asks for ${request.url()}`)
    })
    await opened.goto(`${url}/buy?name=bob`)
    return opened
  }

  const consoleOf = (name: string) => page.getByLabel(`Code to evaluate in ${name}`)
  const frameOf = (name: string) => page.locator(`li.frame:has(> details > summary .fn:text-is("${name}"))`)
  const lastEntry = () => page.locator(".turn").last()

  async function openFrame(name: string): Promise<void> {
    const summary = frameOf(name).locator("> details > summary")
    if (!(await summary.evaluate((element) => (element.parentElement as unknown as { open: boolean }).open)))
      await summary.click()
  }

  async function enterPin(pin = "123-456"): Promise<void> {
    await page.getByRole("button", { name: "Enter the PIN" }).click()
    await page.getByLabel("PIN", { exact: true }).fill(pin)
    await page.getByRole("button", { name: "Open", exact: true }).click()
  }

  async function evaluate(name: string, code: string): Promise<string> {
    const before = await page.locator(".turn").count()
    await consoleOf(name).fill(code)
    await consoleOf(name).press("Enter")
    await page.locator(".turn").nth(before).locator(":scope > :nth-child(2)").first().waitFor()
    return (await page.locator(".turn").nth(before).innerText()).split(/\n+/).slice(1).join("\n").trim()
  }

  test("type, message and cause are read first, and nothing in them is HTML", async () => {
    expect(await page.title()).toBe("Error: no checkout // werkstatt")
    expect(await page.locator("h1").innerText()).toBe("Error")
    expect(await page.locator(".cause").innerText()).toBe("the cart of bob is too expensive: <b>15</b>")
    expect(await page.locator("b").count()).toBe(0)
  })

  test("a click unfolds a frame and its values, down to private fields and what is in a proxy", async () => {
    await openFrame("checkout")
    const frame = frameOf("checkout")
    await expect.poll(() => frame.locator("mark").innerText()).toBe("new RangeError")
    await frame.locator("summary", { hasText: /^cart/ }).first().click()
    await expect.poll(() => frame.innerText()).toContain('#coupon: "SPRING"')
    await frame
      .locator("summary", { hasText: /^items/ })
      .first()
      .click()
    await frame.locator("summary", { hasText: /^0:/ }).first().click()
    await expect.poll(() => frame.innerText()).toContain('name: "tea"')
    await frame
      .locator("summary", { hasText: /^proxy/ })
      .first()
      .click()
    await expect.poll(() => frame.innerText()).toContain('[[Target]]: { inside: "the proxy" }')
    expect(await frame.innerText()).toContain("password: ***")
  })

  test("the console asks for the PIN once, and evaluates in the frame", async () => {
    await openFrame("checkout")
    await consoleOf("checkout").fill("limit + cart.items.length")
    await consoleOf("checkout").press("Enter")
    await page.getByLabel("PIN", { exact: true }).fill("123456")
    await page.keyboard.press("Enter")
    await expect.poll(() => lastEntry().innerText()).toContain("12")
    expect(await evaluate("checkout", "limit = 100; const twice = limit * 2; await twice")).toBe("200")
    expect(await evaluate("checkout", "twice + limit")).toBe("300")
    expect(await evaluate("checkout", "console.log('<i>written</i>'); _")).toBe("<i>written</i>\n300")
    expect(await evaluate("checkout", "nothing.there")).toBe("ReferenceError: nothing is not defined")
    expect(await evaluate("checkout", "'<img src=x onerror=alert(1)>'")).toBe('"<img src=x onerror=alert(1)>"')
    expect(await page.locator(".turn img, .turn i").count()).toBe(0)
    // Another page of the same browser needs no PIN.
    await page.goto(`${url}/buy`)
    await openFrame("checkout")
    expect(await evaluate("checkout", "customer")).toBe('"ada"')
    expect(await page.getByRole("button", { name: "Enter the PIN" }).count()).toBe(0)
  })

  test("getters are called on demand", async () => {
    await enterPin()
    await openFrame("checkout")
    const frame = frameOf("checkout")
    await frame.locator("summary", { hasText: /^cart/ }).first().click()
    await frame.locator("button.get").first().click()
    await expect.poll(() => frame.innerText()).toMatch(/total:\s*15/)
  })

  test("unfinished code goes on in the next line; the arrows bring code back; Ctrl+L clears", async () => {
    await enterPin()
    await openFrame("checkout")
    const input = consoleOf("checkout")
    await input.fill("[1, 2].map((n) => {")
    await input.press("Enter")
    await expect.poll(() => input.inputValue()).toBe("[1, 2].map((n) => {\n")
    await input.pressSequentially("return n * 2 })")
    await input.press("Enter")
    await expect.poll(() => lastEntry().innerText()).toContain("Array(2) [2, 4]")
    await input.fill("1")
    await input.press("Shift+Enter")
    await input.pressSequentially("+ 1")
    await input.press("Enter")
    await expect.poll(() => lastEntry().innerText()).toMatch(/\n2$/)
    await input.press("ArrowUp")
    expect(await input.inputValue()).toBe("1\n+ 1")
    await input.press("Home")
    await input.press("ArrowUp")
    await input.press("ArrowUp")
    expect(await input.inputValue()).toContain("[1, 2].map")
    await input.fill("")
    await input.press("Control+l")
    expect(await page.locator(".turn").allInnerTexts()).toEqual([])
  })

  test("Tab completes names and members", async () => {
    await enterPin()
    await openFrame("checkout")
    const input = consoleOf("checkout")
    await input.fill("custo")
    await input.press("Tab")
    await expect.poll(() => input.inputValue()).toBe("customer")
    await input.fill("cart.")
    await input.press("Tab")
    const options = page.locator(".console:focus-within [role=option]")
    await expect.poll(() => options.allInnerTexts()).toEqual(expect.arrayContaining(["items", "total"]))
    const chosen = page.locator("[role=option][aria-selected=true]")
    while ((await chosen.innerText()) !== "total") await input.press("ArrowDown")
    expect(await input.getAttribute("aria-activedescendant")).toBe(await chosen.getAttribute("id"))
    await input.press("Enter")
    expect(await input.inputValue()).toBe("cart.total")
    await input.press("Escape")
    // Nothing to complete: the key goes on to the next element.
    await input.fill("")
    await input.press("Tab")
    expect(await input.evaluate((element) => element.ownerDocument.activeElement !== element)).toBe(true)
  })

  test("ten wrong PINs lock, and the page says so", async () => {
    await page.getByRole("button", { name: "Enter the PIN" }).click()
    const { base, secret } = JSON.parse((await page.locator("#debugger-data").textContent()) ?? "{}") as Record<
      string,
      string
    >
    // Nine of them by a script of the page, all at once, and the last one by hand.
    await page.evaluate(
      ([base, secret]) =>
        Promise.all(
          Array.from({ length: 9 }, () =>
            fetch(`${base}pin`, {
              method: "POST",
              headers: { "Content-Type": "application/json" },
              body: JSON.stringify({ secret, pin: "0" }),
            }),
          ),
        ),
      [base, secret],
    )
    await page.getByLabel("PIN", { exact: true }).fill("1")
    await page.keyboard.press("Enter")
    await expect.poll(() => page.locator(".problem").innerText(), { timeout: 20_000 }).toMatch(/Too many wrong PINs/)
    await page.getByLabel("PIN", { exact: true }).fill("123-456")
    await page.keyboard.press("Enter")
    await expect.poll(() => page.locator(".problem").innerText()).toMatch(/Too many wrong PINs/)
    await page.getByRole("button", { name: "Cancel" }).click()
    expect(await page.locator("dialog[open]").count()).toBe(0)
  })

  test("the keyboard reaches everything: frames, values, console, buttons", async () => {
    const frames = page.locator("li.frame > details > summary")
    await frames.first().focus()
    const isOpen = () =>
      frames.first().evaluate((element) => (element.parentElement as unknown as { open: boolean }).open)
    const before = await isOpen()
    await page.keyboard.press("Enter")
    expect(await isOpen()).toBe(!before)
    await page.keyboard.press("Space")
    expect(await isOpen()).toBe(before)
    const reached = new Set<string>()
    await page.locator("body").focus()
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press("Tab")
      reached.add(
        await page.evaluate(
          () =>
            (globalThis as unknown as { document: { activeElement: { tagName: string } } }).document.activeElement
              .tagName,
        ),
      )
    }
    for (const tag of ["BUTTON", "A", "SUMMARY", "TEXTAREA"]) expect([...reached]).toContain(tag)
  })

  test("the order of the frames can be turned round, and is remembered", async () => {
    const names = () => page.locator(".error .fn").allInnerTexts()
    const innermost = await names()
    await page.getByRole("button", { name: "Outermost first" }).click()
    expect(await names()).not.toEqual(innermost)
    await page.reload()
    expect(await names()).not.toEqual(innermost)
    await page.getByRole("button", { name: "Outermost first" }).click()
    expect(await names()).toEqual(innermost)
  })

  test("the whole is copied as text and as Markdown", async () => {
    page = await openPage({ permissions: ["clipboard-read", "clipboard-write"] })
    const clipboard = () =>
      page.evaluate(() =>
        (
          globalThis as unknown as { navigator: { clipboard: { readText(): Promise<string> } } }
        ).navigator.clipboard.readText(),
      )
    await page.getByRole("button", { name: "Copy as text" }).click()
    await expect.poll(clipboard).toMatch(/^Error: no checkout\n {4}at .*\nCaused by: RangeError|^Error: no checkout/)
    expect(await clipboard()).toContain("Caused by: RangeError: the cart of bob")
    await page.getByRole("button", { name: "Copy as Markdown" }).click()
    await expect.poll(clipboard).toMatch(/^## Error: no checkout\n\n`GET /)
    expect(await clipboard()).toMatch(/```ts\n[\s\S]*> *\d+ \|.*throw new RangeError/)
  })

  test("without JavaScript everything can be read, and nothing that needs it is there", async () => {
    page = await openPage({ javaScriptEnabled: false })
    await openFrame("checkout")
    const frame = frameOf("checkout")
    expect(await frame.innerText()).toContain('customer: "bob"')
    await frame.locator("summary", { hasText: /^cart/ }).first().click()
    await frame
      .locator("summary", { hasText: /^items/ })
      .first()
      .click()
    expect(await frame.innerText()).toContain("Array(2)")
    for (const selector of [".console", ".bar", "button.get", "dialog"])
      expect(await page.locator(`${selector} >> visible=true`).count(), selector).toBe(0)
    expect(await page.locator("details.panel", { hasText: "As text" }).count()).toBe(1)
  })

  test.each([
    ["light", "light", 1280],
    ["dark", "dark", 1280],
    ["narrow", "light", 360],
    ["narrow and dark", "dark", 360],
  ] as const)("%s: axe finds nothing, and nothing is wider than the window", async (_name, colorScheme, width) => {
    page = await openPage({ colorScheme, viewport: { width, height: 800 } })
    await enterPin()
    await openFrame("checkout")
    await frameOf("checkout").locator("summary", { hasText: /^cart/ }).first().click()
    await evaluate("checkout", "dump(lookup)")
    for (const summary of await page.locator("details.panel > summary").all()) await summary.click()
    await consoleOf("checkout").fill("cart.")
    await consoleOf("checkout").press("Tab")
    await page.locator("[role=option]").first().waitFor()
    // In the page itself no further script may run; that is what the policy is for.
    const session = await context.newCDPSession(page)
    await session.send("Page.setBypassCSP", { enabled: true })
    await page.evaluate(axe)
    const { violations } = await page.evaluate(() =>
      (
        globalThis as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
        }
      ).axe.run(),
    )
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`),
    ).toEqual([])
    const overflow = await page.evaluate(() => {
      const { document, innerWidth } = globalThis as unknown as {
        document: { documentElement: { scrollWidth: number } }
        innerWidth: number
      }
      return document.documentElement.scrollWidth - innerWidth
    })
    expect(overflow).toBeLessThanOrEqual(0)
  })

  test("the list and the console of its own work and pass axe too", async () => {
    await enterPin()
    await page.getByRole("link", { name: "All errors" }).click()
    await page
      .getByRole("link", { name: /no checkout/ })
      .first()
      .click()
    expect(await page.locator("h1").innerText()).toBe("Error")
    await page.goto(`${url}/__debugger__/console`)
    expect(await evaluate("the namespace", "let own = 1; typeof app")).toBe('"function"')
    expect(await evaluate("the namespace", "own + 1")).toBe("2")
    for (const path of ["/__debugger__/", "/__debugger__/console"]) {
      await page.goto(url + path)
      await page.evaluate(axe)
      const { violations } = await page.evaluate(() =>
        (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } }).axe.run(),
      )
      expect(
        violations.map(({ id }) => id),
        path,
      ).toEqual([])
    }
  })

  test("the policy lets no foreign script run, nor another page frame this one", async () => {
    const blocked = await page.evaluate(async () => {
      const { document } = globalThis as unknown as {
        document: { createElement(name: string): { textContent: string }; body: { append(node: unknown): void } }
      }
      const script = document.createElement("script")
      script.textContent = "globalThis.hit = true"
      document.body.append(script)
      await new Promise((resolve) => setTimeout(resolve, 50))
      return (globalThis as { hit?: boolean }).hit === undefined
    })
    expect(blocked).toBe(true)
    problems = problems.filter((problem) => !/Content Security Policy/.test(problem))
  })
})
