// The first ten minutes of a new user, by docs/start.md alone: every file and every command as it stands there, in one go, with the
// server left running while files change.

import { beforeAll, expect, onTestFinished, test } from "vitest"
import { sharedFolder } from "./support/files.ts"
import { Reader, type StartedServer, stepsOf } from "./support/reader.ts"

const folder = sharedFolder()
let reader: Reader

beforeAll(() => {
  reader = new Reader(folder)
}, 120_000)

const WAIT = { timeout: 30_000, interval: 100 }

async function see(server: StartedServer, path: string): Promise<string> {
  const response = await fetch(new URL(path, await server.url()), { headers: { Accept: "text/html" } })
  return `${response.status} ${await response.text()}`
}

/** What a page shows behind each change of the file that is served. */
const changes: [path: string, text: RegExp][][] = [
  [
    ["/", /^200 Hello World!$/],
    ["/?name=Ada", /^200 Hello Ada!$/],
  ],
  [
    ["/", /^200 Hello World! Try \/double\/21$/],
    ["/double/21", /^200 Twice 21 is 42\.$/],
    ["/double/x", /^404 /],
  ],
  [
    ["/double/21", /^500 [\s\S]*My fingers are not enough[\s\S]*app\.ts/],
    ["/", /^400 /],
    ["/?name=Ada", /^200 Hello ADA!$/],
  ],
]

test("docs/start.md leads from an empty folder to a program that is tested and served", {
  timeout: 300_000,
}, async () => {
  let server: StartedServer | undefined
  onTestFinished(async () => {
    if (server?.isRunning) await server.interrupt()
  })
  const typed: string[] = []
  let seen = 0
  for (const step of stepsOf("start.md")) {
    if ("file" in step) {
      reader.write(step)
      if (server === undefined || step.file !== "app.ts") continue
      for (const [path, text] of changes[seen] ?? [])
        await expect.poll(() => see(server as StartedServer, path).catch(String), WAIT).toMatch(text)
      seen++
      continue
    }
    const { command } = step
    typed.push(command)
    await server?.interrupt()
    server = reader.serve(command)
    if (server !== undefined) {
      const [path, text] =
        command === "npm start" ? (["/?name=Ada", /^200 Hello ADA!$/] as const) : (["/", /^200 Hello World!$/] as const)
      expect(await see(server, path)).toMatch(text)
      continue
    }
    const output = reader.type(command)
    if (command === "npm test") expect(output).toMatch(/^\W pass 3$/m)
    if (command.startsWith("npx werkstatt fetch")) expect(output).toContain("Twice 4 is 8.")
  }
  await server?.interrupt()
  expect(seen).toBe(changes.length)
  expect(typed).toEqual([
    "npm create werkstatt shop",
    "cd shop",
    "npm install",
    "npm run dev",
    "npm test",
    "npx werkstatt fetch app.ts /double/4",
    "npm start",
  ])
})
