// The order of the pages. What is not written yet is left out. A page that no section names stands last among the guides.

import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { DefaultTheme } from "vitepress"
import { doors } from "../doors.ts"
import { NAMED, root } from "./repository.ts"

const docs = join(root, "docs")

/** Pages by name, those of a family, or all pages of a folder in reading order. */
const SECTIONS: { text: string; pages: string[] }[] = [
  { text: "Start", pages: ["start.md"] },
  { text: "Tutorial", pages: ["tutorial/", "jsonapi.md"] },
  {
    text: "Guides",
    pages: [
      "request-response.md",
      "routing.md",
      "errors.md",
      "forms.md",
      "files.md",
      "sessions.md",
      "security.md",
      "signing.md",
      "templates.md",
      "websocket.md",
      "middleware.md",
      "stores.md",
      "locals.md",
      "testing.md",
      "serving.md",
      "debugger.md",
    ],
  },
  { text: "Recipes", pages: ["recipes/"] },
  {
    text: "Deploying",
    pages: [
      "deploying.md",
      "front-servers.md",
      "deploying-*.md",
      "runtimes.md",
      "gateways.md",
      "lambda.md",
      "vercel.md",
      "netlify.md",
      "cgi.md",
    ],
  },
  { text: "Reference", pages: ["api/index.md", "reference.md"] },
  { text: "For framework authors", pages: ["framework.md"] },
  { text: "For server authors", pages: ["gateway.md", "servers.md"] },
  { text: "Coming from", pages: ["coming-from-*.md", "coming-from/"] },
  { text: "The project", pages: ["security-policy.md", "changes.md", "architecture.md", "speed.md"] },
]

/** Titles where a page's own is too long beside others, or says less than the place it stands in. */
const TITLES: Record<string, string> = {
  "api/index.md": "All names",
  "reference.md": "Names of Werkzeug, and ours",
  "architecture.md": "Architecture",
}

const byName = new Intl.Collator("en", { numeric: true })

/** The pages there are of an entry: one, those of a family (`deploying-*.md`), or all of a folder. */
function existing(entry: string): string[] {
  if (entry.endsWith("/")) {
    if (!existsSync(join(docs, entry))) return []
    const names = readdirSync(join(docs, entry), { encoding: "utf8" })
    const pages = names.filter((name) => name.endsWith(".md")).sort(byName.compare)
    return inReadingOrder(entry, pages).map((name) => `${entry}${name}`)
  }
  const [start = "", end] = entry.split("*")
  if (end !== undefined)
    return readdirSync(docs)
      .filter((name) => name.startsWith(start) && name.endsWith(end))
      .sort(byName.compare)
  return existsSync(join(docs, entry)) || existsSync(fileOfNamed(entry)) ? [entry] : []
}

/** The index, and from each page on the one that it names at its end as the next; what nothing leads to comes last. */
function inReadingOrder(folder: string, pages: string[]): string[] {
  const ordered = new Set<string>()
  let name: string | undefined = "index.md"
  while (name !== undefined && pages.includes(name) && !ordered.has(name)) {
    ordered.add(name)
    name = /^Next: .*\]\(([^)#]+)/m.exec(readFileSync(join(docs, folder, name), "utf8"))?.[1]
  }
  return [...ordered, ...pages.filter((page) => !ordered.has(page))]
}

/** Pages that no section names. */
function others(): string[] {
  const named = new Set(["index.md", ...SECTIONS.flatMap(({ pages }) => pages.flatMap(existing))])
  return readdirSync(docs).filter((name) => name.endsWith(".md") && !named.has(name))
}

function fileOfNamed(page: string): string {
  return join(root, Object.keys(NAMED).find((file) => NAMED[file] === page) ?? page)
}

function titleOf(page: string): string {
  if (TITLES[page] !== undefined) return TITLES[page]
  const file = existsSync(join(docs, page)) ? join(docs, page) : fileOfNamed(page)
  const title = /^# (.*)$/m.exec(readFileSync(file, "utf8"))?.[1] ?? page
  return title.replaceAll("`", "")
}

const linkTo = (page: string): DefaultTheme.SidebarItem => ({
  text: titleOf(page),
  link: `/${page.replace(/(^|\/)index\.md$/, "$1").replace(/\.md$/, ".html")}`,
})

export function sidebar(): DefaultTheme.SidebarMulti {
  const pages = SECTIONS.map(({ text, pages }) => ({
    text,
    items: [...pages.flatMap(existing), ...(text === "Guides" ? others() : [])].map(linkTo),
  })).filter(({ items }) => items.length > 0)
  const reference = (open?: string) => [
    { text: "Reference", items: [linkTo("api/index.md"), ...doors.map(({ name }) => doorItem(name, open))] },
  ]
  const ofDoors = doors.map(({ name }) => [`/api/${name}/`, reference(name)])
  return { "/": pages, "/api/": reference(), ...Object.fromEntries(ofDoors) }
}

/** A door; where it is the open one, with its classes. */
function doorItem(door: string, open: string | undefined): DefaultTheme.SidebarItem {
  const link = { text: door, link: `/api/${door}/` }
  const folder = join(docs, "api", door, "classes")
  if (door !== open || !existsSync(folder)) return link
  const names = readdirSync(folder)
    .map((file) => file.replace(/\.md$/, ""))
    .sort()
  return { ...link, items: names.map((name) => ({ text: name, link: `/api/${door}/classes/${name}.html` })) }
}
