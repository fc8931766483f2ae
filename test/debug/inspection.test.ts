// What watching means for a process: it ends as ever, and without the debugger there is none of it.

import { spawnSync } from "node:child_process"
import { expect, test } from "vitest"
import { Folder } from "../serving/program.ts"

test("a program that has armed it and never stops it ends by itself", () => {
  const folder = new Folder({
    "main.js": `import { DebuggedApplication } from "werkstatt/debug"
      const debugged = new DebuggedApplication(() => [])
      await debugged.arm()
      try { throw new Error("x") } catch {}
      console.log("armed")`,
  })
  const { stdout, status } = spawnSync(process.execPath, ["main.js"], {
    cwd: folder.path,
    encoding: "utf8",
    timeout: 30_000,
  })
  expect([stdout, status]).toEqual(["armed\n", 0])
})

test("without the debugger nothing of it is loaded", () => {
  const folder = new Folder({
    "main.js": `import { makeServer } from "werkstatt"
       const fine = (environ, start) => { start("200 OK", []); return [] }
       const server = await makeServer("127.0.0.1", 0, fine, {})
       await server.close()
       console.log(globalThis.__werkstatt_debug__ === undefined, Error.stackTraceLimit)`,
  })
  const { stdout } = spawnSync(process.execPath, ["main.js"], { cwd: folder.path, encoding: "utf8" })
  expect(stdout).toBe("true 10\n")
})
