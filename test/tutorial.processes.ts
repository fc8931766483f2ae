// The tutorial, gone through by a reader with nothing but its pages, from `npm create` to its end.

import { readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { sharedFolder } from "./support/files.ts"
import { pageText, Reader, stepsOf } from "./support/reader.ts"

const folder = sharedFolder()
let reader: Reader

const order = ["index.md"]
for (let next: string | undefined = "index.md"; next !== undefined; ) {
  next = /^Next: \[.*?\]\((\S+)\)/m.exec(pageText(`tutorial/${next}`))?.[1]
  if (next !== undefined) order.push(next)
}

beforeAll(() => {
  reader = new Reader(folder)
}, 120_000)

afterAll(() => {
  const pages = readdirSync(fileURLToPath(new URL("../docs/tutorial/", import.meta.url)))
  expect(order.length).toBe(pages.filter((name) => name.endsWith(".md")).length)
})

/** What a step has to give, besides ending well. */
const results: [command: RegExp, output: RegExp][] = [
  [/^npx werkstatt fetch app\.ts/, /Hello Ada!/],
  [/^npm run dev$/, /Hello World!|<title>Posts - Flaskr<\/title>/],
  [/^npx werkstatt (?:run|serve) main\.ts/, /<title>Posts - Flaskr<\/title>/],
  // Versions of Node mark the line in different ways.
  [/^npm test$/, /^\W fail 0$/m],
]

/** Types a command. Of one that serves it gives the page, and stops it by Ctrl+C. */
async function perform(command: string): Promise<string> {
  const server = reader.serve(command)
  if (server === undefined) return reader.type(command)
  onTestFinished(async () => {
    if (server.isRunning) await server.interrupt()
  })
  const page = await (await fetch(await server.url())).text()
  await server.interrupt()
  return page
}

describe("the tutorial", () => {
  test.each(order)("%s", { timeout: 300_000 }, async (page) => {
    const steps = stepsOf(`tutorial/${page}`)
    expect(steps.length).toBeGreaterThan(0)
    for (const step of steps) {
      if ("file" in step) {
        reader.write(step)
        continue
      }
      const output = await perform(step.command)
      const expected = results.find(([command]) => command.test(step.command))?.[1]
      if (expected !== undefined) expect(output).toMatch(expected)
    }
  })
})
