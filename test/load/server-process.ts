// A server of this folder in a process of its own, with a heap of 96 MiB.

import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { generate } from "selfsigned"
import { onTestFinished } from "vitest"

export interface ServerProcess {
  child: ChildProcess
  port: number
}

/** Starts it; it ends with the test. It finds a certificate in the variable TLS_PAIR. */
export async function startServer(name: string, ...args: string[]): Promise<ServerProcess> {
  const made = await generate([{ name: "commonName", value: "localhost" }])
  const child = fork(fileURLToPath(new URL(`${name}.mjs`, import.meta.url)), args, {
    execArgv: ["--max-old-space-size=96", "--expose-gc"],
    env: { ...process.env, TLS_PAIR: JSON.stringify({ key: made.private, cert: made.cert }) },
  })
  onTestFinished(async () => {
    if (child.exitCode !== null) return
    child.disconnect()
    await once(child, "exit")
  })
  const [{ port }] = (await once(child, "message")) as [{ port: number }]
  return { child, port }
}

/** What the server answers. */
export async function ask<Answer>(child: ChildProcess, question: string): Promise<Answer> {
  child.send(question)
  const [answer] = (await once(child, "message")) as [Answer]
  return answer
}
