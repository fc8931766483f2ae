// Text into HTML. Two names and no template language: whatever is not marked as safe is escaped, wherever it goes.

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&#34;"],
  ["'", "&#39;"],
])

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
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES.get(character) as string)
}
