// The site as a reader meets it: built by `npm run docs`, served by our own files, read in Chromium. Knows none of its sources,
// but for the public names of the package, each of which the reference must show.

import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { siteFolder, website } from "../../docs/website.ts"
import { makeServer, type WerkstattServer } from "../../src/serving/make-server.ts"
import { publicNames } from "../checklist/public-names.ts"
import { hasChromium, launchChromium } from "../support/chromium.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const LIMIT_MS = 300_000

let output = ""
/** The pages by their path in the folder. */
const pages = new Map<string, string>()

beforeAll(() => {
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "docs"], { cwd: root, encoding: "utf8" })
  output = stdout + stderr
  if (status !== 0) throw new Error(output)
  for (const file of readdirSync(siteFolder, { recursive: true, encoding: "utf8" }))
    if (file.endsWith(".html")) pages.set(file.replaceAll("\\", "/"), readFileSync(join(siteFolder, file), "utf8"))
}, LIMIT_MS)

test("the site is built without a warning", () => {
  expect(output).not.toMatch(/warn|deprecat|error/i)
  expect(pages.size).toBeGreaterThan(100)
})

const plain = (html: string) =>
  html.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")

const idsOf = (html: string) => new Set([...html.matchAll(/\sid="([^"]*)"/g)].map((match) => plain(match[1] as string)))

/** The file of the site that a link of a page leads to, and the place in it; undefined for other sites. */
function targetOf(href: string, page: string): { file: string; id: string } | undefined {
  const url = new URL(href, `http://site.test/${page}`)
  if (url.host !== "site.test") return undefined
  const path = decodeURIComponent(url.pathname.slice(1))
  return {
    file: path === "" || path.endsWith("/") ? `${path}index.html` : path,
    id: decodeURIComponent(url.hash.slice(1)),
  }
}

test("every link leads to a file that is there, and every anchor to a place in it", () => {
  const ids = new Map([...pages].map(([page, html]) => [page, idsOf(html)]))
  const broken = new Set<string>()
  for (const [page, html] of pages) {
    for (const [, , address = ""] of html.matchAll(/\s(href|src)="([^"]*)"/g)) {
      const href = plain(address)
      const target = targetOf(href, page)
      // The page for what is missing is shown in place of any other.
      if (target === undefined || (page === "404.html" && href.startsWith("#"))) continue
      const isThere = pages.has(target.file) || existsSync(join(siteFolder, target.file))
      if (!isThere || (target.id !== "" && ids.get(target.file)?.has(target.id) !== true))
        broken.add(`${page}: ${href}`)
    }
  }
  expect([...broken]).toEqual([])
})

test("nothing of the text was taken for HTML or for a template", () => {
  const { html: templates } = { html: pages.get("templates.html") as string }
  expect(templates).toMatch(/\{\{ name \}\}/)
  const odd = [...pages].filter(([, html]) => /&lt;!--|&lt;a id=/.test(html.replace(/<pre[\s\S]*?<\/pre>/g, "")))
  expect(odd.map(([page]) => page)).toEqual([])
})

test("every page that is written stands in the contents", () => {
  const contents = new Set(
    [...(pages.get("routing.html") as string).matchAll(/\shref="([^"]*)"/g)].map(
      (match) => targetOf(match[1] as string, "routing.html")?.file,
    ),
  )
  const written = [...pages.keys()].filter((page) => !/^(?:api|source)\/|^404/.test(page))
  expect(written.filter((page) => !contents.has(page))).toEqual([])
})

test("the reference shows a signature of each public name of each door", () => {
  const missing = publicNames().flatMap(({ door, name }) => {
    const page = `api/${door}/index.html`
    const html = pages.get(page) ?? ""
    const place = placeOf(name, html, page)
    return place !== undefined && hasSignature(name, place.page, place.id) ? [] : [`${door}: ${name}`]
  })
  expect(missing).toEqual([])
})

/** Where a door describes a name: under a heading, or on the page that a table leads to. */
function placeOf(name: string, html: string, page: string): { page: string; id: string } | undefined {
  for (const [, id = "", title = ""] of html.matchAll(/<h3 id="([^"]+)"[^>]*>([\s\S]*?) <a class="header-anchor"/g))
    if (plain(title.replace(/<[^>]*>/g, "")).replace(/\(\)$/, "") === name) return { page, id: plain(id) }
  const row = new RegExp(`<tr>\\s*<td[^>]*><a href="([^"]*)"[^>]*>(?:<code[^>]*>)?${name}<`).exec(html)
  const target = row === null ? undefined : targetOf(plain(row[1] as string), page)
  return target && { page: target.file, id: target.id }
}

