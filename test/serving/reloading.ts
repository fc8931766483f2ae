// Programs under the reloader: what its tests start.

import { expect } from "vitest"
import { Folder, isAlive, Program, WAIT } from "./program.ts"

/** A program that serves the text of a module beside it. */
export const MAIN = (options = "{}"): string => `
  import { runSimple } from "werkstatt/serving"
  import { text } from "./text.js"
  const app = (environ, start) => {
    start("200 OK", [["Content-Type", "text/html"]])
    return [new TextEncoder().encode(text)]
  }
  await runSimple("127.0.0.1", 0, app, { useReloader: true, ...${options} })`

/** A program whose page shows what a WebSocket says, which is the text of a module beside it. */
export const SPEAKING = `
  import { Request, Response } from "werkstatt"
  import { runSimple } from "werkstatt/serving"
  import { text } from "./text.js"
  const page = \`<!doctype html><p id="said"></p><script>
    const socket = new WebSocket("ws://" + location.host + "/socket")
    socket.onmessage = ({ data }) => { document.getElementById("said").textContent = data }
    socket.onclose = ({ code }) => { sessionStorage.setItem("code", code) }
  </script>\`
  const app = Request.application((request) => {
    if (request.websocket === undefined) return new Response(page, { mimetype: "text/html" })
    return Response.websocket(async (socket) => {
      await socket.send(text)
      for await (const _ of socket);
    })
  })
  await runSimple("127.0.0.1", 0, app, { useReloader: true, liveReload: true })`

export const text = (value: string): string => `export const text = ${JSON.stringify(value)}\n`

/** A module's beginning that runs this statement once there is a file `go`. */
export const onGo = (statement: string): string => `
  import { existsSync } from "node:fs"
  import { isRunningFromReloader } from "werkstatt/serving"
  if (isRunningFromReloader()) setInterval(() => { if (existsSync("go")) ${statement} }, 20)`

export async function start(files: Record<string, string>, args = ["main.js"]) {
  const folder = new Folder(files)
  const program = new Program(folder, args)
  const url = await program.url()
  return { folder, program, url }
}

/** Waits until none of them runs any more. */
export async function noOrphans(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter(isAlive), WAIT).toEqual([])
}
