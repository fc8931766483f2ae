// The pages of the debugger: of an error, of the list of errors, of a console without an error, and of an error for visitors that
// may only see that there was one. All of it is in one document, and nothing is loaded from anywhere.

import { randomBytes } from "node:crypto"
import type { HeaderList } from "../gateway.ts"
import { SafeHtml } from "../http/html.ts"
import { consoleMarkup, errorMarkup, type FrameView, firstOwn } from "./frame-markup.ts"
import { type Content, markup } from "./markup.ts"
import { PAGE_SCRIPT } from "./page-script.ts"
import { BASE_STYLE, PAGE_STYLE } from "./page-style.ts"
import type { RecordedError } from "./recorded-errors.ts"
import { represent } from "./representation.ts"
import type { RequestReport } from "./request-report.ts"
import { errorsOf } from "./traceback.ts"
import { markdownReport, titleOf, tracebackText } from "./traceback-text.ts"
import { type NumberOf, valueMarkup } from "./value-markup.ts"

/** Not in a template, which bundlers would rewrite for pages that hold the code itself. */
const SCRIPT_END = new SafeHtml("</script>")

/** A document with the header fields that belong to it. */
export interface Page {
  readonly html: string
  readonly headers: HeaderList
}

/** What every page is told. */
export interface PageContext {
  /** The path below which commands are, with a slash at its end. */
  readonly base: string
  /** undefined for a page without commands. */
  readonly secret: string | undefined
  readonly isLocked: boolean
  /** Whether this browser has entered the PIN, or need not. */
  readonly isOpen: boolean
  /** URLs of scripts that the server puts into the page. */
  readonly scripts: readonly string[]
}

/** The page of an error. */
export function errorPage(recorded: RecordedError, context: PageContext, view: FrameView & { note: string }): Page {
  const { traceback, request, circumstance, time } = recorded
  const text = tracebackText(traceback)
  const isKept = errorsOf(traceback).some(({ captured }) => captured !== undefined)
  const header = markup`<h1><span class="name">${traceback.name}</span></h1>
<div class="message"${traceback.message.length > 400 && markup` tabindex="0"`}>${traceback.message || "(no message)"}</div>
<div class="meta">${request && markup`<span><code>${request.method} ${request.url}</code></span>`}${circumstance !== "" && markup`<span>${circumstance}</span>`}<span><time datetime="${time.toISOString()}">${time.toLocaleTimeString("en-GB")}</time></span><span>Node ${process.version}</span><a href="${context.base}">All errors</a></div>
<div class="bar" data-script hidden><button type="button" data-copy="as-text">Copy as text</button><button type="button" data-copy="as-markdown">Copy as Markdown</button><button type="button" id="order" aria-pressed="false">Outermost first</button>${view.hasConsole && !context.isOpen && markup`<button type="button" id="unlock">Enter the PIN</button>`}</div>`
  const main = markup`<h2 class="sr">Frames, the innermost first</h2>
${!isKept && markup`<p class="panel">${view.note}</p>`}
${errorMarkup(traceback, view, firstOwn(traceback))}
<h2>More</h2>
${request && requestMarkup(request, view.numberOf)}
<details class="panel"><summary>As text</summary><pre id="as-text" tabindex="0">${text}</pre></details>
<pre id="as-markdown" hidden>${markdownReport(recorded)}</pre>
<details class="panel"><summary>What cannot be seen</summary><p>${LIMITS}</p></details>`
  const page = document(`${titleOf(traceback).slice(0, 200)} // werkstatt`, header, main, context, recorded.id)
  // For developers who read the source of the page: as a comment, in which two hyphens would have a meaning.
  return { ...page, html: `${page.html}<!--\n\n${text.replace(/-{2,}/g, "-").replace(/[<>]/g, " ")}\n\n-->\n` }
}

const LIMITS = `Functions that wait for a promise (async frames) have left the stack: they have a place, and no variables.
Variables of outer functions exist only if an inner function uses them. Functions that ran hot are optimised, and lose
variables that are not needed any more ("not available"; on Node 20 undefined): start with node --no-opt --no-maglev to
keep them. Code whose errors were caught again and again is passed over; causes from there are watched
from the first one that reaches the server. Getters are not called, and values by secret names are masked: the console can
show both.`

function requestMarkup(request: RequestReport, numberOf: NumberOf): SafeHtml {
  const { method, url, headers, query, form, environ, routes } = request
  return markup`<details class="panel" open><summary>Request</summary>
<table><caption class="sr">Request</caption><tr><th scope="row">Method</th><td>${method}</td></tr><tr><th scope="row">URL</th><td>${url}</td></tr></table></details>
<details class="panel"><summary>Headers</summary>${table("Headers", headers)}</details>
${query.length > 0 && markup`<details class="panel"><summary>Query</summary>${table("Query", query)}</details>`}
${form && markup`<details class="panel"><summary>Form</summary>${table("Form", form)}</details>`}
<details class="panel"><summary>Environ</summary>${environ.map(([name, value]) => valueMarkup(represent(value, { name: typeof value === "string" ? "" : name, depth: 1, maxMembers: 25 }), numberOf, markup`<span class="k">${name}</span>`))}</details>
${routes && markup`<details class="panel"><summary>Routes</summary><pre tabindex="0">${routes}</pre></details>`}`
}

