// Handshakes through toFetch, where no runtime takes them and where Bun's server was not given the handlers. WebSockets on the
// runtimes themselves: npm run test:runtimes.

import { expect, test } from "vitest"
import { bunWebSocket, toFetch } from "../../../src/adapters/fetch.ts"
import { application } from "../../../src/wrappers/application.ts"
import { Response } from "../../../src/wrappers/response.ts"

const app = application(() => Response.websocket(async () => {}))

const handshake = () =>
  new Request("http://localhost/", {
    headers: {
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    },
  })

test("where nothing takes a WebSocket there is no offer, and Response.websocket answers 426", async () => {
  expect((await toFetch(app)(handshake())).status).toBe(426)
})

test("a server of Bun without handlers is a 500, and the log names them", async () => {
  const logged: string[] = []
  const errors = { write: (text: string) => void logged.push(text), writeLines() {}, flush() {} }
  const server = {
    upgrade() {
      throw new Error('To enable websocket support, set the "websocket" object in Bun.serve({})')
    },
  }
  expect((await toFetch(app, { errors })(handshake(), server)).status).toBe(500)
  expect(logged.join("")).toContain("websocket: bunWebSocket")
})

test("a client that has left before is a 500 that no client sees, and a report", async () => {
  const logged: string[] = []
  const errors = { write: (text: string) => void logged.push(text), writeLines() {}, flush() {} }
  expect((await toFetch(app, { errors })(handshake(), { upgrade: () => false })).status).toBe(500)
  expect(logged.join("")).toContain("the client left")
})

test("sockets of others on the same server of Bun are left alone", () => {
  const socket = { data: { own: 1 }, send: () => 0, close() {}, terminate() {}, getBufferedAmount: () => 0 }
  bunWebSocket.open(socket)
  bunWebSocket.message(socket, "x")
  bunWebSocket.drain(socket)
  bunWebSocket.close(socket, 1000, "")
})
