// The example, with what its users have: curl and a file. A smaller one, but none that fits into a buffer.

import { spawn, spawnSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { app } from "../../examples/upload.ts"
import { serve } from "../support/server.ts"

const hasCurl = spawnSync("curl", ["--version"]).status === 0

test.runIf(hasCurl)("examples/upload.ts tells the SHA-256 of what curl sends", async () => {
  const directory = mkdtempSync(join(tmpdir(), "test-uploads-"))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const content = randomBytes(20_000_000)
  const file = join(directory, "large.bin")
  writeFileSync(file, content)
  const { port } = await serve(app)

  const curl = spawn("curl", ["-s", "-F", `file=@${file}`, "-F", "note=text", `http://127.0.0.1:${port}/`])
  let output = ""
  curl.stdout.on("data", (chunk) => {
    output += chunk
  })
  await once(curl, "close")
  expect(output).toBe(`${createHash("sha256").update(content).digest("hex")}  large.bin\n`)
})