function table(title: string, rows: readonly [string, string][]): SafeHtml {
  if (rows.length === 0) return markup`<p class="note">none</p>`
  return markup`<table><caption class="sr">${title}</caption>${rows.map(([name, value]) => markup`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</table>`
}

/** The last errors. */
export function listPage(errors: Iterable<RecordedError>, context: PageContext, hasConsole: boolean): Page {
  const items = Array.from(
    errors,
    ({ id, traceback, request, circumstance, time }) =>
      markup`<li><a href="${context.base}errors/${id}"><span class="name">${traceback.name}</span> ${traceback.message.slice(0, 300)}</a><small>${request ? `${request.method} ${request.url}` : ""} ${circumstance} <time datetime="${time.toISOString()}">${time.toLocaleTimeString("en-GB")}</time></small></li>`,
  )
  const header = markup`<h1>Errors</h1><div class="meta"><span>The last ${items.length === 1 ? "one" : items.length} that reached the server</span>${hasConsole && markup`<a href="${context.base}console">Console</a>`}</div>`
  const main = items.length > 0 ? markup`<ol class="list">${items}</ol>` : markup`<p>There was none yet.</p>`
  return document("Errors // werkstatt", header, main, context, undefined)
}

/** A console in a namespace of its own. */
export function consolePage(names: readonly string[], context: PageContext): Page {
  const header = markup`<h1>Console</h1><div class="meta"><span>In a namespace of its own${names.length > 0 && markup`, with <code>${names.join(", ")}</code>`}</span><a href="${context.base}">All errors</a></div>`
  const main = markup`<h2 class="sr">Console</h2><noscript><p>The console needs JavaScript.</p></noscript>${consoleMarkup("the namespace", undefined)}`
  return document("Console // werkstatt", header, main, context, undefined)
}

/** For a request by a name that is not ours, or from elsewhere: that there was an error, and of what kind. */
export function untrustedPage(name: string): Page {
  const header = markup`<h1><span class="name">${name}</span></h1><div class="message">The application failed</div>`
  const main = markup`<p>The terminal tells more. The debugger answers to <code>localhost</code>, <code>*.localhost</code>, <code>127.0.0.1</code>, <code>[::1]</code> and the hosts that are named by <code>trustedHosts</code>.</p>`
  return document(
    "Internal Server Error",
    header,
    main,
    { base: "", secret: undefined, isLocked: false, isOpen: false, scripts: [] },
    undefined,
  )
}

function document(
  title: string,
  header: SafeHtml,
  main: Content,
  context: PageContext,
  error: string | undefined,
): Page {
  const nonce = randomBytes(18).toString("base64")
  const { base, secret, isLocked } = context
  const data = JSON.stringify({ base, secret, error, locked: isLocked }).replaceAll("<", "\\u003c")
  const script =
    secret !== undefined &&
    markup`${pinDialog}<script type="application/json" id="debugger-data">${new SafeHtml(data)}${SCRIPT_END}
<script nonce="${nonce}">${new SafeHtml(PAGE_SCRIPT)}${SCRIPT_END}`
  const html = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style nonce="${nonce}">${new SafeHtml(secret === undefined ? BASE_STYLE : BASE_STYLE + PAGE_STYLE)}</style>
</head>
<body>
<header><div>${header}</div></header>
<main>${main}</main>
<footer>The debugger of werkstatt, for development only.</footer>
<div id="status" class="sr" role="status"></div>
${script}
</body>
</html>
`
  return { html: String(html), headers: pageHeaders(nonce, context.scripts) }
}

const pinDialog = markup`<dialog id="pin" aria-labelledby="pin-title"><form method="dialog"><h2 id="pin-title">The console is locked</h2>
<p>The terminal in which the server runs shows a PIN.</p>
<input name="pin" inputmode="numeric" autocomplete="off" aria-label="PIN" required><p class="problem" role="alert"></p>
<div class="bar"><button type="button">Cancel</button><button type="submit" class="main">Open</button></div></form></dialog>`

/** Nothing is loaded from elsewhere, shown inside of another page, or kept by caches. */
function pageHeaders(nonce: string, scripts: readonly string[]): HeaderList {
  return [
    ["Content-Type", "text/html; charset=utf-8"],
    [
      "Content-Security-Policy",
      `default-src 'none'; script-src ${[`'nonce-${nonce}'`, ...scripts].join(" ")}; style-src 'nonce-${nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    ],
    ...privateHeaders(),
  ]
}

/** What every answer of the debugger says. */
export function privateHeaders(): HeaderList {
  return [
    ["Cache-Control", "no-store"],
    ["X-Content-Type-Options", "nosniff"],
    ["X-Frame-Options", "DENY"],
    ["Referrer-Policy", "no-referrer"],
    ["Cross-Origin-Opener-Policy", "same-origin"],
    ["Cross-Origin-Resource-Policy", "same-origin"],
  ]
}
