// Examples in docstrings are true. A line `expression // => value` inside an @example is run with everything in scope
// that the file exports (and what the example imports); `// throws Name` claims an error.

import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { expect, test } from "vitest"

const src = new URL("../src/", import.meta.url).pathname

interface Claim {
  line: number
  /** Lines of the same example that came before and claim nothing: set-up. */
  setup: string[]
  expression: string
  outcome: string
}

function claimsOf(text: string): Claim[] {
  const claims: Claim[] = []
  for (const comment of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const firstLine = text.slice(0, comment.index).split("\n").length
    let inside = false
    let setup: string[] = []
    for (const [offset, raw] of comment[0].split("\n").entries()) {
      const line = raw.replace(/^\s*\/?\*+\/?\s?/, "").replace(/\s*\*\/$/, "")
      if (line.startsWith("@example")) [inside, setup] = [true, []]
      else if (line.startsWith("@")) inside = false
      if (!inside || line.startsWith("@example") || line.trim() === "" || line.startsWith("```")) continue
      const claim = /^(.*?)\s*\/\/ (=>|throws) (.*)$/.exec(line)
      if (!claim) setup.push(line)
      else {
        const outcome = claim[2] === "throws" ? `throws ${claim[3]}` : (claim[3] as string)
        claims.push({ line: firstLine + offset, setup: [...setup], expression: claim[1] as string, outcome })
      }
    }
  }
  return claims
}

const AsyncFunction = (async () => {}).constructor as new (
  ...args: string[]
) => (...args: unknown[]) => Promise<unknown>

async function evaluate(scope: Record<string, unknown>, setup: string[], expression: string): Promise<unknown> {
  const names = Object.keys(scope).filter((name) => name !== "default")
  const body = `${setup.join("\n")}\nreturn (${expression})`
  return new AsyncFunction(...names, body)(...names.map((name) => scope[name]))
}

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith("index.ts"))
  .sort()

let total = 0
for (const file of files) {
  const claims = claimsOf(readFileSync(join(src, file), "utf8"))
  total += claims.length
  if (claims.length === 0) continue
  test(`${file}: ${claims.length} examples are true`, async () => {
    const scope = (await import(pathToFileURL(join(src, file)).href)) as Record<string, unknown>
    for (const { line, setup, expression, outcome } of claims) {
      const place = `src/${file}:${line}: ${expression}`
      if (outcome.startsWith("throws ")) {
        const name = outcome.slice("throws ".length).split(/[\s:]/)[0]
        const error = await evaluate(scope, setup, expression).then(
          () => undefined,
          (reason: Error) => reason,
        )
        expect(error?.constructor.name, place).toBe(name)
      } else {
        const [actual, expected] = [await evaluate(scope, setup, expression), await evaluate(scope, [], outcome)]
        expect(actual, place).toEqual(expected)
      }
    }
  })
}

test("there are examples to run", () => {
  expect(total).toBeGreaterThan(0)
})
