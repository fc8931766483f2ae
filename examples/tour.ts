// What a handler can do, on one page: each part is tried out beside its source. `npm start` serves it.
//
// GET  /                    -> 200 Hello World!
// GET  /?name=you           -> 200 Hello you!
// POST /form city=Utrecht   -> 200
// POST /form city=          -> 400
// GET  /stream              -> 200
// GET  /source              -> 200
// GET  /none                -> 404
// PUT  /form                -> 405

import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { Request, Response, RuleMap, rule, runSimple, sendFile } from "werkstatt"
import { html, SafeHtml } from "werkstatt/http"

// part greeting: A greeting | The query, typed: ?name=you
function greeting(request: Request): Response {
  // curl gets the greeting, a browser the page.
  const wants = request.acceptMimetypes.bestMatch(["text/plain", "text/html"])
  if (wants === "text/html" && !request.args.has("name")) return tour()
  return new Response(`Hello ${request.args.get("name") ?? "World"}!`)
}
// end

// part form: A form | Fields are read and checked; what is put into a page is escaped.
async function form(request: Request): Promise<Response> {
  const city = (await request.form()).get("city")?.trim() ?? ""
  if (city === "") return page("Which city?", html`<p>Please name one.`, 400)
  return page("Thank you", html`<p>${city} is a fine place.`)
}
// end

// part upload: An upload | The file is read as it comes, and never kept whole: any size takes constant memory.
async function upload(request: Request): Promise<Response> {
  const hash = createHash("sha256")
  let size = 0
  for await (const part of request.parts()) {
    for await (const chunk of part) {
      hash.update(chunk)
      size += chunk.length
    }
  }
  return Response.json({ size, sha256: hash.digest("hex") })
}
// end

// part stream: A stream | Each line leaves when it is made. The generator ends when the client goes.
function stream(): Response {
  async function* lines() {
    for (let second = 5; second > 0; second--) {
      yield `${second}\n`
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    yield "Done.\n"
  }
  return new Response(lines())
}
// end

// part source: A file | With an entity tag, conditions and ranges: try curl -r 0-79.
function source(request: Request): Promise<Response> {
  return sendFile(import.meta.filename, request.environ, { mimetype: "text/plain" })
}
// end

// part error: An error | The debugger shows its frames, and has a console in each of them.
function error(request: Request): Response {
  const order = { item: request.args.get("item") ?? "tea", price: undefined as number | undefined }
  const total = (order.price as number).toFixed(2)
  return new Response(total)
}
// end

const urls = new RuleMap([
  rule("/", "greeting", { methods: ["GET"] }),
  rule("/form", "form", { methods: ["POST"] }),
  rule("/upload", "upload", { methods: ["POST"] }),
  rule("/stream", "stream", { methods: ["GET"] }),
  rule("/source", "source", { methods: ["GET"] }),
  rule("/error", "error", { methods: ["GET"] }),
])
const views = { greeting, form, upload, stream, source, error }

export const app = Request.application((request) => views[urls.bindToEnviron(request).match().endpoint](request))

/** What a visitor does in each part. */
const trials: Record<keyof typeof views, SafeHtml> = {
  greeting: html`<form action="/"><input name="name" value="you" aria-label="Name"><button>Greet</button></form>`,
  form: html`<form method="post" action="/form"><input name="city" aria-label="City" placeholder="A city"><button>Send</button></form>`,
  upload: html`<form method="post" action="/upload" enctype="multipart/form-data"><input type="file" name="file" aria-label="File"><button>Upload</button></form>`,
  stream: html`<a href="/stream">Watch it come</a>`,
  source: html`<a href="/source">The source of this page</a>`,
  error: html`<a href="/error?item=tea">Let it fail</a>`,
}

/** The parts of this file: what stands between `// part` and `// end`. */
const parts = [
  ...readFileSync(import.meta.filename, "utf8").matchAll(/^\/\/ part (\w+): (.+?) \| (.+)\n([\s\S]*?)^\/\/ end$/gm),
]

function tour(): Response {
  const sections = parts.map(
    ([, name = "", title = "", text = "", code = ""]) =>
      html`<section><div><h2>${title}</h2><p>${text}</p>${trials[name as keyof typeof views]}</div><pre tabindex="0"><code>${code}</code></pre></section>`,
  )
  const intro = html`<p>One file, one handler for each of these. Change <code>examples/tour.ts</code>, and the page follows.`
  return page("What a handler can do", html`${intro}${sections}`)
}

const STYLE =
  new SafeHtml(`:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}html{background:Canvas;color:CanvasText}a{color:LinkText}body{max-width:70rem;margin:2rem auto;padding:0 1rem}
section{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,2fr);gap:1rem;border-top:1px solid #8886;padding:1rem 0}@media(max-width:50rem){section{grid-template-columns:minmax(0,1fr)}}
h2{margin:0;font-size:1.1rem}pre{margin:0;overflow:auto;padding:.75rem;background:#8881;border-radius:.4rem;font-size:.85rem}
input,button{font:inherit;padding:.3rem .6rem;margin:0 .4rem .4rem 0;max-width:100%;box-sizing:border-box}`)

function page(title: string, body: SafeHtml, status = 200): Response {
  const text = html`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${STYLE}</style><main><h1>${title}</h1>${body}</main></html>`
  return new Response(String(text), { status, mimetype: "text/html" })
}

if (process.argv[1] === import.meta.filename) {
  await runSimple("localhost", 4000, app, { useReloader: true, useDebugger: true })
}
