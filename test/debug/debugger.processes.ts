// What a running program under the debugger does in the end: to code that does not stop, and when it is stopped itself.

import { expect, test } from "vitest"
import { site } from "./site.ts"

const here = site({
  "main.js": `
import { runSimple } from "werkstatt/serving"
const app = (environ, start) => {
  if (environ.PATH_INFO === "/fails") throw new Error("failed")
  start("200 OK", [])
  return [new TextEncoder().encode("Hello")]
}
await runSimple("127.0.0.1", 0, app, { useDebugger: true, accessLog: false })`,
})

test("code that does not end is ended, and the server goes on", async () => {
  const page = await here.visitor.page("/fails")
  await here.visitor.enterPin(page, here.pin)
  expect(await here.visitor.evaluate(page, 0, "for (;;) {}")).toMatch(/timed out/)
  expect(await (await fetch(`${here.visitor.url}/`)).text()).toBe("Hello")
})

test("the process ends in an orderly way, and waits for no debugger", async () => {
  await here.visitor.page("/fails")
  here.program.kill("SIGINT")
  expect(await here.program.ended()).toEqual([0, null])
  expect(here.program.output).not.toContain("Waiting for the debugger")
})
