// The debugger under the reloader: what the parent keeps for all processes.

import { expect, test } from "vitest"
import { answers, Folder, Program } from "../serving/program.ts"
import { pinOf, Visitor } from "./visitor.ts"

const MAIN = (value: number) => `
import { runSimple } from "werkstatt/serving"
const value = ${value}
const app = (environ, start) => {
  if (environ.PATH_INFO === "/version") { start("200 OK", []); return [new TextEncoder().encode(String(value))] }
  const local = value
  throw new Error("failed " + local)
}
await runSimple("127.0.0.1", 0, app, { useDebugger: true, useReloader: true, accessLog: false })
`

/** In an orderly way, with all its processes. */
async function end(program: Program): Promise<void> {
  program.kill("SIGINT")
  expect(await program.ended()).toEqual([0, null])
}

test("PIN, secret and cookie survive a reload", async () => {
  const folder = new Folder({ "main.js": MAIN(1) })
  const program = new Program(folder, ["main.js"])
  const visitor = new Visitor(await program.url())
  const pin = await pinOf(program)
  const before = await visitor.page("/")
  expect((await visitor.enterPin(before, pin)).body).toEqual({ auth: true, exhausted: false })
  expect(await visitor.evaluate(before, 0, "local")).toBe("1")
  folder.replace("main.js", MAIN(2))
  await answers(`${visitor.url}/version`, "2")
  const after = await visitor.page("/")
  expect(after.secret).toBe(before.secret)
  expect(await visitor.evaluate(after, 0, "local")).toBe("2")
  // The error went with its process.
  expect(await visitor.evaluate(before, 0, "local")).toMatch(/^404/)
  expect(program.output.match(/Debugger PIN/g)).toHaveLength(1)
  await end(program)
  expect(program.output).not.toContain("Waiting for the debugger")
})

test("failures are counted over all processes, and a locked PIN stays locked", async () => {
  const folder = new Folder({ "main.js": MAIN(1) })
  const program = new Program(folder, ["main.js"], { WERKSTATT_DEBUG_PIN: "1234" })
  const visitor = new Visitor(await program.url())
  const first = await visitor.page("/")
  const attempt = (pin: string) => visitor.command(first, "pin", { pin })
  const early = Array.from({ length: 5 }, () => attempt("0000"))
  expect((await Promise.all(early)).map(({ body }) => body["exhausted"])).toEqual(Array(5).fill(false))
  folder.replace("main.js", MAIN(2))
  await answers(`${visitor.url}/version`, "2")
  const late = await Promise.all(Array.from({ length: 5 }, () => attempt("0000")))
  expect(late.filter(({ body }) => body["exhausted"]).length).toBeGreaterThanOrEqual(1)
  expect((await attempt("1234")).body).toEqual({ auth: false, exhausted: true })
  folder.replace("main.js", MAIN(3))
  await answers(`${visitor.url}/version`, "3")
  expect((await attempt("1234")).body).toEqual({ auth: false, exhausted: true })
  await end(program)
})

test("the command prints the PIN, shows the page, and answers in the frame", async () => {
  const folder = new Folder({
    "main.ts": `export const app = (environ: { PATH_INFO: string }) => {\n  const path: string = environ.PATH_INFO\n  throw new Error("in " + path)\n}\n`,
  })
  const program = new Program(folder, [
    "node_modules/werkstatt/dist/cli/main.js",
    "run",
    "main.ts:app",
    "--debug",
    "--port",
    "0",
  ])
  const visitor = new Visitor(await program.url())
  const page = await visitor.page("/x")
  await visitor.enterPin(page, await pinOf(program))
  expect(page.frames[0]).toMatchObject({ name: "app", place: "main.ts:3:9" })
  expect(page.frames[0]?.inside).toContain("const path: string = environ.PATH_INFO")
  expect(await visitor.evaluate(page, 0, "path")).toBe('"/x"')
  await end(program)
})

test("with liveReload a page of an error loads itself anew", async () => {
  const folder = new Folder({ "main.js": MAIN(1).replace("useReloader: true", "useReloader: true, liveReload: true") })
  const program = new Program(folder, ["main.js"])
  const url = await program.url()
  const page = await new Visitor(url).page("/")
  const script = /<script src="([^"]+)"/.exec(page.html)?.[1]
  expect(page.headers.get("content-security-policy")).toContain(`${url}${script};`)
  expect((await fetch(url + script)).status).toBe(200)
  await end(program)
})
