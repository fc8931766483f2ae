// Representations as HTML: what has an inside is a <details>, which opens without a script; a script asks for more of it.

import type { SafeHtml } from "../http/html.ts"
import type { Dump } from "./console-help.ts"
import { type Content, markup } from "./markup.ts"
import {
  type Representation,
  type RepresentationMember,
  type RepresentationOptions,
  represent,
} from "./representation.ts"

/** Gives objects numbers by which a page can ask for them; undefined where nothing can be asked. */
export type NumberOf = ((target: object) => number) | undefined

/**
 * A value as HTML, as the pages of the debugger show it: escaped, folded, with secrets masked.
 *
 * @example
 * debugRepr("<b>") // => '<div class="v"><span class="string">&#34;&lt;b&gt;&#34;</span></div>'
 */
export function debugRepr(value: unknown, options: RepresentationOptions = {}): string {
  return String(valueMarkup(represent(value, options), undefined))
}

/**
 * A value in HTML.
 *
 * @param name what stands before it
 */
export function valueMarkup(value: Representation, numberOf: NumberOf, name: Content = undefined): SafeHtml {
  const label = name === undefined ? undefined : markup`${name}<span class="p">: </span>`
  if (value.full !== undefined)
    return markup`<details class="v"><summary>${label}<span class="${value.kind}">${value.summary}</span></summary><pre class="full" tabindex="0">${value.full}</pre></details>`
  const number = value.target !== undefined && value.summary !== "[Circular]" ? numberOf?.(value.target) : undefined
  if (!canOpen(value, number))
    return markup`<div class="v">${label}<span class="${value.kind}">${value.summary}</span></div>`
  const asks = number === undefined ? undefined : markup` data-target="${number}"`
  return markup`<details class="v"${asks}><summary>${label}<span class="${value.kind}">${value.summary}</span></summary>
<div class="members">${membersMarkup(value.members ?? [], value.more ?? 0, numberOf, number)}</div></details>`
}

/** Functions have an inside too, which is opened on demand only. */
function canOpen({ members, more }: Representation, number: number | undefined): boolean {
  return number !== undefined || (members?.length ?? 0) > 0 || (more ?? 0) > 0
}

/** What is inside of a value. */
export function membersMarkup(
  members: readonly RepresentationMember[],
  more: number,
  numberOf: NumberOf,
  number: number | undefined,
): SafeHtml {
  if (members.length === 0 && more === 0) return markup`<div class="v none">empty</div>`
  return markup`${members.map((member) => memberMarkup(member, numberOf, number))}${more > 0 && markup`<div class="v none">… ${more} more</div>`}`
}

function memberMarkup(
  { name, kind, value, key }: RepresentationMember,
  numberOf: NumberOf,
  number: number | undefined,
): SafeHtml {
  const label = name === "" ? undefined : markup`<span class="k ${kind}">${name}</span>`
  if (value !== undefined) return valueMarkup(value, numberOf, label)
  // Calling a getter is running code: a command of its own.
  const call =
    number !== undefined &&
    typeof key !== "symbol" &&
    key !== undefined &&
    markup` <button type="button" class="get" data-getter="${String(key)}" data-of="${number}" hidden>call</button>`
  return markup`<div class="v">${label}<span class="p">: </span><span class="missing">getter</span>${call}</div>`
}

/** A table of `dump` or `help`. */
export function dumpMarkup({ title, rows, text }: Dump, numberOf: NumberOf): SafeHtml {
  return markup`<div class="dump"><div class="title">${title}</div>${text !== "" && markup`<pre class="full" tabindex="0">${text}</pre>`}
${rows.map(([name, value]) => valueMarkup(value, numberOf, markup`<span class="k">${name}</span>`))}</div>`
}
