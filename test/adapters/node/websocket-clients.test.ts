// Clients that others have written, against a running server: undici's WebSocket, and Python's websockets where it is installed.

import { execFile, spawnSync } from "node:child_process"
import { once } from "node:events"
import { promisify } from "node:util"
import { WebSocket as UndiciWebSocket } from "undici"
import { expect, test } from "vitest"
import { application } from "../../../src/wrappers/application.ts"
import { Response } from "../../../src/wrappers/response.ts"
import { serve } from "../../support/server.ts"

const app = application(() =>
  Response.websocket(
    async (socket) => {
      for await (const message of socket) await socket.send(message)
    },
    { protocol: "chat", origins: "*" },
  ),
)

/** Node's own, from Node 22 on. */
const { WebSocket: NodeWebSocket } = globalThis as { WebSocket?: typeof UndiciWebSocket }

test.each([
  ["undici's", UndiciWebSocket],
  ["Node's own", NodeWebSocket],
])("%s WebSocket, which browsers' is like", async (_, WebSocket) => {
  if (WebSocket === undefined) return
  const { port } = await serve(app)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, ["x", "chat"])
  socket.binaryType = "arraybuffer"
  await once(socket as never, "open")
  expect(socket.protocol).toBe("chat")
  const echo = async (message: string | Uint8Array) => {
    socket.send(message as never)
    return ((await once(socket as never, "message"))[0] as { data: unknown }).data
  }
  expect(await echo("héllo 😀")).toBe("héllo 😀")
  expect(new Uint8Array((await echo(Uint8Array.of(0, 255))) as ArrayBuffer)).toEqual(Uint8Array.of(0, 255))
  expect(String(await echo("x".repeat(200_000))).length).toBe(200_000)
  socket.close(4000, "done")
  const [event] = (await once(socket as never, "close")) as [{ code: number; wasClean: boolean }]
  expect([event.code, event.wasClean]).toEqual([4000, true])
})

const python = "/usr/bin/python3"
const hasWebsockets = spawnSync(python, ["-c", "import websockets"]).status === 0
if (!hasWebsockets) console.warn("python3-websockets is not installed: the test with it is skipped")

const SCRIPT = `
import asyncio, json, sys, websockets
async def main():
    out = []
    async with websockets.connect(sys.argv[1], subprotocols=["chat"]) as ws:
        out.append(ws.subprotocol)
        await ws.send("hello")
        out.append(await ws.recv())
        await ws.send(b"\\x00\\xff")
        out.append((await ws.recv()).hex())
        # In fragments.
        await ws.send(["a", "b", "c"])
        out.append(await ws.recv())
        await (await ws.ping())
        out.append("pong")
    out.append(ws.close_code)
    print(json.dumps(out))
asyncio.run(main())
`

test.skipIf(!hasWebsockets)(
  "Python's websockets, with fragments and pings, and compression that it offers",
  async () => {
    const { port } = await serve(app)
    const { stdout } = await promisify(execFile)(python, ["-c", SCRIPT, `ws://127.0.0.1:${port}/`])
    expect(JSON.parse(stdout)).toEqual(["chat", "hello", "00ff", "abc", "pong", 1000])
  },
)
