// Every example does what its header says. A line `// GET /path -> 200 text` is a request over a socket, and what must
// come back; the text, where there is one, is the whole body.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, onTestFinished, test } from "vitest"
import type { Application } from "../src/gateway.ts"
import { parseAnswer, serve, talk } from "./support/server.ts"

const root = fileURLToPath(new URL("../", import.meta.url))
const folder = `${root}examples/`

interface Step {
  method: string
  target: string
  body: string
  status: string
  text: string | undefined
}

function transcriptOf(file: string): Step[] {
  const steps: Step[] = []
  for (const line of readFileSync(folder + file, "utf8").split("\n")) {
    const match = /^\/\/ ([A-Z]+) +(\/\S*)(?: +(\S+=\S*))? +-> (\d{3})(?: (.*))?$/.exec(line)
    if (!match) continue
    const [, method = "", target = "", body = "", status = "", text] = match
    steps.push({ method, target, body, status, text })
  }
  return steps
}

describe("examples", () => {
  for (const file of readdirSync(folder).filter((each) => each.endsWith(".ts"))) {
    test(`${file} does what its header says`, async () => {
      const steps = transcriptOf(file)
      expect(steps.length, `${file} has no transcript`).toBeGreaterThan(0)
      const { app } = (await import(folder + file)) as { app: Application }
      const { port, errors } = await serve(app)
      for (const { method, target, body, status, text } of steps) {
        const lines = [`${method} ${target} HTTP/1.1`, "Host: localhost", "Connection: close"]
        if (body) lines.push("Content-Type: application/x-www-form-urlencoded", `Content-Length: ${body.length}`)
        const answer = parseAnswer(await talk(port, `${lines.join("\r\n")}\r\n\r\n${body}`))
        expect(answer.status, `${method} ${target}`).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
        if (text !== undefined) expect(answer.body, `${method} ${target}`).toBe(text)
      }
      expect(errors).toEqual([])
    })
  }
})

/** A process of its own, and the URL that it prints. */
async function start(...args: string[]): Promise<{ child: ChildProcess; url: string; output: () => string }> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
  onTestFinished(() => void child.kill("SIGKILL"))
  let output = ""
  const url = await new Promise<string>((resolve, reject) => {
    const collect = (chunk: Buffer) => {
      output += chunk.toString()
      const match = /Running on (http:\/\/\S+)/.exec(output)
      if (match) resolve(match[1] as string)
    }
    child.stdout.on("data", collect)
    child.stderr.on("data", collect)
    child.once("exit", (code) => reject(new Error(`exit code ${code}: ${output}`)))
  })
  return { child, url, output: () => output }
}

test("npx werkstatt run examples/flaskapp.ts:app serves it, and SIGINT ends it with exit code 0", async () => {
  const { child, url } = await start("dist/cli/main.js", "run", "examples/flaskapp.ts:app", "--port", "0")
  const answer = await fetch(`${url}/search?q=tea`)
  expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
    200,
    "text/plain; charset=utf-8",
    "Results for tea",
  ])
  child.kill("SIGINT")
  expect(await once(child, "exit")).toEqual([0, null])
})
