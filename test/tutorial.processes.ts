// The tutorial, gone through by a person with nothing but its pages, an empty folder, and the packed package: every file is
// written as it stands there, and every command is run as it stands there.

import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { sharedFolder } from "./support/files.ts"
import { packPackage } from "./support/packed-package.ts"

const pages = fileURLToPath(new URL("../docs/tutorial/", import.meta.url))
const folder = sharedFolder()
let tarball = ""
/** Where the person is, and what was exported there. */
let place = folder
const environ: Record<string, string | undefined> = {
  ...process.env,
  WERKSTATT_PORT: "0",
  npm_config_prefer_offline: "true",
}

type Step = { file: string; text: string } | { command: string }

function stepsOf(page: string): Step[] {
  const text = readFileSync(pages + page, "utf8")
  const pattern = /^<!-- file: (\S+).*? -->\n```\w+\n([\s\S]*?)^```$|^ {4}(\S.*)$/gm
  // What is indented within a file is no command: the first alternative takes the whole of it.
  return [...text.matchAll(pattern)].map(([, file, body = "", command = ""]) =>
    file === undefined ? { command } : { file, text: body },
  )
}

const order = ["index.md"]
for (let next: string | undefined = "index.md"; next !== undefined; ) {
  next = /^Next: \[.*?\]\((\S+)\)/m.exec(readFileSync(pages + next, "utf8"))?.[1]
  if (next !== undefined) order.push(next)
}

async function perform(command: string): Promise<string> {
  const server = /^npx werkstatt (run|serve) /.exec(command)
  if (server !== null) return visit(command)
  // The package as it is published from here.
  const typed = command.replace(/^npm install werkstatt$/, `npm install ${tarball}`)
  const script = `${typed}\nstatus=$?; pwd >&3; echo "SECRET_KEY=$SECRET_KEY FLASKR_DATA=$FLASKR_DATA" >&3; exit $status`
  const { status, stdout, stderr, output } = spawnSync("bash", ["-c", script], {
    cwd: place,
    env: environ,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  })
  expect(status, `${command}\n${stdout}\n${stderr}`).toBe(0)
  const [where = place, variables = ""] = (output[3] as string).split("\n")
  place = where
  for (const pair of variables.split(" ")) {
    const [name = "", value = ""] = pair.split("=")
    if (value !== "") environ[name] = value
  }
  return stdout
}

/** Starts a server, looks at its page, and ends it by Ctrl+C. Gives the page. */
async function visit(command: string): Promise<string> {
  // Any port will do for the test. npx, which passes the signal on, dies of it whatever the program ends with.
  const typed = command.replace("127.0.0.1:8000", "127.0.0.1:0").replace("npx werkstatt", "node_modules/.bin/werkstatt")
  const child = spawn("bash", ["-c", `exec ${typed}`], { cwd: place, env: environ, detached: true })
  const interrupt = () => process.kill(-(child.pid as number), "SIGINT")
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) interrupt()
  })
  let output = ""
  const exit = once(child, "exit")
  const url = await new Promise<string>((resolve, reject) => {
    const collect = (chunk: Buffer) => {
      output += chunk.toString()
      const found = /http:\/\/(?:localhost|127\.0\.0\.1):[1-9]\d*/.exec(output)?.[0]
      if (found !== undefined) resolve(found)
    }
    child.stdout.on("data", collect)
    child.stderr.on("data", collect)
    void exit.then(() => reject(new Error(`${command} has ended:\n${output}`)))
  })
  const page = await (await fetch(url)).text()
  interrupt()
  const [code] = (await exit) as [number | null]
  expect(code, output).toBe(0)
  return page
}

beforeAll(() => {
  tarball = packPackage(folder)
}, 120_000)

afterAll(() => {
  expect(order.length).toBe(readdirSync(pages).filter((name) => name.endsWith(".md")).length)
})

/** What a step has to give, besides ending well. */
const results: [command: RegExp, output: RegExp][] = [
  [/^npx werkstatt fetch hello\.ts/, /Hello Ada!/],
  [/^npx werkstatt run hello\.ts/, /Hello World!/],
  [/^npx werkstatt (?:run|serve) main\.ts/, /<title>Posts - Flaskr<\/title>/],
  // Versions of Node mark the line in different ways.
  [/^node .*--test/, /^\W fail 0$/m],
]

describe("the tutorial", () => {
  test.each(order)("%s", { timeout: 300_000 }, async (page) => {
    const steps = stepsOf(page)
    expect(steps.length).toBeGreaterThan(0)
    for (const step of steps) {
      if ("file" in step) {
        mkdirSync(dirname(join(place, step.file)), { recursive: true })
        writeFileSync(join(place, step.file), step.text)
        continue
      }
      const output = await perform(step.command)
      const expected = results.find(([command]) => command.test(step.command))?.[1]
      if (expected !== undefined) expect(output).toMatch(expected)
    }
  })
})
