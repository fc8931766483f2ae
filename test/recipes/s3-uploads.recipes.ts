// docs/recipes/s3-uploads.md, with a store that checks the signature of each request.

import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { expect, test } from "vitest"
import { serve as serveHere } from "../support/server.ts"
import { recipe } from "./recipe.ts"
import { KEYS, REGION, SignedStore } from "./signed-store.ts"

const { commands, serve, folder } = recipe("s3-uploads")
const command = (commands.find((each) => each.includes("npx werkstatt run")) as string).replace(/^.*(?=npx)/, "")

async function start(): Promise<{ url: string; store: SignedStore }> {
  const store = new SignedStore()
  const { port } = await serveHere(store.app)
  const { url } = await serve(command, {
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    BUCKET: "photos",
  })
  return { url, store }
}

const begin = (url: string, description: object) =>
  fetch(`${url}/photos`, {
    method: "POST",
    body: JSON.stringify(description),
    headers: { "Content-Type": "application/json" },
  })

const picture = Buffer.from("89504e470d0a1a0a", "hex")

test("the browser's function puts a file into the store, and the application leads to it", async () => {
  const { url, store } = await start()
  const { upload } = (await import(pathToFileURL(join(folder, "upload.js")).href)) as {
    upload(file: Blob): Promise<string>
  }
  // In a browser its first request goes to the page's own origin.
  const own = globalThis.fetch
  globalThis.fetch = (input, init) => own(new URL(String(input), url), init)
  let photo = ""
  try {
    photo = await upload(new Blob([picture], { type: "image/png" }))
  } finally {
    globalThis.fetch = own
  }
  expect([...store.objects.keys()]).toEqual([`/photos/uploads/${photo.slice("/photos/".length)}`])
  const found = await fetch(url + photo, { redirect: "manual" })
  expect([found.status, found.headers.get("cache-control")]).toEqual([302, "no-store"])
  const shown = await fetch(found.headers.get("location") as string)
  expect([shown.status, shown.headers.get("content-type")]).toEqual([200, "image/png"])
  expect(Buffer.from(await shown.arrayBuffer())).toEqual(picture)
})

test("the URL is good for what was asked for, and nothing else", async () => {
  const { url, store } = await start()
  const answer = await begin(url, { type: "image/png", size: picture.length })
  const made = (await answer.json()) as { url: string; headers: Record<string, string> }
  const put = async (target: string, body: Uint8Array, headers = made.headers) =>
    (await fetch(target, { method: "PUT", body: new Uint8Array(body), headers })).status
  expect(await put(made.url, Buffer.concat([picture, picture]))).toBe(403)
  expect(await put(made.url, picture, { "Content-Type": "text/html" })).toBe(403)
  expect(await put(made.url.replace("/uploads/", "/other/"), picture)).toBe(403)
  expect(await put(made.url.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"), picture)).toBe(403)
  expect((await fetch(made.url)).status).toBe(403)
  expect(store.objects.size).toBe(0)
  expect(await put(made.url, picture)).toBe(200)
})

test.each<[string, object, number]>([
  ["a type that is none of ours", { type: "text/html", size: 8 }, 415],
  ["no size", { type: "image/png" }, 400],
  ["a size below nothing", { type: "image/png", size: -1 }, 400],
  ["too large a size", { type: "image/png", size: 10 * 1024 * 1024 + 1 }, 413],
])("%s gets no URL", async (_, description, status) => {
  const { url } = await start()
  expect((await begin(url, description)).status).toBe(status)
})

test("a photo that is not there is a 404", async () => {
  const { url } = await start()
  expect((await fetch(`${url}/photos/a8098c1a-f86e-11da-bd1a-00112444be1e`)).status).toBe(404)
  expect((await fetch(`${url}/photos/..%2Fsecret`)).status).toBe(404)
})
