// What a real browser is made to do by a page of another site, and what this site makes of it.
// `localhost` and `127.0.0.1` are two sites; the browser tells where requests come from to both. Names below `.test` are
// no secure context: there it behaves like a browser that knows nothing of Sec-Fetch-Site.

import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { compose, type Middleware } from "../../src/middleware/compose.ts"
import { cors } from "../../src/middleware/cors.ts"
import { csrf } from "../../src/sessions/csrf.ts"
import { csrfField } from "../../src/sessions/csrf-token.ts"
import { getSession, sessions } from "../../src/sessions/sessions.ts"
import { application } from "../../src/wrappers/application.ts"
import { Response } from "../../src/wrappers/response.ts"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { serve } from "../support/server.ts"

/** What reached the views of the site: method, visitor, and a header of the request. */
let done: string[] = []
let metadata: (string | undefined)[] = []

const site = application(async (request) => {
  const session = await getSession(request)
  if (request.method !== "GET") {
    done.push(`${request.method} ${session.get("user") ?? "nobody"}`)
    metadata.push(request.secFetchSite ?? request.origin)
    if (request.path === "/login") session.set("user", "ada")
  }
  const page = `<title>site</title><form method=post action="/do">${await csrfField(request)}<button>go</button></form>`
  return new Response(page, { mimetype: "text/html" })
})

/** Attacks as a page of another site would make them. */
const evil = application((request) => {
  const target = request.args.get("target") as string
  const form = (type: string) =>
    `<form method=post action="${target}" enctype="${type}"><input name='{"a' value='b"}'><button>win</button></form>`
  return new Response(`<title>evil</title>${form(request.args.get("type") ?? "text/plain")}`, {
    mimetype: "text/html",
    headers: request.args.has("sandbox") ? { "Content-Security-Policy": "sandbox allow-forms" } : {},
  })
})

/** A browser of old times: it does not say where a request comes from. */
const silenced: Middleware = (app) => (environ, startResponse) => {
  delete environ["HTTP_ORIGIN"]
  delete environ["HTTP_SEC_FETCH_SITE"]
  return app(environ, startResponse)
}

describe.skipIf(!hasChromium)("in Chromium", () => {
  let browser: Browser
  let context: BrowserContext
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    context = await browser.newContext()
    done = []
    metadata = []
    return () => context.close()
  })

  /** The site, with cookies that go along from everywhere, and a CORS that lets the other site do all: only csrf is left. */
  async function start(host = "localhost", outermost: Middleware = (app) => app) {
    const attacker = await serve(evil)
    const evilOrigin = `http://${host === "localhost" ? "127.0.0.1" : "evil.test"}:${attacker.port}`
    const app = compose(
      site,
      outermost,
      (inner) =>
        sessions(inner, {
          secret: "a secret of at least 16 bytes",
          cookie: host === "localhost" ? { sameSite: "none" } : { secure: false },
        }),
      (inner) => cors(inner, { origins: [evilOrigin], methods: ["PUT", "DELETE"], headers: "*", credentials: true }),
      csrf,
    )
    const { port } = await serve(app)
    const origin = `http://${host}:${port}`
    const page = await context.newPage()
    await page.goto(`${origin}/`)
    // A visitor who is logged in here.
    await page.evaluate(async () => {
      const token = /csrf_token" value="([^"]+)/.exec(await (await fetch("/")).text())?.[1] as string
      await fetch("/login", { method: "POST", headers: { "X-CSRF-Token": token } })
    })
    expect(done).toEqual(["POST nobody"])
    done = []
    metadata = []
    return { origin, evilOrigin, page }
  }

  async function submit(page: Page): Promise<number> {
    const [response] = await Promise.all([page.waitForNavigation(), page.click("button")])
    return response?.status() ?? 0
  }

  interface Init {
    method: string
    headers?: Record<string, string>
    body?: string
    mode?: "no-cors"
    credentials?: "include"
  }

  async function fetchFrom(page: Page, url: string, init: Init): Promise<number> {
    const waiting = page.waitForResponse(
      (response) => response.url() === url && response.request().method() === init.method,
    )
    await page.evaluate(([url, init]) => fetch(url, init).catch(() => {}), [url, init] as const)
    return (await waiting).status()
  }

  test("forms of another site are refused, of every type", async () => {
    const { origin, evilOrigin, page } = await start()
    for (const type of ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]) {
      await page.goto(`${evilOrigin}/?target=${origin}/do&type=${type}`)
      expect(await submit(page), type).toBe(403)
      await page.goto(`${evilOrigin}/?target=${origin}/login&type=${type}`)
      expect(await submit(page), `login, ${type}`).toBe(403)
    }
    expect(done).toEqual([])
  })

  test("a form in a sandbox is refused, which has no origin", async () => {
    const { origin, evilOrigin, page } = await start()
    await page.goto(`${evilOrigin}/?target=${origin}/do&sandbox=1`)
    expect(await submit(page)).toBe(403)
    expect(done).toEqual([])
  })

  test.each(["POST", "PUT", "DELETE"])("fetch of another site is refused: %s", async (method) => {
    const { origin, evilOrigin, page } = await start()
    await page.goto(`${evilOrigin}/?target=${origin}/do`)
    const bodies = [
      { "Content-Type": "text/plain" },
      { "Content-Type": "application/json" },
      { "X-CSRF-Token": "x" },
    ] as const
    for (const headers of bodies) {
      const init = { method, headers, body: "{}", credentials: "include" } as const
      expect(await fetchFrom(page, `${origin}/do`, init)).toBe(403)
    }
    if (method === "POST") {
      expect(
        await fetchFrom(page, `${origin}/do`, { method, body: "x", mode: "no-cors", credentials: "include" }),
      ).toBe(403)
    }
    expect(done).toEqual([])
  })

  test("the site's own forms and scripts pass, with the visitor's session", async () => {
    const { origin, page } = await start()
    await page.goto(`${origin}/`)
    expect(await submit(page)).toBe(200)
    for (const method of ["POST", "PUT", "DELETE"]) expect(await fetchFrom(page, `${origin}/do`, { method })).toBe(200)
    expect(done).toEqual(["POST ada", "POST ada", "PUT ada", "DELETE ada"])
    expect(new Set(metadata)).toEqual(new Set(["same-origin"]))
  })

  test("without Fetch metadata Origin decides", async () => {
    const { origin, evilOrigin, page } = await start("shop.test")
    await page.goto(`${origin}/`)
    expect(await submit(page)).toBe(200)
    expect(done).toEqual(["POST ada"])
    expect(metadata).toEqual([origin])
    await page.goto(`${evilOrigin}/?target=${origin}/do`)
    expect(await submit(page)).toBe(403)
    expect(done.length).toBe(1)
  })

  test("a browser that tells neither needs the token", async () => {
    const { origin, evilOrigin, page } = await start("localhost", silenced)
    await page.goto(`${origin}/`)
    expect(await submit(page)).toBe(200)
    expect([done, metadata]).toEqual([["POST ada"], [undefined]])
    await page.goto(`${evilOrigin}/?target=${origin}/do&type=application/x-www-form-urlencoded`)
    expect(await submit(page)).toBe(403)
    expect(await fetchFrom(page, `${origin}/do`, { method: "POST", mode: "no-cors", credentials: "include" })).toBe(403)
    expect(done).toEqual(["POST ada"])
  })
})
