// What the examples of WebSockets say to a client. In Chromium: websocket.browser.ts.

import { expect, test } from "vitest"
import { app as wsecho } from "../../examples/wsecho.ts"
import { Client } from "../../src/testing/client.ts"

test("wsecho says back what it hears", async () => {
  const socket = await new Client(wsecho).websocket("/ws")
  for (const message of ["hello", Uint8Array.of(0, 255)]) {
    await socket.send(message)
    expect(await socket.receive()).toEqual(message)
  }
  await socket.close()
  expect(socket.closeCode).toBe(1000)
})
