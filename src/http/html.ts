// Text into HTML. No template language: a tagged template of JavaScript, whose values are escaped unless they are HTML from
// here, and refused where escaping is not enough. See html-contexts.ts for where that is.

import { type HtmlContext, htmlContexts } from "./html-contexts.ts"

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&#34;"],
  ["'", "&#39;"],
])

const SPECIAL = /[&<>"']/
const EVERY_SPECIAL = /[&<>"']/g

/**
 * Marks text as HTML that is meant as such, so that `escapeHtml` lets it through.
 *
 * @example
 * new SafeHtml("<b>").toString() // => "<b>"
 */
export class SafeHtml {
  readonly #html: string

  constructor(html: string) {
    this.#html = html
  }

  /** The HTML as it was given. */
  toString(): string {
    return this.#html
  }
}

/**
 * The value as HTML text, fit for the space between tags and for an attribute in quotes of either kind.
 *
 * @example
 * escapeHtml(`<a href='x'>"&"</a>`) // => "&lt;a href=&#39;x&#39;&gt;&#34;&amp;&#34;&lt;/a&gt;"
 * escapeHtml(new SafeHtml("<br>")) // => "<br>"
 */
export function escapeHtml(value: string | number | SafeHtml): string {
  if (value instanceof SafeHtml) return value.toString()
  const text = String(value)
  // Most text has nothing to escape. A search tells that sooner than a replacement.
  return SPECIAL.test(text) ? text.replace(EVERY_SPECIAL, (character) => ENTITIES.get(character) as string) : text
}

/** What can be put into a template: nothing for `false`, `null` and `undefined`, and one after the other for an array. */
export type HtmlValue = string | number | bigint | SafeHtml | false | null | undefined | readonly HtmlValue[]

/** Templates are few and used often: the same object each time. */
const contexts = new WeakMap<TemplateStringsArray, HtmlContext[]>()
/** URLs of these schemes are run by browsers, which skip white space and control characters in the scheme. */
const SCRIPT_URL = /^(?:javascript|vbscript):/i

/**
 * HTML from a template literal. Every value is escaped, unless it is HTML from here. Text is refused where escaping does not
 * make it harmless: outside of quotes in a tag, in `<script>` and `<style>`, and in attributes that are scripts. A URL that
 * would run a script becomes `about:invalid`.
 *
 * @throws TypeError for a value that is not an HtmlValue, and for text in a place that takes HTML only
 * @example
 * const name = "<Ada>"
 * html`<p title="${name}">${name}</p>`.toString() // => '<p title="&lt;Ada&gt;">&lt;Ada&gt;</p>'
 * html`<ul>${["a", "b"].map((item) => html`<li>${item}</li>`)}</ul>`.toString() // => "<ul><li>a</li><li>b</li></ul>"
 * html`<a href="${"javascript:alert(1)"}">`.toString() // => '<a href="about:invalid">'
 * html`<p title=${name}>` // throws TypeError
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): SafeHtml {
  let known = contexts.get(parts)
  if (known === undefined) {
    known = htmlContexts(parts)
    contexts.set(parts, known)
  }
  let text = parts[0] as string
  // Of a URL that is put together of several values.
  let url = ""
  for (let index = 0; index < values.length; index++) {
    const context = known[index] as HtmlContext
    const part = parts[index + 1] as string
    let rendered = render(values[index], context)
    if (context === "url" || context === "url-rest") {
      url = (context === "url" ? "" : url) + rendered + part
      if (SCRIPT_URL.test(url.replace(/[\x00-\x20]/g, ""))) rendered = "about:invalid"
    }
    text += rendered + part
  }
  return new SafeHtml(text)
}

function render(value: HtmlValue, context: HtmlContext): string {
  if (value === undefined || value === null || value === false) return ""
  if (value instanceof SafeHtml) {
    const safe = value.toString()
    // HTML is for the space between tags; its quotes would end an attribute.
    return context === "text" || typeof context === "object" ? safe : safe.replace(/["']/g, entityOf)
  }
  if (Array.isArray(value)) return value.map((item: HtmlValue) => render(item, context)).join("")
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint") {
    throw new TypeError(`a template takes text, numbers and HTML, not ${describe(value)}`)
  }
  if (typeof context === "object") throw new TypeError(`${context.only}: no text can be put there, only HTML`)
  return escapeHtml(String(value))
}

function entityOf(character: string): string {
  return ENTITIES.get(character) as string
}

function describe(value: unknown): string {
  return typeof value === "object" ? `an instance of ${value?.constructor?.name ?? "Object"}` : `a ${typeof value}`
}
