// What the README claims is held by tests, and docs/architecture.md names them: a row for each sentence, in the README's words. A
// sentence that claims nothing is listed here.

import { existsSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"

const root = new URL("../", import.meta.url)
const read = (page: string) => readFileSync(new URL(page, root), "utf8")

/** Markdown as a reader sees it, but for the marks of code. */
const plain = (text: string) =>
  text
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\s+/g, " ")
    .trim()

/** The sentences of paragraphs and lists, and what tables say in their last column. */
function sentencesOf(markdown: string): string[] {
  const text = markdown
    .replace(/^```[\s\S]*?^```$/gm, "")
    .replace(/^(?: {4}|#|!\[).*$/gm, "")
    .replace(/^\|(?: ---|.*is in it).*$/gm, "")
  const rows = [...text.matchAll(/^\| .* \| (.*) \|$/gm)].map(([, cell = ""]) => cell)
  const blocks = text.replace(/^\|.*$/gm, "").split(/\n\s*\n|^- /m)
  const sentences = blocks.flatMap((block) => plain(block).split(/(?<=[.!?])\s(?=[A-Z`])/))
  return [...sentences, ...rows.map(plain)].filter((sentence) => sentence !== "")
}

/** Sentences that lead somewhere, or say how something is meant. */
const NO_CLAIMS = [
  "It has no opinion on your database, your templates or your folders.",
  "At its bottom is a small contract between servers and applications, PEP 3333 carried over to async JavaScript:",
  "the names of every day",
  "SECURITY.md names the tests that hold each of these, and more.",
  "How the house is built: docs/architecture.md.",
  "Speed tells what it costs, as measured.",
  "BSD-3-Clause.",
]

const sentences = sentencesOf(read("README.md"))
const section = /^## What holds the README's claims\n([\s\S]*?)(?=^## )/m.exec(read("docs/architecture.md"))?.[1] ?? ""
const rows = [...section.matchAll(/^\| (?!---|claim)(.*) \| (.*) \|$/gm)].map(([, claim = "", tests = ""]) => ({
  claim: plain(claim),
  tests: [...tests.matchAll(/`([^`]*)`/g)].map(([, path]) => path as string),
}))

describe("each sentence of the README", () => {
  test.each(sentences)("%s", (sentence) => {
    const count =
      rows.filter(({ claim }) => claim === sentence).length + NO_CLAIMS.filter((each) => each === sentence).length
    expect(count, "rows of docs/architecture.md, or entries of NO_CLAIMS").toBe(1)
  })
})

describe("each row of docs/architecture.md", () => {
  test("is about a sentence of the README", () => {
    expect(rows.length).toBeGreaterThan(30)
    expect([...rows.map(({ claim }) => claim), ...NO_CLAIMS].filter((each) => !sentences.includes(each))).toEqual([])
  })

  test.each(rows)("$claim", ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0)
    for (const path of tests) {
      expect(path).toMatch(/^(?:test|examples\/\w+\/test|\.ci)\//)
      expect(existsSync(new URL(path, root)), path).toBe(true)
    }
  })
})
