// WebSockets over HTTPS through real front servers, with the configurations of docs/websocket.md, and clients that others have written.

import { execFile } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:http2"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Agent, WebSocket as UndiciWebSocket } from "undici"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { WebSocket } from "ws"
import { createServer } from "../../src/adapters/node.ts"
import { proxyFix } from "../../src/middleware/proxy-fix.ts"
import { generateAdhocSslPair } from "../../src/serving/tls.ts"
import { application } from "../../src/wrappers/application.ts"
import { Response } from "../../src/wrappers/response.ts"
import { linted } from "../support/lint.ts"
import { frameBytes, framesIn, TEXT } from "../support/websocket-frames.ts"
import { Front, type FrontName, isInstalled } from "./front.ts"

// Short, since the path of a socket has at most 107 bytes.
const folder = join(process.env["TMPDIR"] ?? "/tmp", "wsfronts")
const page = readFileSync(fileURLToPath(new URL("../../docs/websocket.md", import.meta.url)), "utf8")
const BLOCKS: Readonly<Record<"nginx" | "haproxy", RegExp>> = {
  nginx: /```nginx\n([\s\S]*?)```/,
  haproxy: /```txt\n([\s\S]*?)```/,
}

let pair: { cert: string; key: string }
let drain: () => Promise<void>
let destroy: () => void

const app = application((request) => {
  if (request.path === "/no") return new Response("not you", { status: 403 })
  return Response.websocket(
    async (socket) => {
      await socket.send(JSON.stringify([request.url, request.remoteAddr]))
      for await (const message of socket) {
        if (message === "close") return socket.close(4001, "as you wish")
        await socket.send(message)
      }
    },
    { protocol: "chat" },
  )
})

async function listen(): Promise<void> {
  const path = join(folder, "http.sock")
  const made = createServer(proxyFix(linted(app, { allow: ["L20"] }), { for: 1, proto: 1 }), { pingIntervalMs: 300 })
  made.server.listen(path)
  await once(made.server, "listening")
  chmodSync(path, 0o777)
  drain = () => made.drain()
  destroy = () => made.destroy()
}

beforeAll(async () => {
  mkdirSync(folder)
  chmodSync(folder, 0o777)
  pair = await generateAdhocSslPair()
  writeFileSync(join(folder, "site.pem"), `${pair.cert}\n${pair.key}\n`)
  writeFileSync(join(folder, "cert.pem"), pair.cert)
  await listen()
})
afterAll(() => {
  destroy()
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
})

/** A Node that has one. Installed outside of the folder that a run of the tests has for itself and removes. */
async function node22(): Promise<string | undefined> {
  const installer = new URL("../../.ci/node-binary.mjs", import.meta.url).href
  const { nodeBinary } = (await import(/* @vite-ignore */ installer)) as {
    nodeBinary(major: string): string | undefined
  }
  const own = process.env["TMPDIR"]
  if (own === undefined) return nodeBinary("22")
  process.env["TMPDIR"] = dirname(own)
  try {
    return nodeBinary("22")
  } finally {
    process.env["TMPDIR"] = own
  }
}

