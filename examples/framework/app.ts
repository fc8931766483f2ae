// An application of the framework beside: notes, an API below /api, an extension, and a command of its own.
//
//     node --import tsx examples/framework/app.ts run
//     node --import tsx examples/framework/app.ts add "Buy milk"

import { NotFound, redirect, Unauthorized } from "werkstatt"
import { html, type SafeHtml } from "werkstatt/http"
import { requestId } from "werkstatt/middleware"
import { constantTimeEqual } from "werkstatt/security"
import { App, Blueprint, configFromEnv, type Extension } from "./framework.ts"

/** Counts the requests of each route. Its routes are at /stats. */
const statistics: Extension<ReadonlyMap<string, number>> = {
  name: "statistics",
  install(app) {
    const counts = new Map<string, number>()
    app.teardown(({ endpoint = "none" }) => void counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1))
    app.get("/stats", () => Object.fromEntries(counts), "stats")
    return counts
  },
}

class Notes {
  readonly #texts = new Map<number, string>()

  all(): [id: number, text: string][] {
    return [...this.#texts]
  }

  add(text: string): number {
    const id = this.#texts.size + 1
    this.#texts.set(id, text)
    return id
  }

  get(id: number): string {
    const text = this.#texts.get(id)
    if (text === undefined) throw new NoteMissing(id)
    return text
  }
}

class NoteMissing extends NotFound {
  readonly id: number

  constructor(id: number) {
    super(`There is no note ${id}.`)
    this.id = id
  }
}

export type Config = { title: string; apiToken: string; pageSize: number }

export function makeApp(config: Config): { app: App<Config>; notes: Notes; counts: ReadonlyMap<string, number> } {
  const notes = new Notes()
  const app = new App(config)
  const page = (body: SafeHtml) => html`<!doctype html><title>${config.title}</title><h1>${config.title}</h1>${body}`

  app.get("/", function index({ urlFor }) {
    const items = notes.all().slice(-config.pageSize)
    return page(html`<ul>${items.map(([id, text]) => html`<li><a href="${urlFor("show", { id })}">${text}</a>`)}</ul>
<form method="post"><input name="text" required><button>Add</button></form>`)
  })
  app.post("/", async function add({ request, urlFor }) {
    const text = (await request.form()).getOrThrow("text")
    return redirect(urlFor("show", { id: notes.add(text) }))
  })
  // `id` is a number: the rule says so.
  app.get("/<int:id>", function show({ values: { id } }) {
    return page(html`<p>${notes.get(id)}</p>`)
  })
  app.onError(404, (error: NotFound) => page(html`<p>${error.message}</p>`))

  const api = new Blueprint<Config>("api")
  api.beforeRequest(({ request, config: { apiToken } }) => {
    const token = request.authorization?.token ?? ""
    // Where the configuration has no token, there is none that would do.
    if (apiToken === "" || !constantTimeEqual(token, apiToken)) throw new Unauthorized({ wwwAuthenticate: "Bearer" })
    return undefined
  })
  api.get("/notes", function list({ urlFor }) {
    return notes.all().map(([id, text]) => ({ text, url: urlFor(".show", { id }, { external: true }) }))
  })
  api.get("/notes/<int:id>", function show({ values: { id } }) {
    return { id, text: notes.get(id) }
  })
  api.onError(NoteMissing, (error) => ({ error: error.message, id: error.id }))
  api.afterRequest((_context, response) => {
    response.headers.set("Cache-Control", "no-store")
    return undefined
  })
  app.mount("/api", api)

  app.wrap(requestId)
  const counts = app.register(statistics)
  app.command("add", "TEXT: adds a note", (text = "") => console.log(`note ${notes.add(text)}: ${text}`))
  return { app, notes, counts }
}

if (process.argv[1] === import.meta.filename) {
  const config = configFromEnv("NOTES_", { title: "Notes", apiToken: "", pageSize: 20 })
  process.exitCode = await makeApp(config).app.main()
}
