// Writes the generated parts of docs/gateway.md: the table of environ keys and the rules. The prose between them is kept.

import { environKeys, rules } from "../../src/middleware/lint-rules.ts"

function keyTable(): string {
  const row = (...cells: string[]) => `| ${cells.join(" | ")} |`
  const rows = environKeys.map(({ name, presence, text }) => row(`\`${name}\``, presence, text.replaceAll("|", "\\|")))
  return [row("key", "presence", "value"), row("---", "---", "---"), ...rows].join("\n")
}

function ruleList(): string {
  const sections = rules.map(({ id, title, about, clauses }) => {
    const list = clauses.map(({ level, text }) => `- ${level === "advice" ? "*Advice.* " : ""}${text}`).join("\n")
    return [`### ${id}. ${title}`, list, ...(about ? [about] : [])].join("\n\n")
  })
  return sections.join("\n\n")
}

const parts: Record<string, () => string> = { "environ keys": keyTable, rules: ruleList }

/** The text with what stands between `<!-- name -->` and `<!-- end of name -->` written anew. */
export function gatewaySpecification(text: string): string {
  for (const [name, write] of Object.entries(parts)) {
    const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
    const from = text.indexOf(start)
    const to = text.indexOf(end)
    if (from === -1 || to < from) throw new Error(`docs/gateway.md has no place for: ${name}`)
    text = `${text.slice(0, from + start.length)}\n${write()}\n${text.slice(to)}`
  }
  return text
}
