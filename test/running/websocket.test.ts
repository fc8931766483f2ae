// The rules of closing, and what waits where, without a network: the driver on one side, the test client on the other.

import { describe, expect, test, vi } from "vitest"
import { ClientDisconnected } from "../../src/exceptions/statuses.ts"
import type { ServerWebSocket } from "../../src/gateway.ts"
import { OpenWebSocket, type WebSocketCarrier } from "../../src/running/websocket.ts"
import { Client } from "../../src/testing/client.ts"
import { application } from "../../src/wrappers/application.ts"
import { Response } from "../../src/wrappers/response.ts"

const LIMITS = { firstByteMs: 1, headMs: 1, requestMs: 1, keepAliveMs: 1, sendMs: 0, idleLingerMs: 1 }

function clientOf(handler: (socket: ServerWebSocket) => Promise<void>, onClose = () => {}): Client {
  return new Client(
    application(() => {
      const response = Response.websocket(handler)
      response.callOnClose(onClose)
      return response
    }),
  )
}

/** A carrier that notes what it is told. */
function noted(): { carrier: WebSocketCarrier & { bufferedBytes: number }; notes: unknown[]; takers: (() => void)[] } {
  const notes: unknown[] = []
  const takers: (() => void)[] = []
  const carrier = {
    bufferedBytes: 0,
    send(message: unknown, taken?: () => void) {
      notes.push(message)
      if (taken !== undefined) takers.push(taken)
    },
    close: (code: number, reason: string) => void notes.push([code, reason]),
    terminate: () => void notes.push("terminate"),
    ping: () => void notes.push("ping"),
    pause: () => void notes.push("pause"),
    resume: () => void notes.push("resume"),
  }
  return { carrier, notes, takers }
}

function opened(limits = {}) {
  const socket = new OpenWebSocket("", limits)
  const side = noted()
  socket.attach(side.carrier)
  return { socket, ...side }
}

describe("a handler", () => {
  test("that comes to its end closes with 1000, and the body is closed once, afterwards", async () => {
    const order: string[] = []
    const client = clientOf(
      async (socket) => {
        await socket.send("bye")
        order.push("handler")
      },
      () => void order.push("close"),
    )
    const socket = await client.websocket("/")
    expect(await socket.receive()).toBe("bye")
    expect(await socket.receive()).toBeUndefined()
    expect([socket.closeCode, order]).toEqual([1000, ["handler", "close"]])
  })

  test("that throws closes with 1011, and the test is told", async () => {
    const socket = await clientOf(async () => {
      throw new Error("broken")
    }).websocket("/")
    await expect(socket.receive()).rejects.toThrow("broken")
    expect(socket.closeCode).toBe(1011)
  })

  test("closes with a code and a reason of its own", async () => {
    const socket = await clientOf((it) => it.close(4001, "enough")).websocket("/")
    expect(await socket.receive()).toBeUndefined()
    expect([socket.closeCode, socket.closeReason]).toEqual([4001, "enough"])
  })

  test("learns of a client that closes: the loop ends, the signal aborts, the code is there", async () => {
    const seen: unknown[] = []
    const socket = await clientOf(async (it) => {
      const { signal } = it
      for await (const message of it) seen.push(message)
      seen.push(it.closeCode, it.closeReason, signal.aborted, signal.reason instanceof ClientDisconnected)
    }).websocket("/")
    await socket.send("a")
    await socket.close(3000, "done")
    expect(seen).toEqual(["a", 3000, "done", true, true])
  })

  test("learns of a client that breaks off", async () => {
    const seen: unknown[] = []
    const socket = await clientOf(async (it) => {
      for await (const _ of it);
      seen.push(it.closeCode)
      await it.send("too late")
    }).websocket("/")
    await socket.terminate()
    expect(seen).toEqual([1006])
  })

  test("gets all messages that came before the close", async () => {
    const seen: unknown[] = []
    let go = () => {}
    const may = new Promise<void>((resolve) => {
      go = resolve
    })
    const socket = await clientOf(async (it) => {
      await may
      for await (const message of it) seen.push(message)
    }).websocket("/")
    await socket.send("a")
    await socket.send("b")
    const closed = socket.close()
    go()
    await closed
    expect(seen).toEqual(["a", "b"])
  })

  test("reads one message, and the rest in a loop", async () => {
    const seen: unknown[] = []
    const socket = await clientOf(async (it) => {
      seen.push(await it.receive())
      for await (const message of it) {
        seen.push(message)
        break
      }
      for await (const message of it) seen.push(message)
    }).websocket("/")
    for (const text of ["a", "b", "c"]) await socket.send(text)
    await socket.close()
    expect(seen).toEqual(["a", "b", "c"])
  })

  test("that does not read has the client wait", async () => {
    let go = () => {}
    const may = new Promise<void>((resolve) => {
      go = resolve
    })
    let count = 0
    const socket = await clientOf(async (it) => {
      await may
      for await (const _ of it) count++
    }).websocket("/")
    let sent = 0
    const sending = (async () => {
      for (; sent < 10; sent++) await socket.send("x".repeat(40_000))
    })()
    await vi.waitFor(() => expect(sent).toBeGreaterThan(1))
    expect(sent).toBeLessThan(6)
    go()
    await sending
    await socket.close()
    expect(count).toBe(10)
  })

  test("is given no message that is too long", async () => {
    const client = new Client(
      application(() =>
        Response.websocket(
          async (it) => {
            for await (const _ of it);
          },
          { maxMessageBytes: 10 },
        ),
      ),
    )
    const socket = await client.websocket("/")
    await socket.send("0123456789")
    await socket.send("ééééééé")
    await socket.close()
    expect(socket.closeCode).toBe(1009)
  })

  test("may leave what it sends unawaited, also when the client has gone", async () => {
    const socket = await clientOf(async (it) => {
      for await (const _ of it);
      void it.send("nobody is there")
    }).websocket("/")
    await socket.close()
  })
})

