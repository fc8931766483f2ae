// docs/reference.md is what the code says of itself: every public name, and for every row of the checklist who fulfils it.
// When it is stale, `npx vitest run --project tests test/checklist -u` writes it anew.

import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { publicNames } from "./public-names.ts"

const load = (name: string) =>
  JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8")) as Record<string, string>
const rows = load("rows.json")
const leftOut = load("left-out.json")
/** What is there in another way than upstream, and why. */
const differs = load("differs.json")
const names = publicNames()

/** Who fulfils each row: names, or names with a member. */
const fulfilled = new Map<string, Set<string>>()
const add = (row: string, who: string) => fulfilled.set(row, (fulfilled.get(row) ?? new Set()).add(who))
for (const { name, rows: own, members } of names) {
  for (const row of own) add(row, name)
  for (const member of members) for (const row of member.rows) add(row, `${name}.${member.name}`)
}

test("every public name has a docstring", () => {
  expect(
    names.filter(({ summary }) => summary === "").map(({ door, name, file }) => `${door}: ${name} (${file})`),
  ).toEqual([])
  expect(names.length).toBeGreaterThan(100)
})

test("every public member of a class has a docstring", () => {
  const bare = names.flatMap(({ name, file, members }) =>
    members.filter(({ documented }) => !documented).map((member) => `${file}: ${name}.${member.name}`),
  )
  expect([...new Set(bare)]).toEqual([])
})

test("no row of the checklist is forgotten: it is fulfilled by a public name, or left out for a reason", () => {
  expect(Object.keys(rows).filter((row) => !fulfilled.has(row) && !(row in leftOut))).toEqual([])
})

test("no row is both fulfilled and left out, and every row that is named exists", () => {
  expect(Object.keys(leftOut).filter((row) => fulfilled.has(row))).toEqual([])
  expect([...fulfilled.keys(), ...Object.keys(leftOut)].filter((row) => !(row in rows))).toEqual([])
})

test("a row that is fulfilled in another way is fulfilled", () => {
  expect(Object.keys(differs).filter((row) => !fulfilled.has(row))).toEqual([])
})

test("docs/reference.md is up to date", async () => {
  await expect(reference()).toMatchFileSnapshot("../../docs/reference.md")
})

function reference(): string {
  const cell = (text: string) => text.replaceAll("|", "\\|")
  const lines = [
    "# Reference",
    "",
    "Every public name, and the rows of the checklist: what Werkzeug offers, row by row, and who fulfils it here.",
    "Made from the source by `test/checklist/`; do not edit.",
    "",
    "## Names",
    "",
    "| name | from | what it is | rows |",
    "| --- | --- | --- | --- |",
  ]
  for (const { name, door, summary, rows: own, members } of names) {
    const all = [...new Set([...own, ...members.flatMap((member) => member.rows)])]
    lines.push(`| \`${name}\` | \`${door}\` | ${cell(summary)} | ${all.join(", ")} |`)
  }
  lines.push("", "## Rows", "", "| row | what | here |", "| --- | --- | --- |")
  for (const [row, what] of Object.entries(rows)) {
    const who = [...(fulfilled.get(row) ?? [])].sort().map((each) => `\`${each}\``)
    const here = who.length > 0 ? who.join(", ") : `left out: ${leftOut[row]}`
    const difference = row in differs ? `; differs: ${differs[row]}` : ""
    lines.push(`| ${row} | ${cell(what)} | ${here}${cell(difference)} |`)
  }
  return `${lines.join("\n")}\n`
}
