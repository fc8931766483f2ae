// Uploads and downloads take as much memory whatever their size. The server has a process of its own, and its settings are the
// defaults; all of its memory counts, not the heap alone.

import { once } from "node:events"
import { closeSync, ftruncateSync, openSync } from "node:fs"
import { get, request } from "node:http"
import { join } from "node:path"
import { expect, test } from "vitest"
import { temporaryFolder } from "../support/files.ts"
import { ask, startServer } from "./server-process.ts"

const SIZE = 100 * 2 ** 20
const AT_ONCE = 4
/** Far from the 400 MiB that come and go. */
const MOST_GROWTH = 96 * 2 ** 20

async function upload(port: number): Promise<string> {
  const head = '--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
  const end = "\r\n--B--\r\n"
  const client = request({
    port,
    host: "127.0.0.1",
    method: "POST",
    headers: {
      "Content-Type": "multipart/form-data; boundary=B",
      "Content-Length": head.length + SIZE + end.length,
    },
  })
  const answered = once(client, "response")
  client.write(head)
  const block = Buffer.alloc(2 ** 16, "x")
  for (let sent = 0; sent < SIZE; sent += block.length) if (!client.write(block)) await once(client, "drain")
  client.end(end)
  const [response] = (await answered) as [AsyncIterable<Buffer>]
  let text = ""
  for await (const chunk of response) text += chunk.toString()
  return text
}

async function download(port: number): Promise<number> {
  const [response] = (await once(get({ port, host: "127.0.0.1" }), "response")) as [AsyncIterable<Buffer>]
  let length = 0
  for await (const chunk of response) length += chunk.length
  return length
}

test("four uploads of 100 MiB each, at once, into files", async () => {
  const { child, port } = await startServer("transfer-server", "none")
  const sizes = await Promise.all(Array.from({ length: AT_ONCE }, () => upload(port)))
  expect(sizes).toEqual(Array(AT_ONCE).fill(String(SIZE)))
  const { growth } = await ask<{ growth: number }>(child, "growth")
  console.log(`uploads: memory grew by ${(growth / 2 ** 20).toFixed(1)} MiB`)
  expect(growth).toBeLessThan(MOST_GROWTH)
})

test("four downloads of 100 MiB each, at once", async () => {
  const file = join(temporaryFolder(), "large.bin")
  const descriptor = openSync(file, "w")
  ftruncateSync(descriptor, SIZE)
  closeSync(descriptor)
  const { child, port } = await startServer("transfer-server", file)
  const sizes = await Promise.all(Array.from({ length: AT_ONCE }, () => download(port)))
  expect(sizes).toEqual(Array(AT_ONCE).fill(SIZE))
  const { growth } = await ask<{ growth: number }>(child, "growth")
  console.log(`downloads: memory grew by ${(growth / 2 ** 20).toFixed(1)} MiB`)
  expect(growth).toBeLessThan(MOST_GROWTH)
})
