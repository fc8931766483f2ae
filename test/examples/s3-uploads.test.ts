// Uploads to an object store: what is kept, what is deleted with the request, and what is left when a client leaves.

import { randomBytes } from "node:crypto"
import { connect } from "node:net"
import { S3Client } from "@aws-sdk/client-s3"
import { expect, onTestFinished, test } from "vitest"
import { S3UploadStore } from "../../examples/s3-uploads.ts"
import { BadRequest } from "../../src/exceptions/statuses.ts"
import type { UploadStore } from "../../src/forms/upload-store.ts"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { serve } from "../support/server.ts"
import { S3Server } from "./s3-server.ts"

async function start() {
  const s3 = new S3Server()
  const { port } = await serve(s3.app)
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: "local",
    credentials: { accessKeyId: "key", secretAccessKey: "secret" },
    forcePathStyle: true,
  })
  onTestFinished(() => client.destroy())
  const store: UploadStore = new S3UploadStore(client, "photos")
  class PhotoRequest extends Request {
    override maxContentLength = 64 * 1024 * 1024
    override uploadStore: UploadStore | undefined = store
  }
  const site = await serve(
    PhotoRequest.application(async (request) => {
      const photo = (await request.files()).get("photo")
      if (photo === undefined) throw new BadRequest()
      if (photo.filename === "bad.txt") throw new BadRequest()
      await photo.save("kept/1")
      return new Response(JSON.stringify([photo.size, Buffer.from(await photo.bytes()).toString("base64").length]))
    }),
  )
  const post = (content: Uint8Array, name = "cat.jpg") => {
    const form = new FormData()
    form.append("photo", new Blob([content as Uint8Array<ArrayBuffer>]), name)
    return fetch(`http://127.0.0.1:${site.port}/`, { method: "POST", body: form })
  }
  return { s3, post, port: site.port }
}

test.each([0, 10, 5 * 1024 * 1024 + 1])(
  "a file of %i bytes is kept under a key of its own, and nowhere else",
  async (size) => {
    const { s3, post } = await start()
    const content = randomBytes(size)
    const answer = await post(content)
    expect([answer.status, await answer.json()]).toEqual([200, [size, Math.ceil(size / 3) * 4]])
    await expect.poll(() => [...s3.objects.keys()], { timeout: 5000 }).toEqual(["/photos/kept/1"])
    expect(Buffer.compare(s3.objects.get("/photos/kept/1") as Uint8Array, content)).toBe(0)
    expect(s3.uploads.size).toBe(0)
  },
)

test("what the application does not keep is deleted with the request", async () => {
  const { s3, post } = await start()
  expect((await post(randomBytes(100), "bad.txt")).status).toBe(400)
  await expect.poll(() => s3.objects.size, { timeout: 5000 }).toBe(0)
  expect(s3.asked.filter((line) => line.startsWith("DELETE /photos/uploads/"))).toHaveLength(1)
})

test("a client that leaves in the middle leaves no upload behind", async () => {
  const { s3, port } = await start()
  const socket = connect(port, "127.0.0.1")
  const head = '--b\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
  socket.write(
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 30000000\r\n\r\n${head}`,
  )
  socket.write(Buffer.alloc(6 * 1024 * 1024))
  socket.on("error", () => {})
  await expect.poll(() => [...s3.uploads.values()].map((parts) => parts.size >= 1), { timeout: 10_000 }).toEqual([true])
  socket.destroy()
  await expect.poll(() => [s3.uploads.size, s3.objects.size], { timeout: 10_000 }).toEqual([0, 0])
})
