// The package as a stranger gets it: packed, checked, installed in an empty project, used from JavaScript and TypeScript.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest"
import { sharedFolder } from "../support/files.ts"
import { packPackage, runProgram } from "../support/packed-package.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const bin = (name: string) => join(root, "node_modules/.bin", name)
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, { types: string; default: string } | string>
  dependencies: Record<string, string>
}

const folder = sharedFolder()
let tarball = ""

const run = (command: string, args: string[], cwd = folder) => runProgram(command, args, cwd)

beforeAll(() => {
  tarball = packPackage(folder)
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }))
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball])
}, 120_000)

describe("the package", () => {
  test("is what publint and attw call clean", { timeout: 100_000 }, () => {
    expect(run(bin("publint"), ["run", tarball, "--strict"], root)).toMatch(/All good/)
    // Exits with 1 for any problem but what CommonJS and Node 10 would have; `run` throws then.
    const types = run(bin("attw"), [tarball, "--profile", "esm-only"], root)
    expect(types).toContain("node16 (from ESM): 🟢 (ESM)")
    expect(types).not.toMatch(/❌|🥴|👺|🎭/u)
  })

  test("holds what its exports name and the guides, and no test", () => {
    const inside = join(folder, "node_modules/werkstatt")
    for (const door of Object.values(manifest.exports)) {
      for (const file of typeof door === "string" ? [door] : Object.values(door))
        expect(existsSync(join(inside, file)), file).toBe(true)
    }
    expect(readdirSync(inside).sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist",
      "docs",
      "package.json",
      "templates",
    ])
  })

  test("installs three packages of less than 3 MB, itself among them", () => {
    const modules = join(folder, "node_modules")
    const packages = readdirSync(modules).filter((name) => !name.startsWith("."))
    expect(packages.sort()).toEqual(["busboy", "streamsearch", "werkstatt"])
    const files = readdirSync(modules, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
    expect(bytes).toBeLessThan(3_000_000)
  })

  test("has types for the rooms below the line that need no types of Node and no lib", () => {
    const neutral = [
      "gateway",
      "http",
      "exceptions",
      "datastructures",
      "environ",
      "forms",
      "wrappers",
      "routing",
      "running",
    ]
    const imports = [...neutral, "stores", "signing", "security", "local"].map(
      (door, index) => `import * as door${index} from "werkstatt/${door}"\nexport { door${index} }`,
    )
    writeFileSync(join(folder, "neutral.ts"), imports.join("\n"))
    for (const lib of [["es2023"], ["es2023", "dom"], ["es2023", "webworker"]]) {
      const options = {
        target: "es2023",
        module: "nodenext",
        strict: true,
        skipLibCheck: false,
        types: [],
        lib,
        noEmit: true,
      }
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["neutral.ts"] }))
      expect(run(bin("tsc"), ["-p", folder])).toBe("")
    }
  })

  test("runs no install script", () => {
    const installed = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as {
      packages: Record<string, { hasInstallScript?: boolean }>
    }
    expect(Object.entries(installed.packages).filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([])
  })

  test("is imported from JavaScript through every door", () => {
    const doors = Object.keys(manifest.exports).filter((door) => door !== "./package.json")
    const imports = doors.map((door) => `await import("werkstatt${door.slice(1)}")`).join(", ")
    writeFileSync(join(folder, "doors.js"), `console.log([${imports}].length)`)
    expect(run(process.execPath, ["doors.js"]).trim()).toBe(String(doors.length))
  })

  test("runs the program that the README begins with, saved as main.mjs", async () => {
    const readme = readFileSync(join(root, "README.md"), "utf8")
    const program = /^```ts\n(import [\s\S]*?)^```$/m.exec(readme)?.[1] as string
    expect(program).toContain('runSimple("localhost", 4000, app)')
    // Any free port will do here.
    writeFileSync(join(folder, "main.mjs"), program.replace("4000", "0"))
    const child = spawn(process.execPath, ["main.mjs"], { cwd: folder })
    onTestFinished(() => void child.kill("SIGKILL"))
    let output = ""
    const url = await new Promise<string>((resolve, reject) => {
      const collect = (chunk: Buffer) => {
        output += chunk.toString()
        const found = /http:\/\/localhost:\d+/.exec(output)?.[0]
        if (found !== undefined) resolve(found)
      }
      child.stdout.on("data", collect)
      child.stderr.on("data", collect)
      child.once("exit", () => reject(new Error(output)))
    })
    expect(await (await fetch(`${url}/?name=Ada`)).text()).toBe("Hello Ada!")
    const saved = await fetch(`${url}/save`, {
      method: "POST",
      body: '{"a":1}',
      headers: { "Content-Type": "application/json" },
    })
    expect(await saved.json()).toEqual({ a: 1 })
    expect((await fetch(`${url}/nothing`)).status).toBe(404)
    const exit = once(child, "exit")
    child.kill("SIGINT")
    expect(await exit).toEqual([0, null])
  })

  test("has an application to look at, which the command finds by name", () => {
    const command = join(folder, "node_modules/.bin/werkstatt")
    expect(run(command, ["fetch", "werkstatt/testapp", "/a"])).toMatch(
      /<h1>It works<\/h1>[\s\S]*PATH_INFO<td>&#34;\/a&#34;/,
    )
  })

  test("gives responses of errors through the door of errors alone", () => {
    writeFileSync(
      join(folder, "errors.js"),
      `import { NotFound } from "werkstatt/exceptions"\nconsole.log(new NotFound().getResponse().status)`,
    )
    expect(run(process.execPath, ["errors.js"]).trim()).toBe("404 Not Found")
  })

  test("serves a ten-line TypeScript application that was compiled against its types", async () => {
    writeFileSync(
      join(folder, "main.ts"),
      `import { HTTPException, makeServer, NotFound, Request, Response } from "werkstatt"

export const app = Request.application(async (request: Request): Promise<Response> => {
  const name: string | undefined = request.args.get("name")
  if (name === undefined) throw new NotFound()
  return new Response(\`Hello \${name}!\`, { headers: { "X-Path": request.path } })
})

export const error: HTTPException = new NotFound("nobody")
error.getResponse().setCookie("seen", "1")
const server = await makeServer("127.0.0.1", 0, app, { accessLog: false })
console.log(server.url)
`,
    )
    const options = {
      target: "es2023",
      module: "nodenext",
      strict: true,
      exactOptionalPropertyTypes: true,
      types: ["node"],
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["main.ts"] }))
    symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"))
    symlinkSync(join(root, "node_modules/undici-types"), join(folder, "node_modules/undici-types"))
    run(bin("tsc"), ["-p", folder])
    const child = spawn(process.execPath, ["main.js"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] })
    onTestFinished(() => void child.kill("SIGKILL"))
    const [chunk] = (await once(child.stdout, "data")) as [Buffer]
    const url = chunk.toString().trim()
    expect(await (await fetch(`${url}/?name=stranger`)).text()).toBe("Hello stranger!")
    expect((await fetch(url)).status).toBe(404)
  }, 60_000)

  test("says which optional package httpProxy needs, and loads it for nothing else", () => {
    expect(readdirSync(join(folder, "node_modules"))).not.toContain("undici")
    writeFileSync(
      join(folder, "proxy.js"),
      `import "werkstatt/middleware"
import { httpProxy } from "werkstatt/proxy"
try {
  httpProxy(() => [], { "/": "http://127.0.0.1:9" })
} catch (error) {
  console.log(error.message)
}`,
    )
    expect(run(process.execPath, ["proxy.js"])).toBe("httpProxy needs the package undici: npm install undici@7\n")
  })

  test("says which optional package openTelemetry needs, and loads it for nothing else", () => {
    writeFileSync(
      join(folder, "telemetry.js"),
      `import { openTelemetry } from "werkstatt/middleware"
try {
  openTelemetry(() => [])
} catch (error) {
  console.log(error.message)
}`,
    )
    expect(run(process.execPath, ["telemetry.js"])).toBe(
      "openTelemetry needs the package @opentelemetry/api: npm install @opentelemetry/api\n",
    )
  })

  test("reloads without chokidar by looking at the files, and says what chokidar is for when it is asked for", async () => {
    expect(readdirSync(join(folder, "node_modules"))).not.toContain("chokidar")
    const app = (text: string) =>
      writeFileSync(
        join(folder, "reloaded.mjs"),
        `import { Request, Response } from "werkstatt"\nexport const app = Request.application(() => new Response("${text}"))\n`,
      )
    app("one")
    const command = join(folder, "node_modules/.bin/werkstatt")
    const args = ["run", "reloaded.mjs:app", "--port", "0", "--reload"]
    expect(() => run(command, [...args, "--reloader", "chokidar"])).toThrow(/npm install --save-dev chokidar/)
    const child = spawn(command, [...args, "--reloader-interval", "50"], { cwd: folder })
    onTestFinished(() => void child.kill("SIGTERM"))
    let output = ""
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()))
    await vi.waitFor(() => expect(output).toMatch(/Restarting with stat/), 20_000)
    const url = /http:\/\/[\w.:]+/.exec(output)?.[0] as string
    const answer = async () => (await fetch(url)).text()
    expect(await answer()).toBe("one")
    app("two")
    await vi.waitFor(async () => expect(await answer()).toBe("two"), 20_000)
    const exit = once(child, "exit")
    child.kill("SIGINT")
    expect(await exit).toEqual([0, null])
  }, 60_000)

  test("brings its command", () => {
    expect(run(join(folder, "node_modules/.bin/werkstatt"), ["--help"])).toMatch(/^Usage: werkstatt/)
  })
})