/** Whether code with the name, a table of members, or what it extends, stands between the place and the next name. */
function hasSignature(name: string, page: string, id: string): boolean {
  const html = pages.get(page) ?? ""
  const start = id === "" ? 0 : html.indexOf(`id="${id}"`)
  if (start === -1) return false
  const [section = ""] = id === "" ? [html] : html.slice(start).split("<h3 ")
  const code = [...section.matchAll(/<pre[\s\S]*?<\/pre>/g)].map((match) => plain(match[0].replace(/<[^>]*>/g, "")))
  return (
    code.some((text) => new RegExp(`\\b${name}\\b`).test(text)) || /<h4 [\s\S]*(?:<table|<pre|>Extends )/.test(section)
  )
}

test("the words are those of a dictionary, or of docs/words.txt", () => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "docs/node_modules/cspell/bin.mjs"), "--config", "docs/cspell.json", "--no-progress", "--no-summary"],
    { cwd: root, encoding: "utf8" },
  )
  expect(stdout + stderr).toBe("")
}, 60_000)

describe.skipIf(!hasChromium)("in Chromium", () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
  let server: WerkstattServer
  let browser: Browser

  beforeAll(async () => {
    server = await makeServer("127.0.0.1", 0, website(), { accessLog: false })
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  /** Reads a page, and has everything that a reader would not see be empty: messages in the console, requests elsewhere. */
  async function reading(
    look: Parameters<Browser["newContext"]>[0],
    read: (page: Page) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext(look)
    const problems: string[] = []
    try {
      const page = await context.newPage()
      page.on("pageerror", (error) => problems.push(String(error)))
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) problems.push(message.text())
      })
      page.on("request", (request) => {
        if (!request.url().startsWith(server.url) && !request.url().startsWith("data:"))
          problems.push(`asks for ${request.url()}`)
      })
      await read(page)
    } finally {
      await context.close()
    }
    expect(problems).toEqual([])
  }

  const open = async (page: Page, path: string) => {
    await page.goto(`${server.url}/${path}`, { waitUntil: "networkidle" })
    // Its parts appear slowly; colours are measured when they are there.
    await page.addStyleTag({
      content: "*, *::before, *::after { transition: none !important; animation: none !important }",
    })
  }

  const LOOKS = {
    light: {},
    dark: { colorScheme: "dark" },
    narrow: { viewport: { width: 360, height: 740 } },
  } as const
  const KINDS = {
    home: "",
    guide: "routing.html",
    settings: "deploying.html",
    door: "api/werkstatt/security/",
    class: "api/werkstatt/wrappers/classes/Response.html",
  }

  for (const [kind, path] of Object.entries(KINDS)) {
    test.each(Object.entries(LOOKS))(`a page of the kind ${kind} can be read by all, %s`, async (_look, options) => {
      await reading(options, async (page) => {
        await open(page, path)
        await page.evaluate(axe)
        const violations = await page.evaluate(
          "axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map(({ html, any }) => [html.slice(0, 300), any[0]?.message])]))",
        )
        expect(violations).toEqual([])
        const width = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        expect((width as number[])[0], "it needs no scrolling sideways").toBeLessThanOrEqual(
          (width as number[])[1] as number,
        )
      })
    })
  }

  test("no guide needs scrolling sideways on a phone", async () => {
    const wide: string[] = []
    await reading(LOOKS.narrow, async (page) => {
      for (const path of [...pages.keys()].filter((name) => !/^(?:api|source)\//.test(name))) {
        await page.goto(`${server.url}/${path}`)
        if (await page.evaluate("document.documentElement.scrollWidth > innerWidth")) wide.push(path)
      }
    })
    expect(wide).toEqual([])
  }, 180_000)

  test("the search finds a page by a word in it", async () => {
    await reading({}, async (page) => {
      await open(page, "")
      await page.keyboard.press("Control+k")
      await page.getByRole("searchbox").fill("sendFromDirectory")
      await page.locator(".result", { hasText: "sendFromDirectory" }).first().click()
      await page.waitForURL(/files|api/)
      await expect.poll(() => page.locator("main").innerText()).toContain("sendFromDirectory")
    })
  })

  test("what is missing says so", async () => {
    const response = await fetch(`${server.url}/none.html`)
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"])
  })
})
