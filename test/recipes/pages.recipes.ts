// What holds for every recipe: its files compile, its packages are those that are tested, it is short, and the index names it.

import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, test } from "vitest"
import { pagesFolder, recipe, recipeNames, root, textOf } from "./recipe.ts"

const here = fileURLToPath(new URL(".", import.meta.url))
let errors = ""

beforeAll(() => {
  const folder = join(recipeNames.map((name) => recipe(name, "types"))[0]?.folder as string, "..")
  // As in the tutorial.
  const compilerOptions = {
    target: "es2023",
    module: "nodenext",
    lib: ["es2023", "dom", "dom.iterable", "esnext.disposable"],
    types: ["node"],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["**/*.ts"] }))
  errors = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { cwd: folder, encoding: "utf8" }).stdout
}, 120_000)

const installed = () => {
  const packages = [root, pagesFolder].map((folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")))
  return packages.flatMap((each) => Object.keys({ ...each.dependencies, ...each.devDependencies, [each.name]: "" }))
}

describe.each(recipeNames)("%s", (name) => {
  const text = textOf(name)

  test("its files compile", () => {
    expect(errors.split("\n").filter((line) => line.startsWith(`${name}/`))).toEqual([])
  })

  test("what it has installed is what is tested", () => {
    const [, line] = /^ {4}npm install (.*)$/m.exec(text) ?? []
    expect(line, "the line with npm install").toBeDefined()
    const imported = [...text.matchAll(/(?: from |^import |\bimport\()"([^"./][^"]*)"/gm)].map(([, path = ""]) =>
      path
        .split("/")
        .slice(0, path.startsWith("@") ? 2 : 1)
        .join("/"),
    )
    const lines = [...text.matchAll(/^ {4}npm install (.*)$/gm)].map(([, each]) => each)
    const named = lines
      .join(" ")
      .split(" ")
      .filter((word) => !word.startsWith("-"))
    for (const each of named) expect(installed()).toContain(each)
    for (const each of imported) if (!/^(?:node|bun|jsr):/.test(each)) expect(named).toContain(each)
  })

  test("is short, has a test of its own and a line of the index", () => {
    const code = [...text.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)].map(([, body = ""]) => body).join("")
    expect(code.split("\n").length).toBeLessThan(150)
    const own = name === "other-runtimes" ? "../runtimes/recipe.runtimes.ts" : `${name}.recipes.ts`
    expect(existsSync(join(here, own))).toBe(true)
    expect(textOf("index")).toContain(`](${name}.md)`)
  })
})

test("no package of the recipes has an install script", () => {
  const { packages } = JSON.parse(readFileSync(join(pagesFolder, "package-lock.json"), "utf8")) as {
    packages: Record<string, { hasInstallScript?: boolean; deprecated?: string }>
  }
  const odd = Object.entries(packages).filter(([, each]) => each.hasInstallScript || each.deprecated !== undefined)
  expect(odd.map(([name]) => name)).toEqual([])
})
