// The reloader as people meet it: a program, files that change, and a client that asks meanwhile. The rest is in
// reloader.processes.ts: npm run test:processes.

import { expect, test } from "vitest"
import { sleep } from "../support/server.ts"
import { answers, untilChildren } from "./program.ts"
import { MAIN, noOrphans, start, text } from "./reloading.ts"

test.each(["chokidar", "stat"])(
  "with %s an edit, a replaced file, and one that comes back are served, and no request fails",
  async (kind) => {
    const { folder, program, url } = await start({
      "main.js": MAIN(`{ reloaderType: "${kind}", reloaderIntervalMs: 50 }`),
      "text.js": text("one"),
    })
    await program.printed(new RegExp(`Restarting with ${kind}`))
    await answers(url, "one")
    let asking = true
    const failed: unknown[] = []
    const client = (async () => {
      while (asking) {
        await fetch(url).catch((error: unknown) => failed.push(error))
        await sleep(30)
      }
    })()
    folder.write("text.js", text("two"))
    await answers(url, "two")
    folder.replace("text.js", text("three"))
    await answers(url, "three")
    folder.remove("text.js")
    await answers(url, /does not run/)
    folder.write("text.js", text("four"))
    await answers(url, "four")
    asking = false
    await client
    expect(failed).toEqual([])
    expect(program.output).toMatch(/Detected change in '.*text\.js', reloading/)
  },
)

test("a syntax error is shown with its place, as a page or as text, and the next good save recovers", async () => {
  const { folder, program, url } = await start({ "main.js": MAIN(), "text.js": text("one") })
  await answers(url, "one")
  folder.write("text.js", "export const text = '<b>'\nexport const = 2\n")
  await answers(url, /text\.js:2\nexport const = 2\n[ ]+\^\n\nSyntaxError/)
  const page = await fetch(url, { headers: { Accept: "text/html" } })
  expect(page.status).toBe(500)
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8")
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'")
  expect(await page.text()).toMatch(/text\.js:2\nexport const = 2\n/)
  expect(program.output).toMatch(/text\.js:2\nexport const = 2/)
  folder.write("text.js", text("two"))
  await answers(url, "two")
})

test("SIGKILL to the parent leaves no child behind", async () => {
  const { program, url } = await start({ "main.js": MAIN(), "text.js": text("one") })
  await answers(url, "one")
  const children = await untilChildren(program.pid, 2)
  program.kill("SIGKILL")
  await program.ended()
  await noOrphans(children)
})
