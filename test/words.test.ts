// Comments and guides name their actors: the server, the client, the middleware, the application, the caller. Words that leave
// open who or what is meant make a reader guess, above all one who has learned English as a second language.

import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"

const root = new URL("../", import.meta.url)
const read = (file: string) => readFileSync(new URL(file, root), "utf8")

const RIDDLES = [
  /\b(?:whoever|whomever|nobody|somebody|anybody|everybody|whatever|whichever)\b/i,
  // "Who reads the body is told": a sentence about an actor without a name, and not a question.
  /(?:^|[.;:] )Who [^?]*$/,
  /\b(?:by|for|from|of|than|to) who\b/i,
  // "a text that is none", "options that there are none of"
  /\b(?:that|which) (?:is|are) none\b/,
]

/** Places where such a word is right, with the reason. */
const ALLOWED: readonly [file: string, part: string, reason: string][] = []

interface Line {
  file: string
  number: number
  text: string
}

function filesIn(folder: string, ending: RegExp): string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
    .filter((file) => ending.test(file) && !/(?:^|\/)(?:node_modules|dist|api)\//.test(file))
    .map((file) => `${folder}${file}`)
}

/** The comments of a program, line by line. Texts in quotes that hold `//` are URLs, behind a colon. */
function commentsOf(file: string, source = read(file)): Line[] {
  return source.split("\n").flatMap((line, index) => {
    const text = /^\s*(?:\/\*\*?|\*|\/\/)\s?(.*)/.exec(line)?.[1] ?? /\s\/\/ (.*)/.exec(line)?.[1]
    return text === undefined ? [] : [{ file, number: index + 1, text: text.replace(/\s*\*\/$/, "") }]
  })
}

/** The prose of a page: all but its blocks of code. */
function proseOf(file: string, source = read(file)): Line[] {
  let isCode = false
  return source.split("\n").flatMap((text, index) => {
    const isFence = /^\s*```/.test(text)
    if (isFence) isCode = !isCode
    return isCode || isFence ? [] : [{ file, number: index + 1, text: text.replace(/`[^`]*`/g, "") }]
  })
}

function riddlesIn(lines: readonly Line[]): string[] {
  return lines
    .filter(({ text }) => RIDDLES.some((riddle) => riddle.test(text)))
    .filter(({ file, text }) => !ALLOWED.some(([where, part]) => where === file && text.includes(part)))
    .map(({ file, number, text }) => `${file}:${number}: ${text}`)
}

describe("riddles", () => {
  test.each<[text: string, isRiddle: boolean]>([
    ["Whoever reads the body is told.", true],
    ["so that nobody takes it for JSON", true],
    ["in whatever case", true],
    ["Closes it. Who waits is told.", true],
    ["up to who saves it", true],
    ["for a time that is none", true],
    ["The reader of the body is told.", false],
    ["for people who look at the stream", false],
    ["Who may use it?", false],
    ["undefined when there is none", false],
  ])("in %j: %j", (text, isRiddle) => {
    expect(riddlesIn([{ file: "", number: 1, text }])).toHaveLength(isRiddle ? 1 : 0)
  })

  test("are looked for in every form of comment, and in prose outside of code", () => {
    const program = '// one\nconst a = "http://x" // two\n/** three */\n/**\n * four\n */\n'
    expect(commentsOf("a.ts", program).map(({ text }) => text)).toEqual(["one", "two", "three", "", "four", "/"])
    const page = "one\n```ts\n// Whoever\n```\ntwo `whatever` three\n"
    expect(proseOf("a.md", page).map(({ text }) => text)).toEqual(["one", "two  three", ""])
  })

  test("are in no comment of the sources", () => {
    const sources = filesIn("src/", /\.c?ts$/)
    expect(sources.length).toBeGreaterThan(300)
    expect(riddlesIn(sources.flatMap((file) => commentsOf(file)))).toEqual([])
  })

  test("are on no page of the guides", () => {
    const pages = ["README.md", "SECURITY.md", "CHANGELOG.md", ...filesIn("docs/", /\.md$/)]
    expect(pages.length).toBeGreaterThan(40)
    expect(riddlesIn(pages.flatMap((file) => proseOf(file)))).toEqual([])
  })
})
