// What the README opens with, as a person does it: npm start, a look, Ctrl+C.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { connect } from "node:net"
import { expect, onTestFinished, test } from "vitest"

const root = new URL("../..", import.meta.url).pathname
/** That of examples/tour.ts. */
const PORT = 4000

async function isTaken(port: number): Promise<boolean> {
  const socket = connect(port, "localhost")
  const outcome = await Promise.race([
    once(socket, "connect").then(() => true),
    once(socket, "error").then(() => false),
  ]).catch(() => false)
  socket.destroy()
  return outcome
}

test("npm start serves the example and ends with exit code 0 on Ctrl+C", { timeout: 60_000 }, async ({ skip }) => {
  if (process.platform === "win32") skip("Ctrl+C cannot be sent on Windows")
  if (await isTaken(PORT)) skip(`port ${PORT} is taken`)
  // A group of its own, as a terminal makes it: Ctrl+C goes to npm and to all that it has started.
  const npm = spawn("npm", ["start"], { cwd: root, detached: true, stdio: ["ignore", "pipe", "pipe"] })
  const interrupt = () => process.kill(-(npm.pid as number), "SIGINT")
  onTestFinished(() => {
    if (npm.exitCode === null && npm.signalCode === null) interrupt()
  })
  let output = ""
  const ready = new Promise<void>((resolve) => {
    for (const stream of [npm.stdout, npm.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString()
        if (output.includes("Press CTRL+C to quit")) resolve()
      })
    }
  })
  const exit = once(npm, "exit")
  await Promise.race([ready, exit])
  expect(output).toContain(`http://localhost:${PORT}`)
  const response = await fetch(`http://localhost:${PORT}/?name=you`)
  expect(await response.text()).toBe("Hello you!")
  interrupt()
  expect(await exit).toEqual([0, null])
})