describe("an application that answers 101", () => {
  const start = (body: unknown) =>
    new Client(
      (_environ, startResponse) => {
        startResponse("101 Switching Protocols", [])
        return body as never
      },
      { lint: false },
    )

  test("needs a body with websocket()", async () => {
    await expect(start([]).websocket("/")).rejects.toThrow("returns a body with websocket()")
    await expect(start(undefined).websocket("/")).rejects.toThrow(TypeError)
  })

  test("does so before it returns", async () => {
    const client = new Client(
      async function* (_environ, startResponse) {
        startResponse("101 Switching Protocols", [])
        yield new Uint8Array(1)
      },
      { lint: false },
    )
    await expect(client.websocket("/")).rejects.toThrow("startResponse is called before it returns")
  })

  test("must have been asked", async () => {
    await expect(start([]).get("/")).rejects.toThrow("status 101 is not the status of a final response")
  })

  test("returns a promise from websocket()", async () => {
    const socket = await start({ async *[Symbol.asyncIterator]() {}, websocket: () => 1 }).websocket("/")
    await expect(socket.receive()).rejects.toThrow("must return a promise, not 1")
  })
})

describe("an open socket", () => {
  test("sends at once while little waits, then when the client has taken", async () => {
    const { socket, carrier, notes, takers } = opened()
    await socket.send("a")
    carrier.bufferedBytes = 70_000
    let isSent = false
    const sent = socket.send("b").then(() => {
      isSent = true
    })
    expect(notes).toEqual(["a", "b"])
    await Promise.resolve()
    expect(isSent).toBe(false)
    takers[0]?.()
    await sent
  })

  test("gives up a client that takes nothing of too much", async () => {
    const { socket, carrier, notes } = opened({ maxBufferedBytes: 1000 })
    carrier.bufferedBytes = 1001
    await expect(socket.send("b")).rejects.toThrow(ClientDisconnected)
    expect(notes).toEqual(["terminate"])
    expect(socket.signal.aborted).toBe(true)
  })

  test("rejects what waits to be sent when it is closed, and what is sent later", async () => {
    const { socket, carrier } = opened()
    carrier.bufferedBytes = 70_000
    const sent = socket.send("b")
    socket.closed(1006, "")
    await expect(sent).rejects.toThrow(ClientDisconnected)
    await expect(socket.send("c")).rejects.toThrow(ClientDisconnected)
  })

  test.each([[1, null, undefined, {}, new ArrayBuffer(1)]])("sends text and bytes, not %s", (message) => {
    expect(() => opened().socket.send(message as never)).toThrow(TypeError)
  })

  test.each([
    [1004, ""],
    [1005, ""],
    [1006, ""],
    [1015, ""],
    [999, ""],
    [2999, ""],
    [5000, ""],
    [1000.5, ""],
    [1000, "é".repeat(62)],
  ])("is not closed with %s %s", (code, reason) => {
    expect(() => opened().socket.close(code, reason)).toThrow(RangeError)
  })

  test("pauses its carrier while much is unread, and resumes when all is read", async () => {
    const { socket, notes } = opened()
    for (let i = 0; i < 300; i++) socket.message("x", 1)
    expect(notes).toEqual(["pause"])
    for (let i = 0; i < 299; i++) await socket.receive()
    expect(notes).toEqual(["pause"])
    await socket.receive()
    expect(notes).toEqual(["pause", "resume"])
  })

  test("closes with 1008 where its carrier can't pause, on a client that is too far ahead", async () => {
    const socket = new OpenWebSocket("", { maxBufferedBytes: 100_000 })
    const { carrier, notes } = noted()
    const { pause: _, resume: __, ...unstoppable } = carrier
    socket.attach(unstoppable)
    socket.message(new Uint8Array(70_000), 70_000)
    expect(notes).toEqual([])
    socket.message(new Uint8Array(40_000), 40_000)
    expect(notes).toEqual([[1008, "sent faster than read"]])
    expect(await socket.receive()).toBeUndefined()
    socket.closed(1008, "")
  })

  test("closes with 1009 on a message that is too long, of a carrier without a limit", async () => {
    const { socket, notes } = opened({ maxMessageBytes: 4 })
    socket.messageOfAnySize("\u00e9\u00e9")
    expect([await socket.receive(), socket.bytesReceived]).toEqual(["\u00e9\u00e9", 4])
    socket.messageOfAnySize("\u00e9\u00e9x")
    expect(notes).toEqual([[1009, ""]])
    socket.closed(1009, "")
  })

  test("lets go of what was read, also when something always waits", async () => {
    const { socket } = opened()
    const refs: WeakRef<Uint8Array>[] = []
    const arrive = () => {
      const message = new Uint8Array(1024)
      refs.push(new WeakRef(message))
      socket.message(message, message.length)
    }
    arrive()
    for (let i = 0; i < 5000; i++) {
      arrive()
      await socket.receive()
    }
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc?.()
    expect(globalThis.gc).toBeDefined()
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(300)
  })

  test("is pinged now and then, and given up when it does not answer", () => {
    const { socket, notes } = opened()
    const limits = { ...LIMITS, pingMs: 100 }
    const sweep = () => socket.sweep(50, limits)
    sweep()
    expect(notes).toEqual([])
    sweep()
    expect(notes).toEqual(["ping"])
    socket.pong()
    sweep()
    sweep()
    expect(notes).toEqual(["ping", "ping"])
    socket.message("counts as well", 14)
    sweep()
    sweep()
    expect(notes).toEqual(["ping", "ping", "ping"])
    sweep()
    sweep()
    expect(notes).toEqual(["ping", "ping", "ping", "terminate"])
  })

  test("is not given up while nothing is read from it", () => {
    const { socket, notes } = opened()
    for (let i = 0; i < 300; i++) socket.message("x", 1)
    for (let i = 0; i < 10; i++) socket.sweep(100, { ...LIMITS, pingMs: 100 })
    expect(notes).toEqual(["pause"])
  })

  test("is given up when it takes nothing of what waits for so long", () => {
    const { socket, carrier, notes } = opened()
    const limits = { ...LIMITS, pingMs: 0, sendMs: 100 }
    carrier.bufferedBytes = 10
    socket.sweep(50, limits)
    carrier.bufferedBytes = 9
    socket.sweep(50, limits)
    socket.sweep(50, limits)
    expect(notes).toEqual([])
    socket.sweep(50, limits)
    expect(notes).toEqual(["terminate"])
  })

  test("is closed when the server stops, with the code that it is told", () => {
    const { socket, notes } = opened()
    socket.retire()
    socket.retire(1012)
    expect(notes).toEqual([[1001, ""]])
    socket.closed(1001, "")
    const { socket: other, notes: others } = opened()
    other.retire(1012)
    expect(others).toEqual([[1012, ""]])
    other.closed(1012, "")
  })

  test("breaks off when the server is destroyed, and its signal tells why", () => {
    const { socket, notes } = opened()
    const reason = new Error("stop")
    const { signal } = socket
    socket.destroy(reason)
    expect(notes).toEqual(["terminate"])
    expect(signal.reason).toBe(reason)
  })
})
