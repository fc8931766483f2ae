// A URL shortener: a map of rules in both directions, a form, redirects, pages from template literals that escape what
// is put into them, and a store that survives a restart.
//
// GET  /                                      -> 200
// POST / url=https%3A%2F%2Fexample.com%2F     -> 303
// GET  /1                                     -> 302
// GET  /1+                                    -> 200
// POST / url=javascript%3Aalert(1)            -> 400
// GET  /none                                  -> 404
// PUT  /                                      -> 405

import { appendFileSync, existsSync, readFileSync } from "node:fs"
import { Request, Response, RuleMap, redirect, rule, runSimple } from "werkstatt"
import { html, type SafeHtml } from "werkstatt/http"

/** Links by their short name, in memory and, if there is a file, as lines of it to which each is added. */
class Store {
  readonly #file: string | undefined
  readonly #links = new Map<string, { url: string; clicks: number }>()

  constructor(file?: string) {
    this.#file = file
    if (file === undefined || !existsSync(file)) return
    for (const url of readFileSync(file, "utf8").split("\n").filter(Boolean)) this.#remember(JSON.parse(url))
  }

  add(url: string): string {
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(url)}\n`)
    return this.#remember(url)
  }

  get(short: string) {
    return this.#links.get(short)
  }

  #remember(url: string): string {
    const short = (this.#links.size + 1).toString(36)
    this.#links.set(short, { url, clicks: 0 })
    return short
  }
}

const page = (title: string, body: SafeHtml, status = 200): Response => {
  const text = html`<!doctype html><title>${title}</title><h1>${title}</h1>${body}`
  return new Response(String(text), { status, mimetype: "text/html" })
}

const form = (url = "", problem = ""): SafeHtml =>
  html`<form method=post><p>${problem}<p><input name=url size=50 value="${url}"><button>Shorten</button></form>`

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

/** The application for a store; each has its own. */
export function shortly(store: Store) {
  const urls = new RuleMap([
    rule("/", "new", { methods: ["GET", "POST"] }),
    rule("/<short>", "follow", { methods: ["GET"] }),
    rule("/<short>+", "details", { methods: ["GET"] }),
  ])

  return Request.application(async (request) => {
    const at = urls.bindToEnviron(request.environ)
    const match = at.match()
    if (match.endpoint === "new") {
      if (request.method !== "POST") return page("Shorten a URL", form())
      const url = (await request.form()).get("url") ?? ""
      if (!isWebUrl(url)) return page("Shorten a URL", form(url, "Please give the URL of a web page."), 400)
      return redirect(at.build("details", { short: store.add(url) }))
    }
    const link = store.get(match.values.short)
    if (link === undefined) return page("Not found", html`<p>There is no such link.`, 404)
    if (match.endpoint === "follow") {
      link.clicks++
      return redirect(link.url, 302)
    }
    const short = at.build("follow", match.values, { forceExternal: true })
    return page(
      "Your link",
      html`<p><a href="${short}">${short}</a> leads to ${link.url}<p>followed ${link.clicks} times`,
    )
  })
}

const isProgram = process.argv[1] === import.meta.filename

export const app = shortly(new Store(isProgram ? "shortly.jsonl" : undefined))

if (isProgram) await runSimple("localhost", 4000, app)
