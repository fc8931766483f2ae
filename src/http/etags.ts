// Entity tags (RFC 9110 section 8.8.3): quoting, unquoting, and lists of them. How tags are made: generate-etag.ts.

import { isSpace, stripSpace } from "./tokens.ts"

// RFC 9110 section 8.8.3
//   entity-tag = [ weak ] opaque-tag
//   weak       = %s"W/"
//   opaque-tag = DQUOTE *etagc DQUOTE

/**
 * The tag as it stands in a header.
 *
 * @throws TypeError when the tag holds a quote, which cannot be escaped in it, a control character, or one beyond Latin-1
 * @example
 * quoteEtag("v1") // => '"v1"'
 * quoteEtag("v1", true) // => 'W/"v1"'
 * quoteEtag('v"1') // throws TypeError
 */
export function quoteEtag(tag: string, weak = false): string {
  if (!isEtag(tag)) throw new TypeError(`Not an entity tag: ${JSON.stringify(tag)}`)
  return weak ? `W/"${tag}"` : `"${tag}"`
}

// etagc of RFC 9110 has no space, but spaces are in use.
const NOT_IN_ETAG = /[^\x20\x21\x23-\x7e\x80-\xff]/

/** Whether the text can be put into quotes as an entity tag. */
export function isEtag(text: string): boolean {
  return !NOT_IN_ETAG.test(text)
}

/**
 * The tag without its quotes, and whether it is weak. A tag that lacks the quotes is taken as it is, and `w/` as `W/`:
 * old clients send both.
 *
 * @example
 * unquoteEtag('W/"v1"') // => ["v1", true]
 * unquoteEtag("v1") // => ["v1", false]
 * unquoteEtag("") // => [undefined, undefined]
 */
export function unquoteEtag(text: string | undefined): [tag: string, weak: boolean] | [undefined, undefined] {
  if (text === undefined || text === "") return [undefined, undefined]
  let tag = stripSpace(text)
  const weak = tag.startsWith("W/") || tag.startsWith("w/")
  if (weak) tag = tag.slice(2)
  if (tag.length > 1 && tag.startsWith('"') && tag.endsWith('"')) tag = tag.slice(1, -1)
  return [tag, weak]
}

/** What `If-Match` and `If-None-Match` say: any tag at all, or one of these. */
export interface EtagList {
  strong: string[]
  weak: string[]
  star: boolean
}

/**
 * A list of tags as in `If-None-Match`. A `*` anywhere means any tag, and then the others do not matter. Tags without
 * quotes are taken up to the next comma; what cannot be a tag is left out.
 *
 * @example
 * parseEtags('"a", W/"b", c') // => { strong: ["a", "c"], weak: ["b"], star: false }
 * parseEtags("*") // => { strong: [], weak: [], star: true }
 */
export function parseEtags(text: string | undefined): EtagList {
  const list: EtagList = { strong: [], weak: [], star: false }
  const star = visitEtags(text ?? "", (tag, weak) => {
    if (tag === STAR) return true
    if (!isEtag(tag)) return false
    if (weak) list.weak.push(tag)
    else list.strong.push(tag)
    return false
  })
  return star ? { strong: [], weak: [], star } : list
}

/** Stands for the unquoted `*` among tags, none of which can be undefined. */
export const STAR: unique symbol = Symbol("*")

/** Shows the tags of a list one by one until one matches; tells whether one did. */
export function visitEtags(text: string, isWanted: (tag: string | typeof STAR, weak: boolean) => boolean): boolean {
  let index = 0
  while (index < text.length) {
    const code = text.charCodeAt(index)
    if (code === 0x2c || isSpace(code)) {
      index++
      continue
    }
    const weak = (code === 0x57 || code === 0x77) && text.charCodeAt(index + 1) === 0x2f
    if (weak) index += 2
    const quote = text.charCodeAt(index) === 0x22 ? text.indexOf('"', index + 1) : -1
    const comma = text.indexOf(",", quote === -1 ? index : quote)
    const end = comma === -1 ? text.length : comma
    const raw = stripSpace(text, index, end)
    // Text between the closing quote and the comma makes a tag that no resource has; it is kept as it stands.
    const isQuoted = quote !== -1 && raw.length === quote + 1 - index
    if (isWanted(isQuoted ? raw.slice(1, -1) : raw === "*" ? STAR : raw, weak)) return true
    index = end
  }
  return false
}

/**
 * The list as it stands in a header.
 *
 * @throws TypeError for a tag that cannot be quoted
 * @example
 * dumpEtags({ strong: ["a"], weak: ["b"], star: false }) // => '"a", W/"b"'
 */
export function dumpEtags(list: { strong: Iterable<string>; weak: Iterable<string>; star: boolean }): string {
  if (list.star) return "*"
  return [
    ...Array.from(list.strong, (tag) => quoteEtag(tag)),
    ...Array.from(list.weak, (tag) => quoteEtag(tag, true)),
  ].join(", ")
}
