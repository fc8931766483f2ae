// HTML from template literals: everything that is put in is escaped, unless it was made here. Lists are joined; undefined
// and false leave nothing.

import { escapeHtml, SafeHtml } from "../http/html.ts"

/** What may stand in a template. */
export type Content = string | number | SafeHtml | undefined | false | readonly Content[]

/**
 * HTML with values put in.
 *
 * @example
 * String(markup`<b title="${'"'}">${"<i>"}</b>`) // => '<b title="&#34;">&lt;i&gt;</b>'
 * String(markup`${[markup`<br>`, false, "&"]}`) // => "<br>&amp;"
 */
export function markup(parts: TemplateStringsArray, ...values: Content[]): SafeHtml {
  return new SafeHtml(parts.reduce((text, part, index) => text + joined(values[index - 1]) + part))
}

function joined(content: Content): string {
  if (content === undefined || content === false) return ""
  if (typeof content === "string" || typeof content === "number" || content instanceof SafeHtml)
    return escapeHtml(content)
  return content.map(joined).join("")
}