describe.each(["nginx", "haproxy"] as const)("behind %s", (name: FrontName & keyof typeof BLOCKS) => {
  describe.skipIf(!isInstalled(name))(isInstalled(name) ? "" : `(${name} is not installed)`, () => {
    let front: Front
    let origin = ""
    const own = (text: string) => text.replace(/(timeout tunnel|proxy_read_timeout) 60s/g, "$1 1s")
    beforeAll(async () => {
      front = await Front.startWith(name, own(BLOCKS[name].exec(page)?.[1] as string), folder, "websocket")
      origin = `localhost:${front.port}`
    })
    afterAll(() => front?.stop())

    const open = async (path = "/"): Promise<[WebSocket, string]> => {
      const socket = new WebSocket(`wss://${origin}${path}`, ["chat"], { ca: pair.cert, origin: `https://${origin}` })
      return [socket, String((await once(socket, "message"))[0])]
    }

    test("a handshake arrives with scheme, host and address, and its page is one of this site", async () => {
      const [socket, greeting] = await open("/a?b=c")
      expect(JSON.parse(greeting)).toEqual([`https://${origin}/a?b=c`, "127.0.0.1"])
      expect(socket.protocol).toBe("chat")
      socket.close(4000, "done")
      expect((await once(socket, "close"))[0]).toBe(4000)
    })

    test("a refusal arrives as it is, and that of a page of another site", async () => {
      for (const [path, from] of [
        ["/no", `https://${origin}`],
        ["/", "https://evil.test"],
      ] as const) {
        const socket = new WebSocket(`wss://${origin}${path}`, ["chat"], { ca: pair.cert, origin: from })
        socket.on("error", () => {})
        const [, response] = await once(socket, "unexpected-response")
        expect(response.statusCode).toBe(403)
        response.destroy()
      }
    })

    test("many messages arrive in order, both ways, and the close of the application with its code", async () => {
      const [socket] = await open()
      const got: string[] = []
      socket.on("message", (data) => got.push(String(data).slice(0, 8)))
      const sent = Array.from({ length: 300 }, (_, index) => String(index).padStart(8, "0"))
      for (const text of sent) socket.send(text + "x".repeat(10_000))
      socket.send("close")
      const [code, reason] = await once(socket, "close")
      expect([code, String(reason)]).toEqual([4001, "as you wish"])
      expect(got).toEqual(sent)
    })

    test("pings keep a quiet socket open for longer than the front server would", async () => {
      const [socket] = await open()
      await new Promise((resolve) => setTimeout(resolve, 2500))
      socket.send("still here")
      expect(String((await once(socket, "message"))[0])).toBe("still here")
      socket.close()
      await once(socket, "close")
    })

    test("undici's WebSocket talks", async () => {
      const dispatcher = new Agent({ connect: { ca: pair.cert } })
      const socket = new UndiciWebSocket(`wss://${origin}/`, { protocols: ["chat"], dispatcher })
      await once(socket as never, "message")
      socket.send("h\u00e9llo")
      expect(((await once(socket as never, "message"))[0] as { data: unknown }).data).toBe("h\u00e9llo")
      socket.send("close")
      const [event] = (await once(socket as never, "close")) as [{ code: number; wasClean: boolean }]
      expect([event.code, event.wasClean]).toEqual([4001, true])
      await dispatcher.close()
    })

    test("Node's own WebSocket talks", async ({ skip }) => {
      const binary = await node22()
      if (binary === undefined) return skip("there is no Node 22 for this machine")
      const script = `
        const socket = new WebSocket(process.argv[1], ["chat"])
        let count = 0
        socket.onmessage = ({ data }) => {
          if (++count === 1) socket.send("h\\u00e9llo")
          else { console.log(data); socket.send("close") }
        }
        socket.onclose = ({ code, wasClean }) => console.log(code, wasClean)
        socket.onerror = ({ error }) => console.log(error)`
      const { stdout } = await promisify(execFile)(binary, ["-e", script, `wss://${origin}/`], {
        env: { ...process.env, NODE_OPTIONS: "", NODE_EXTRA_CA_CERTS: join(folder, "cert.pem") },
      })
      expect(stdout).toBe("h\u00e9llo\n4001 true\n")
    })

    test.runIf(name === "haproxy")("a stream of HTTP/2 becomes a WebSocket of HTTP/1.1", async () => {
      const session = connect(`https://${origin}`, { ca: pair.cert })
      await once(session, "remoteSettings")
      expect(session.remoteSettings.enableConnectProtocol).toBe(true)
      const stream = session.request(
        {
          ":method": "CONNECT",
          ":protocol": "websocket",
          ":path": "/",
          ":scheme": "https",
          ":authority": origin,
          "sec-websocket-version": "13",
        },
        { endStream: false },
      )
      const [headers] = await once(stream, "response")
      expect(headers[":status"]).toBe(200)
      let text = ""
      stream.on("data", (chunk) => {
        text += chunk.toString("latin1")
      })
      stream.write(frameBytes({ opcode: TEXT, payload: "hi" }))
      await expect.poll(() => framesIn(text).some(({ payload }) => payload === "hi")).toBe(true)
      stream.close()
      session.destroy()
    })

    test("a server that stops tells each client", async () => {
      const sockets = await Promise.all(Array.from({ length: 20 }, async () => (await open())[0]))
      const codes = Promise.all(sockets.map(async (socket) => (await once(socket, "close"))[0]))
      await drain()
      expect(new Set(await codes)).toEqual(new Set([1001]))
      await listen()
    })
  })
})
