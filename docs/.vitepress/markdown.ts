// Pages are plain Markdown, and are read as such here: nothing in them is HTML or a template of Vue. Links lead where
// they lead in the repository.

import type { MarkdownOptions } from "vitepress"
import { fileOf, onSite } from "./repository.ts"

type MarkdownIt = Parameters<NonNullable<MarkdownOptions["config"]>>[0]
type BlockRule = Parameters<MarkdownIt["block"]["ruler"]["push"]>[1]
type Token = Parameters<NonNullable<MarkdownIt["renderer"]["rules"]["text"]>>[0][number]

export const markdown: MarkdownOptions = {
  html: false,
  // With enough contrast for everybody.
  theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  // There is no grammar for these; the other one looks alike.
  languageAlias: { haproxy: "ini" },
  // Addresses in running text are examples.
  linkify: false,
  attrs: { disable: true },
  config(md) {
    md.disable("emoji", true)
    readComments(md)
    keepAnchors(md)
    followLinks(md)
    leaveBraces(md)
    showIndentedCode(md)
    leaveEmptyHeaders(md)
  },
}

/** Tests find their tables between comments, and files by them: the name of a file is shown above it. */
function readComments(md: MarkdownIt): void {
  // It ends the paragraph or table that stands right above it.
  const ends = { alt: ["paragraph", "reference", "blockquote", "list"] }
  const comment: BlockRule = (state, line, _end, silent) => {
    const text = state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line])
    if (!/^<!--.*-->\s*$/.test(text)) return false
    if (silent) return true
    state.line = line + 1
    const file = /^<!-- file: (\S+)/.exec(text)?.[1]
    if (file !== undefined)
      state.push("html_block", "", 0).content = `<p class="file-name">${md.utils.escapeHtml(file)}</p>\n`
    return true
  }
  md.block.ruler.before("paragraph", "comment", comment, ends)
}

const MARK = / *\{#[\w.-]+\}$/

function unique(id: string, taken: Set<string>): string {
  let free = id
  for (let count = 1; taken.has(free); count++) free = `${id}-${count}`
  taken.add(free)
  return free
}

/** The reference marks places to link to: `{#id}` behind a heading, an empty element in a row of a table. */
function keepAnchors(md: MarkdownIt): void {
  md.core.ruler.after("inline", "heading-ids", ({ tokens }) => {
    const taken = new Set<string>()
    const bare: [heading: Token, slug: string][] = []
    for (const [index, heading] of tokens.entries()) {
      if (heading.type !== "heading_open") continue
      const title = tokens[index + 1] as Token
      const id = /\{#([\w.-]+)\}$/.exec(title.content)?.[1]
      const text = title.children?.at(-1)
      if (id === undefined || text === undefined) bare.push([heading, title.content.toLowerCase().replace(/\W+/g, "-")])
      else {
        text.content = text.content.replace(MARK, "")
        title.content = title.content.replace(MARK, "")
        heading.attrSet("id", unique(id, taken))
      }
    }
    // Where nothing is marked the site's own ids stay, as in guides.
    if (taken.size > 0) for (const [heading, slug] of bare) heading.attrSet("id", unique(slug, taken))
  })
  md.inline.ruler.before("html_inline", "anchor", (state, silent) => {
    const match = /^<a id="[\w.-]+"><\/a>/.exec(state.src.slice(state.pos, state.pos + 200))
    if (match === null) return false
    if (!silent) state.push("html_inline", "", 0).content = match[0]
    state.pos += match[0].length
    return true
  })
}

function followLinks(md: MarkdownIt): void {
  md.core.ruler.push("repository", ({ tokens, env }) => {
    const file = fileOf((env as { relativePath: string }).relativePath)
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type !== "link_open") continue
      token.attrSet("href", onSite(token.attrGet("href") ?? "", file))
    }
  })
}

/** Two braces in running text would be an expression for Vue. */
function leaveBraces(md: MarkdownIt): void {
  const text = md.renderer.rules.text
  md.renderer.rules.text = (...args) => text?.(...args).replaceAll("{{", "&#123;&#123;") ?? ""
}

/** Code that is indented looks like code between fences. */
function showIndentedCode(md: MarkdownIt): void {
  md.core.ruler.push("indented-code", ({ tokens }) => {
    for (const token of tokens) if (token.type === "code_block") token.type = "fence"
  })
}

/** A table without headers has cells above its columns that are empty, and no names of them. */
function leaveEmptyHeaders(md: MarkdownIt): void {
  md.core.ruler.push("empty-headers", ({ tokens }) => {
    for (const [index, token] of tokens.entries()) {
      if (token.type !== "th_open" || tokens[index + 1]?.content !== "") continue
      token.tag = "td"
      ;(tokens[index + 2] as Token).tag = "td"
    }
  })
}
