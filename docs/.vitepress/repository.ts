// Pages link to files beside them and to files elsewhere in the repository, so that they can be read as plain Markdown too.
// Here is what these links lead to on the site: a page of docs/ to its page, another file of the repository to a page that
// shows it, made for each file that a page links to.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { extname, join, posix } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url))

/** Files outside of docs/ whose pages have a name of their own. */
export const NAMED: Record<string, string> = {
  "CHANGELOG.md": "changes.md",
  "SECURITY.md": "security-policy.md",
}

const read = (file: string) => readFileSync(join(root, file), "utf8")
const isFolder = (file: string) => statSync(join(root, file)).isDirectory()

/** The file of the repository that a page of the site shows, given the page's path in docs/. */
export function fileOf(page: string): string {
  const named = Object.keys(NAMED).find((file) => NAMED[file] === page)
  if (named !== undefined) return named
  if (page.startsWith("source/")) return page.slice("source/".length).replace(/\.md$/, "")
  return `docs/${page}`
}

/** The page of a file in the repository, as a path on the site. */
function pageOf(file: string): string {
  if (file === "README.md") return "/index.md"
  if (file in NAMED) return `/${NAMED[file]}`
  const page = file.startsWith("docs/") ? file.slice("docs/".length) : undefined
  return page?.endsWith(".md") ? `/${page}` : `/source/${file}.md`
}

/** What `href`, written in `file`, is on the site; unchanged when it leads elsewhere or to nothing. */
export function onSite(href: string, file: string): string {
  const target = targetOf(href, file)
  return target === undefined ? href : `${pageOf(target.file)}${target.hash}`
}

function targetOf(href: string, from: string): { file: string; hash: string } | undefined {
  if (/^(?:[a-z][a-z\d+.-]*:|\/|#|$)/i.test(href)) return undefined
  const [path = "", hash] = href.split("#", 2)
  const file = posix.join(posix.dirname(from), decodeURI(path)).replace(/\/$/, "")
  if (file.startsWith("..") || !existsSync(join(root, file))) return undefined
  return { file, hash: hash === undefined ? "" : `#${hash}` }
}

/** Files outside of docs/ that pages link to, or pages of them, with the text of their pages. */
export function shownFiles(): { file: string; text: string }[] {
  const shown = new Map<string, string>()
  const folders = readdirSync(join(root, "docs"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(?:node_modules|api|dist|source|\.vitepress)$/.test(entry.name))
    .map(({ name }) => `docs/${name}`)
  const queue = ["docs", ...folders].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `${folder}/${name}`),
  )
  const pages = [...queue, ...Object.keys(NAMED).filter((file) => existsSync(join(root, file)))]
  const look = (text: string, from: string) => {
    for (const href of linksIn(text)) {
      const target = targetOf(href, from)
      if (target !== undefined && !pageOf(target.file).startsWith("/source/")) continue
      if (target !== undefined && !shown.has(target.file)) show(target.file)
    }
  }
  const show = (file: string) => {
    const text = textOf(file)
    shown.set(file, text)
    look(text, file)
  }
  for (const file of pages) look(read(file), file)
  for (const file of Object.keys(NAMED)) if (existsSync(join(root, file))) shown.set(file, read(file))
  return [...shown].map(([file, text]) => ({ file, text }))
}

const linksIn = (text: string) =>
  [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/(?<!!\[[^\]]*)\]\(([^\s)]+)\)/g)].map(
    (match) => match[1] as string,
  )

const LANGUAGES: Record<string, string> = { ".mjs": "js", ".cts": "ts", ".yml": "yaml" }
const KNOWN = new Set([".ts", ".tsx", ".js", ".json", ".css", ".html", ".sql", ".sh", ".yaml"])

function textOf(file: string): string {
  if (isFolder(file)) {
    const names = readdirSync(join(root, file)).filter(
      (name) => !/^(?:\.|node_modules$|package-lock\.json$)/.test(name),
    )
    const readme = names.includes("README.md") ? `\n\n${read(`${file}/README.md`)}` : ""
    const items = names.map((name) => `- [${name}](${posix.basename(file)}/${name})`)
    return `# ${file}/\n\n${items.join("\n")}${readme.replace(/^# /m, "## ")}\n`
  }
  if (file.endsWith(".md")) return read(file)
  const ending = extname(file)
  const language = LANGUAGES[ending] ?? (KNOWN.has(ending) ? ending.slice(1) : "txt")
  return `# ${file}\n\n\`\`\`\`${language}\n${read(file)}\`\`\`\`\n`
}
