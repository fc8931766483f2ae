// Pages are plain Markdown, and are read as such here: nothing in them is HTML or a template of Vue. Links lead where
// they lead in the repository.

import type { MarkdownOptions } from "vitepress"
import { fileOf, onSite } from "./repository.ts"

type MarkdownIt = Parameters<NonNullable<MarkdownOptions["config"]>>[0]

export const markdown: MarkdownOptions = {
  html: false,
  // Addresses in running text are examples.
  linkify: false,
  attrs: { disable: true },
  config(md) {
    md.disable("emoji", true)
    leaveOutComments(md)
    keepAnchors(md)
    followLinks(md)
    leaveBraces(md)
  },
}

/** Tests find their tables between comments. */
function leaveOutComments(md: MarkdownIt): void {
  md.block.ruler.before("paragraph", "comment", (state, line, _end, silent) => {
    const text = state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line])
    if (!/^<!--.*-->\s*$/.test(text)) return false
    if (!silent) state.line = line + 1
    return true
  })
}

/** The reference marks places to link to: `{#id}` behind a heading, an empty element in a row of a table. */
function keepAnchors(md: MarkdownIt): void {
  md.core.ruler.after("inline", "heading-ids", ({ tokens }) => {
    for (const [index, token] of tokens.entries()) {
      const text = tokens[index - 1]?.type === "heading_open" ? token.children?.at(-1) : undefined
      const match = /^(.*?) *\{#([\w.-]+)\}$/.exec(text?.content ?? "")
      if (text === undefined || match === null) continue
      text.content = match[1] as string
      token.content = token.content.replace(/ *\{#[\w.-]+\}$/, "")
      tokens[index - 1]?.attrSet("id", match[2] as string)
    }
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
