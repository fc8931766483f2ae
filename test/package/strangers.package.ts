// A stranger's project that uses every door: compiled by the TypeScript of several years, with the resolution of Node and of
// bundlers, as an ES module and from `require`, and run. npm run test:package

import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, test } from "vitest"
import { sharedFolder } from "../support/files.ts"
import { packPackage, runProgram } from "../support/packed-package.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: Record<string, unknown> }
const doors = Object.keys(manifest.exports).filter((door) => door !== "./package.json")
const folder = sharedFolder()

const run = (command: string, args: string[], cwd = folder) => runProgram(command, args, cwd)

/** The compiler of that version, installed when it is asked for first. */
function compilerOf(version: string): string {
  const home = join(folder, `typescript-${version}`)
  const compiler = join(home, "node_modules/typescript/bin/tsc")
  if (!existsSync(compiler)) {
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, "package.json"), "{}")
    run(
      "npm",
      [
        "install",
        "--ignore-scripts",
        "--prefer-offline",
        "--no-audit",
        "--no-fund",
        "--silent",
        `typescript@${version}`,
      ],
      home,
    )
  }
  return compiler
}

const nameOf = (door: string) => `werkstatt${door.slice(1)}`
const APPLICATION = `import { Request, Response, NotFound, rule, RuleMap } from "werkstatt"
import { Client } from "werkstatt/testing"

const urls = new RuleMap([rule("/hello/<name>", "hello")])
export const app = Request.application(async (request: Request): Promise<Response> => {
  const { endpoint, values } = urls.bindToEnviron(request.environ).match()
  if (endpoint !== "hello") throw new NotFound()
  const name: string = values.name
  return new Response(\`Hello \${name}!\`)
})

export async function answer(): Promise<string> {
  const response = await new Client(app).get("/hello/stranger")
  return response.text()
}
`

beforeAll(() => {
  const tarball = packPackage(folder)
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }))
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball])
  // Types that a project on Node has installed.
  for (const name of ["@types", "undici-types"])
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name))
  writeFileSync(join(folder, "app.ts"), APPLICATION)
  const imports = doors.map((door, index) => `import * as door${index} from "${nameOf(door)}"`)
  writeFileSync(
    join(folder, "doors.ts"),
    `${imports.join("\n")}
import { answer } from "./app.js"
console.log([${doors.map((_door, index) => `door${index}`).join(", ")}].every((door) => typeof door === "object"), await answer())
`,
  )
  writeFileSync(
    join(folder, "doors.cts"),
    `${doors.map((door, index) => `import door${index} = require("${nameOf(door)}")`).join("\n")}
console.log([${doors.map((_door, index) => `door${index}`).join(", ")}].every((door) => typeof door === "object"))
`,
  )
}, 180_000)

/** Compiles with these options; gives back what the compiler says. */
function compile(version: string, options: Record<string, unknown>, files: string[]): void {
  const compilerOptions = {
    target: "es2023",
    lib: ["es2023", "esnext.disposable"],
    strict: true,
    exactOptionalPropertyTypes: true,
    types: ["node"],
    outDir: "out",
    ...options,
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }))
  const { stdout } = spawnSync(process.execPath, [compilerOf(version), "-p", folder], { cwd: folder, encoding: "utf8" })
  // Types of other packages that are linked here are none of ours.
  expect(stdout.split("\n").filter((line) => line.includes("error") && !/^node_modules\/@types/.test(line))).toEqual([])
}

describe.each(["5.6", "5.9", "7"])("with TypeScript %s", (version) => {
  test("every door compiles for Node as an ES module, the libraries checked, and runs", { timeout: 180_000 }, () => {
    compile(version, { module: "nodenext", skipLibCheck: false }, ["doors.ts", "app.ts"])
    expect(run(process.execPath, ["out/doors.js"])).toBe("true Hello stranger!\n")
  })

  test("every door compiles for a bundler", { timeout: 180_000 }, () => {
    compile(version, { module: "esnext", moduleResolution: "bundler", noEmit: true, skipLibCheck: true }, [
      "doors.ts",
      "app.ts",
    ])
  })

  // The compiler knows since 5.8 that Node requires ES modules.
  test.skipIf(version === "5.6")("every door compiles for require, and is required", { timeout: 180_000 }, () => {
    compile(version, { module: "nodenext", skipLibCheck: true }, ["doors.cts"])
    expect(run(process.execPath, ["out/doors.cjs"])).toBe("true\n")
  })
})
