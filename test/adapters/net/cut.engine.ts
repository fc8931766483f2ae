// A body that is read late, when the engine finds out that the rest will not come: it must never look complete.

import { expect, test } from "vitest"
import { Request } from "../../../src/wrappers/request.ts"
import { Response } from "../../../src/wrappers/response.ts"
import { RawClient, serve, sleep } from "../../support/server.ts"

const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
const known = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
const readers: [string, (request: Request) => Promise<unknown>][] = [
  ["data", (request) => request.data()],
  ["input", (request) => request.environ["wsgi.input"].read()],
  ["text", (request) => request.text()],
]
test.each(
  readers.flatMap(([name, read]) => [
    [name, "malformed", `${chunked}2\r\nhi\r\nxx\r\n`, read] as const,
    [name, "cut, chunked", `${chunked}2\r\nhi\r\n`, read] as const,
    [name, "cut", `${known}hello`, read] as const,
  ]),
)("%s of a body that is %s, read after a wait, is no complete body", async (_name, _what, bytes, read) => {
  const seen: string[] = []
  const { port } = await serve(
    Request.application(async (request) => {
      await sleep(30)
      try {
        seen.push(`read ${JSON.stringify(await read(request))}`)
      } catch (error) {
        seen.push((error as Error).constructor.name)
      }
      return new Response("ok")
    }),
  )
  const client = new RawClient(port).send(bytes)
  client.socket.end()
  await client.end().catch(() => {})
  while (seen.length === 0) await sleep(10)
  expect(seen).toEqual(["ClientDisconnected"])
})
