import { describe, expect, test } from "vitest"
import { Client } from "../../src/testing/client.ts"
import { WebSocketRefused } from "../../src/testing/test-websocket.ts"
import { application } from "../../src/wrappers/application.ts"
import { Response } from "../../src/wrappers/response.ts"
import type { WebSocketOptions } from "../../src/wrappers/websocket-body.ts"

const taking = (options?: WebSocketOptions) =>
  new Client(
    application(() =>
      Response.websocket(async (socket) => {
        for await (const message of socket) await socket.send(message)
      }, options),
    ),
  )

async function refusalOf(opening: Promise<unknown>): Promise<Response> {
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof WebSocketRefused)) throw new Error(`not refused: ${String(error)}`)
  return error.response
}

describe("Response.websocket", () => {
  test("has the handler talk with the client, and closes behind it", async () => {
    const socket = await taking().websocket("/chat")
    await socket.send("hi")
    expect(await socket.receive()).toBe("hi")
    await socket.send(Uint8Array.of(1, 2))
    expect(await socket.receive()).toEqual(Uint8Array.of(1, 2))
    await socket.close(1000)
    expect(socket.closeCode).toBe(1000)
    expect(socket.response.status).toBe("101 Switching Protocols")
  })

  test("sends its headers and cookies with the 101, and no Content-Type", async () => {
    const client = new Client(
      application(() => {
        const response = Response.websocket(async () => {})
        response.headers.set("X-Room", "blue")
        response.setCookie("name", "eva")
        return response
      }),
    )
    const socket = await client.websocket("/")
    expect(socket.response.headers.get("X-Room")).toBe("blue")
    expect(socket.response.headers.has("Content-Type")).toBe(false)
    expect(client.getCookie("name")?.value).toBe("eva")
    expect(await socket.receive()).toBeUndefined()
    expect(socket.closeCode).toBe(1000)
  })

  test.each([
    ["the first of its protocols that is offered", ["b", "a"], ["a", "b"], "b"],
    ["one alone", "chat", ["x", "chat"], "chat"],
    ["none when none is offered", ["a"], [], ""],
    ["none when another is offered", ["a"], ["b"], ""],
    ["none when it has none", undefined, ["b"], ""],
  ])("agrees on %s", async (_, protocol, protocols, agreed) => {
    const socket = await taking({ protocol }).websocket("/", { protocols })
    expect(socket.protocol).toBe(agreed)
    expect(socket.response.headers.get("Sec-WebSocket-Protocol") ?? "").toBe(agreed)
    await socket.close()
  })

  test("answers a request that is no handshake with 426, and says what would be one", async () => {
    const response = await taking().get("/")
    expect(response.status).toBe("426 Upgrade Required")
    expect(response.headers.get("Upgrade")).toBe("websocket")
    expect(response.headers.get("Sec-WebSocket-Version")).toBe("13")
    expect((await taking().head("/")).statusCode).toBe(426)
  })

  test.each([
    ["no browser", {}, true],
    ["a page of the site", { Origin: "http://localhost" }, true],
    ["a page of another port", { Origin: "http://localhost:8000" }, false],
    ["a page of another site", { Origin: "http://evil.test" }, false],
    ["a sandboxed page", { Origin: "null" }, false],
    ["a page whose browser says that it is of another site", { "Sec-Fetch-Site": "cross-site" }, false],
    ["a page that may", { Origin: "https://app.example.com" }, true],
  ])("looks at the origin: %s", async (_, headers, isTaken) => {
    const opening = taking({ origins: ["https://app.example.com"] }).websocket("/", { headers })
    if (isTaken) await (await opening).close()
    else expect((await refusalOf(opening)).statusCode).toBe(403)
  })

  test("takes any origin when told so", async () => {
    const socket = await taking({ origins: "*" }).websocket("/", { headers: { Origin: "http://evil.test" } })
    await socket.close()
  })

  test("is closed once, whether the handshake was taken or refused", async () => {
    const closed: string[] = []
    const client = new Client(
      application((request) => {
        const response = Response.websocket(async () => {})
        response.callOnClose(() => void closed.push(request.path))
        return response
      }),
    )
    await (await client.websocket("/taken")).close()
    await (await client.get("/plain")).close()
    expect(closed).toEqual(["/taken", "/plain"])
  })

  test.each([
    ["a handler that is none", () => Response.websocket("x" as never), TypeError],
    ["a protocol that is no token", () => Response.websocket(async () => {}, { protocol: "a b" }), TypeError],
    ["an origin that is none", () => Response.websocket(async () => {}, { origins: ["example.com"] }), TypeError],
    ["a limit that is none", () => Response.websocket(async () => {}, { maxMessageBytes: 0 }), RangeError],
    ["a misspelled option", () => Response.websocket(async () => {}, { protocols: "a" } as never), TypeError],
  ])("refuses %s", (_, make, type) => {
    expect(make).toThrow(type)
  })
})

test("request.websocket is there for handshakes alone, and tells the protocols", async () => {
  const seen: unknown[] = []
  const client = new Client(
    application((request) => {
      seen.push(request.websocket)
      return new Response("no", { status: 401 })
    }),
  )
  await client.get("/")
  const response = await refusalOf(client.websocket("ws://example.org/x", { protocols: ["a"] }))
  expect(response.statusCode).toBe(401)
  expect(await response.text()).toBe("no")
  expect(seen).toEqual([undefined, { protocols: ["a"] }])
})
