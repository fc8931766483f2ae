// A page for each file outside of docs/ that a page links to.

import { shownFiles } from "../.vitepress/repository.ts"

export default {
  paths: () => shownFiles().map(({ file, text }) => ({ params: { path: file }, content: text })),
}
