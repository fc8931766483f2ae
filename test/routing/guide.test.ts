// The examples of docs/routing.md are true: every `expression // => value` in a block of it, with all blocks before.

import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import * as routing from "../../src/routing/index.ts"

const text = readFileSync(new URL("../../docs/routing.md", import.meta.url), "utf8")
const lines = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].flatMap((block) => (block[1] as string).split("\n"))

test("the guide's examples are true", () => {
  const claims: { actual: unknown; expected: unknown; line: string }[] = []
  const code = lines
    .filter((line) => !line.startsWith("import "))
    .map((line) => {
      const [, expression, value] = /^\s*(.*?) \/\/ => (.*)$/.exec(line) ?? []
      return value === undefined
        ? line
        : `claims.push({ actual: ${expression}, expected: ${value}, line: ${JSON.stringify(line)} })`
    })
  new Function("claims", ...Object.keys(routing), code.join("\n"))(claims, ...Object.values(routing))
  for (const { actual, expected, line } of claims) expect(actual, line).toEqual(expected)
  expect(claims.length).toBeGreaterThan(15)
})

test("the guide imports nothing that is not there", () => {
  for (const line of lines) {
    const names = /^import \{ (.*) \} from "werkstatt\/routing"$/.exec(line)?.[1]?.split(", ") ?? []
    for (const name of names) expect(routing).toHaveProperty(name)
  }
})
