// The guides tell the truth: every TypeScript block of docs/*.md and of the README that imports something is a module
// that the compiler takes, and where a line says `expression // => value` or `// throws Name`, the block is run and the
// line is true. A block that imports nothing shows a detail of what stands before it.

import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, test } from "vitest"

const root = fileURLToPath(new URL("../", import.meta.url))
// Inside the package, so that its own name leads to it.
const folder = join(root, "node_modules/.cache/werkstatt-guides")
const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith(".md"),
)

interface Block {
  page: string
  line: number
  code: string
  claims: number
  /** The file's name without its ending. */
  file: string
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), "utf8")
  // Files of a project that a page makes are tried in that project: docs/start.md.
  const modules = [...text.matchAll(/(?<!^<!-- file: \S+ -->\n)^```ts\n([\s\S]*?)^```/gm)].filter((match) =>
    /^import /m.test(match[1] as string),
  )
  return modules.map((match, index) => {
    const line = text.slice(0, match.index).split("\n").length
    const { code, claims } = withClaims(match[1] as string, `${page}:${line}`)
    return { page, line, code, claims, file: `${page.replace(/\W/g, "-")}-${index}` }
  })
}

/** Turns what a line claims into a check. Lines stay where they are. */
function withClaims(code: string, place: string): { code: string; claims: number } {
  let claims = 0
  const lines = code.split("\n")
  for (const [index, line] of lines.entries()) {
    const match = /^(\s*)(.*?);?\s*\/\/ (=>|throws) (.*)$/.exec(line)
    if (match === null) continue
    const [, indent = "", statement = "", kind, outcome = ""] = match
    const declared = /^(?:const|let) (\w+)\b/.exec(statement)?.[1]
    const where = JSON.stringify(`${place}+${index + 1}: ${statement}`)
    if (kind === "throws") {
      if (declared !== undefined) continue
      const name = JSON.stringify(outcome.split(/[\s:(]/)[0])
      lines[index] = `${indent}claimThrows(${where}, async () => { ${statement} }, ${name})`
    } else if (declared !== undefined) {
      lines[index] = `${indent}${statement}; claim(${where}, ${declared}, ${outcome})`
    } else {
      // An expression over several lines begins where its indentation does.
      let start = index
      if (/^[)\]}]/.test(statement)) {
        do start--
        while (
          start > 0 &&
          (!lines[start]?.startsWith(indent) || /^\s|^[)\]}]/.test((lines[start] as string).slice(indent.length)))
        )
      }
      if (start === index) lines[index] = `${indent}claim(${where}, ${statement}, ${outcome})`
      else {
        lines[start] = `${indent}claim(${where}, ${(lines[start] as string).slice(indent.length)}`
        lines[index] = `${indent}${statement}, ${outcome})`
      }
    }
    claims++
  }
  const [header, footer] =
    claims === 0 ? ["", ""] : [`import { claim, claimThrows, settled } from "./claims.js";`, "await settled()\n"]
  return { code: `${header}${lines.join("\n")}\n${footer}export {}\n`, claims }
}

const CLAIMS = `import assert from "node:assert/strict"

const pending: Promise<void>[] = []

export function claim(where: string, actual: unknown, expected: unknown): void {
  pending.push((async () => assert.deepEqual(plain(await actual), plain(expected), where))())
}
/** An object with private state counts by what it gives when it is iterated. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value) || !(Symbol.iterator in value)) return value
  return [...(value as Iterable<unknown>)]
}
export function claimThrows(where: string, run: () => Promise<void>, name: string): void {
  const error = run().then(() => undefined, (reason: unknown) => reason ?? "nothing")
  pending.push((async () => assert.equal(((await error) as object | undefined)?.constructor.name, name, where))())
}
export async function settled(): Promise<void> {
  for (const each of pending) await each
}
`

const blocks = pages.flatMap(blocksOf)
let compiler = ""

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "werkstatt", type: "module", exports: exportsOfDist() }),
  )
  writeFileSync(join(folder, "claims.ts"), CLAIMS)
  // docs/framework.md walks through it.
  copyFileSync(join(root, "examples/framework/framework.ts"), join(folder, "framework.ts"))
  for (const { file, code } of blocks) writeFileSync(join(folder, `${file}.ts`), code)
  const compilerOptions = {
    noEmit: false,
    outDir: ".",
    rewriteRelativeImportExtensions: true,
    noUnusedLocals: false,
    skipLibCheck: true,
    paths: {},
  }
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.ts"], exclude: [] }),
  )
  compiler = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" }).stdout
}, 60_000)

/** The doors of the package, seen from the folder of the blocks. */
function exportsOfDist(): Record<string, unknown> {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, Record<string, string>>
  }
  mkdirSync(join(folder, "dist"), { recursive: true })
  const doors = Object.entries(exports).filter(([, door]) => typeof door === "object")
  return Object.fromEntries(
    doors.map(([name, door]) => {
      const target = join(root, door["default"] as string)
      const file = `./dist/${name === "." ? "index" : name.slice(2).replaceAll("/", "-")}`
      writeFileSync(join(folder, `${file}.js`), `export * from ${JSON.stringify(target)}\n`)
      writeFileSync(join(folder, `${file}.d.ts`), `export * from ${JSON.stringify(target)}\n`)
      return [name, { types: `${file}.d.ts`, default: `${file}.js` }]
    }),
  )
}

describe.each(pages.filter((page) => blocks.some((block) => block.page === page)))("%s", (page) => {
  const own = blocks.filter((block) => block.page === page)

  test(`its ${own.length} blocks compile`, () => {
    const places = new Map(own.map(({ file, line }) => [`${file}.ts`, line]))
    const errors = compiler.split("\n").flatMap((text) => {
      const match = /([\w-]+\.ts)\((\d+),\d+\): (.*)$/.exec(text)
      const line = match && places.get(match[1] as string)
      return line ? [`${page}:${line + Number(match[2])}: ${match[3]}`] : []
    })
    expect(errors).toEqual([])
  })

  const claiming = own.filter(({ claims }) => claims > 0)
  test.skipIf(claiming.length === 0)(`its ${claiming.length} blocks with claims are true`, () => {
    for (const { file } of claiming) {
      const { status, stderr } = spawnSync(process.execPath, [join(folder, `${file}.js`)], {
        encoding: "utf8",
        timeout: 20_000,
      })
      expect(status, stderr).toBe(0)
    }
  })
})
