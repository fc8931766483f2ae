// The site: `npm run docs` builds it.

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { defineConfig } from "vitepress"
import { markdown } from "./markdown.ts"
import { NAMED, root } from "./repository.ts"
import { sidebar } from "./sections.ts"

const { description, repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  description: string
  repository?: { url: string }
}
const url = repository?.url.replace(/^git\+|\.git$/g, "")

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#3451b2"/><path d="M6 10l4 13 6-11 6 11 4-13" fill="none" stroke="#fff" stroke-width="3" stroke-linejoin="round" stroke-linecap="round"/></svg>`

export default defineConfig({
  lang: "en",
  title: "werkstatt",
  description,
  // Written into the page, since it has to be there whatever the base is.
  head: [["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(ICON)}` }]],
  markdown,
  // What all pages share is loaded once, not written into each of them.
  metaChunk: true,
  rewrites: Object.fromEntries(Object.entries(NAMED).map(([file, page]) => [`source/${file}.md`, page])),
  themeConfig: {
    nav: [
      { text: "Start", link: "/start.html", activeMatch: "^/(?:start|tutorial/|jsonapi)" },
      {
        text: "Guides",
        link: "/request-response.html",
        activeMatch: "^/(?!api/|changes|$|index|start|tutorial|jsonapi|recipes/)",
      },
      { text: "Recipes", link: "/recipes/", activeMatch: "^/recipes/" },
      { text: "Reference", link: "/api/", activeMatch: "^/api/" },
      { text: "Changes", link: "/changes.html" },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: "local" },
    ...(url === undefined ? {} : { editLink: { pattern: `${url}/edit/main/docs/:path` } }),
  },
  vite: {
    // Chunks are as large as the pages are.
    build: { chunkSizeWarningLimit: 4000 },
  },
})
