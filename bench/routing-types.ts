// What typed rules cost the compiler: a file with a map of 500 rules in nested factories, 500 URLs built, and a switch over
// the endpoints of a match, against the same file where rules, factories and map have no types, and against 500 routes in an
// object with the same URLs. Run: `node --import tsx bench/routing-types.ts`.

import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const RULES = 500
const GROUP = 20
const ROUNDS = 3
const LIMIT_SECONDS = 2

const root = fileURLToPath(new URL("../", import.meta.url))
// Inside the tree, so that the compiler finds the types of its dependencies.
const folder = mkdtempSync(join(root, "node_modules", ".routing-types-"))

const TYPED = `
import { endpointPrefix, RuleMap, rule, subdomain, submount } from "../../src/routing/index.ts"
`
const ROUTES = `
import { mapOf, route, routes } from "../../src/routing/index.ts"
`
const UNTYPED = `
import type { RuleMap as Map } from "../../src/routing/index.ts"
export type Unused = Map
interface Adapter { build(endpoint: unknown, values?: unknown): string; match(): { endpoint: unknown; values: unknown } }
declare function rule(text: string, endpoint: unknown, options?: unknown): unknown
declare function submount(path: string, rules: unknown[]): unknown
declare function subdomain(name: string, rules: unknown[]): unknown
declare function endpointPrefix(prefix: string, rules: unknown[]): unknown
declare const RuleMap: new (rules: unknown[]) => { bind(host: string): Adapter }
`

/** One of six kinds of rules, as an application would have them. */
function ruleText(index: number): string {
  const name = `resource${index}`
  switch (index % 6) {
    case 0:
      return `rule("/${name}/", "${name}", { methods: ["GET"] })`
    case 1:
      return `rule("/${name}/<int:id>", "${name}")`
    case 2:
      return `rule("/${name}/<int:year>/<slug>", "${name}")`
    case 3:
      return `rule("/${name}/<any(one, two, three):kind>/<uuid:key>", "${name}")`
    case 4:
      return `rule("/${name}/<path:rest>", "${name}", { defaults: { page: 1 } })`
    default:
      return `rule("/${name}/<float(min=0):amount>/<string(length=2):lang>", "${name}")`
  }
}

function values(index: number): string {
  return [
    "{}",
    "{ id: 1 }",
    '{ year: 1, slug: "x" }',
    '{ kind: "two", key: "k" }',
    '{ rest: "a/b" }',
    '{ amount: 0.5, lang: "en" }',
  ][index % 6] as string
}

function source(head: string, typed: boolean): string {
  const groups: string[] = []
  const builds: string[] = []
  const cases: string[] = []
  for (let first = 0; first < RULES; first += GROUP) {
    const rules = Array.from({ length: GROUP }, (_, offset) => `    ${ruleText(first + offset)},`).join("\n")
    const group = `endpointPrefix("g${first}.", [submount("/g${first}", [\n${rules}\n  ])])`
    groups.push(first % 100 === 0 ? `  subdomain("<tenant>", [${group}]),` : `  ${group},`)
  }
  for (let index = 0; index < RULES; index++) {
    const group = index - (index % GROUP)
    const given = group % 100 === 0 ? values(index).replace("{", '{ tenant: "t",') : values(index)
    builds.push(`at.build("g${group}.resource${index}", ${given})`)
    const used = typed && index % 6 === 2 ? "match.values.year + 1" : "match.values"
    cases.push(`  case "g${group}.resource${index}": console.log(${used}); break`)
  }
  return `${head}
const urls = new RuleMap([
${groups.join("\n")}
])
const at = urls.bind("example.com")
${builds.join("\n")}
const match = at.match()
switch (match.endpoint) {
${cases.join("\n")}
}
`
}

/** The same rules as routes in an object, built and matched in the same way. */
function routesSource(): string {
  const groups: string[] = []
  const builds: string[] = []
  const cases: string[] = []
  for (let first = 0; first < RULES; first += GROUP) {
    const members = Array.from({ length: GROUP }, (_, offset) => {
      const [, text, options] = /^rule\("([^"]*)", "[^"]*"(?:, (.*))?\)$/.exec(
        ruleText(first + offset),
      ) as RegExpExecArray
      const path = JSON.stringify(`/g${first}${text}`)
      const all = first % 100 === 0 ? `{ subdomain: "<tenant>", ${options?.slice(1) ?? "}"}` : options
      return `    resource${first + offset}: ${all === undefined ? path : `route(${path}, ${all})`},`
    })
    groups.push(`  g${first}: {\n${members.join("\n")}\n  },`)
  }
  for (let index = 0; index < RULES; index++) {
    const group = index - (index % GROUP)
    const given = group % 100 === 0 ? values(index).replace("{", '{ tenant: "t",') : values(index)
    builds.push(`urls.g${group}.resource${index}.build(${given})`)
    const used = index % 6 === 2 ? "match.values.year + 1" : "match.values"
    cases.push(`  case "g${group}.resource${index}": console.log(${used}); break`)
  }
  return `${ROUTES}
const urls = routes({
${groups.join("\n")}
})
${builds.join("\n")}
const match = mapOf(urls).bind("example.com").match()
switch (match.endpoint) {
${cases.join("\n")}
}
`
}

function compile(name: string, text: string): { seconds: number; report: string } {
  writeFileSync(join(folder, `${name}.ts`), text)
  const config = { extends: join(root, "tsconfig.json"), include: [], files: [`./${name}.ts`] }
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(config))
  const tsc = join(root, "node_modules/.bin/tsc")
  const start = performance.now()
  const { status, stdout } = spawnSync(tsc, ["-p", join(folder, `${name}.json`), "--extendedDiagnostics"], {
    encoding: "utf8",
  })
  const seconds = (performance.now() - start) / 1000
  if (status !== 0) throw new Error(`${name} does not compile:\n${stdout.slice(0, 3000)}`)
  const report = stdout.split("\n").filter((line) => /^(Types|Instantiations|Check time|Memory used)/.test(line))
  return { seconds, report: report.map((line) => line.replace(/\s+/g, " ")).join(", ") }
}

try {
  const texts = { untyped: source(UNTYPED, false), typed: source(TYPED, true), routes: routesSource() }
  const kinds = Object.keys(texts) as (keyof typeof texts)[]
  const best = { untyped: Number.POSITIVE_INFINITY, typed: Number.POSITIVE_INFINITY, routes: Number.POSITIVE_INFINITY }
  const reports = { untyped: "", typed: "", routes: "" }
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of kinds) {
      const { seconds, report } = compile(kind, texts[kind])
      best[kind] = Math.min(best[kind], seconds)
      reports[kind] = report
    }
  }
  const more = best.typed - best.untyped
  for (const kind of kinds) console.log(`${kind.padEnd(7)} ${best[kind].toFixed(2)} s (${reports[kind]})`)
  console.log(`${RULES} typed rules take the compiler ${more.toFixed(2)} s longer (limit ${LIMIT_SECONDS} s)`)
  const routesMore = best.routes - best.untyped
  console.log(`${RULES} routes take it ${routesMore.toFixed(2)} s longer, and are to take no longer than the rules`)
  // Times of the same work differ by a tenth.
  if (more > LIMIT_SECONDS || best.routes > best.typed * 1.1) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}
