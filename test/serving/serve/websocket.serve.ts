// WebSockets under `werkstatt serve`: a reload and the end tell each client, with the code that says whether to come again.

import { once } from "node:events"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { WebSocket } from "ws"
import { Folder, WAIT } from "../program.ts"
import { Server } from "./server.ts"

const APP = `
  import { application, Response } from "werkstatt"
  export const app = application(() => Response.websocket(async (socket) => {
    for await (const message of socket) await socket.send(message)
  }))
`

const COUNT = 1000

async function open(url: string, count: number): Promise<{ closed: Promise<number[]>; echo(): Promise<void> }> {
  const sockets: WebSocket[] = []
  for (let at = 0; at < count; at += 50) {
    const some = Array.from({ length: Math.min(50, count - at) }, () => new WebSocket(url.replace("http", "ws")))
    await Promise.all(some.map((socket) => once(socket, "open")))
    sockets.push(...some)
  }
  onTestFinished(() => {
    for (const socket of sockets) socket.terminate()
  })
  return {
    closed: Promise.all(sockets.map(async (socket) => (await once(socket, "close"))[0] as number)),
    async echo() {
      const [socket] = sockets as [WebSocket]
      socket.send("still here")
      expect(String((await once(socket, "message"))[0])).toBe("still here")
    },
  }
}

test("HUP closes 1000 sockets with 1012, new ones meet the new workers, and TERM closes these with 1001", async () => {
  const folder = new Folder({ "app.js": APP })
  const log = join(folder.path, "access.log")
  const server = new Server(folder, ["--workers", "2", "--access-log", log])
  const url = await server.ready()

  const before = await open(url, COUNT)
  await before.echo()
  server.kill("SIGHUP")
  const codes = await before.closed
  expect(codes.length).toBe(COUNT)
  expect(new Set(codes)).toEqual(new Set([1012]))

  const after = await open(url, COUNT)
  await after.echo()
  server.kill("SIGTERM")
  expect(new Set(await after.closed)).toEqual(new Set([1001]))
  expect(await server.ended()).toEqual([0, null])

  const lines = readFileSync(log, "utf8").trim().split("\n")
  const count = (end: string) => lines.filter((line) => line.includes(` websocket=${end}`)).length
  await expect.poll(() => [count("open"), count("1012"), count("1001")], WAIT).toEqual([2 * COUNT, COUNT, COUNT])
})
