// What the header of an example cannot say: answers to requests with fields of their own.

import { expect, test } from "vitest"
import { app as basicAuth } from "../../examples/httpbasicauth.ts"
import { app as staticFiles } from "../../examples/static-files.ts"
import { get, serve } from "../support/server.ts"

const basic = (name: string, password: string) =>
  `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`

test("httpbasicauth lets in users with name and password, and asks all others", async () => {
  const { port } = await serve(basicAuth)
  const welcome = await get(port, "/", basic("admin", "opensesame"))
  expect([welcome.status, welcome.body]).toEqual(["HTTP/1.1 200 OK", "Welcome, admin."])
  for (const field of [basic("admin", "x"), basic("nobody", "opensesame"), "Authorization: Basic %%%", "X: y"]) {
    const { status, header } = await get(port, "/", field)
    expect([status, header("www-authenticate")]).toEqual([
      "HTTP/1.1 401 Unauthorized",
      'Basic realm="login required", charset=UTF-8',
    ])
  }
})

test("static-files answers 304 and 206", async () => {
  const { port } = await serve(staticFiles)
  const whole = await get(port, "/hello.ts")
  expect(whole.header("content-type")).toBe("text/plain; charset=utf-8")
  const unchanged = await get(port, "/hello.ts", `If-None-Match: ${whole.header("etag")}`)
  expect([unchanged.status, unchanged.body]).toEqual(["HTTP/1.1 304 Not Modified", ""])
  const part = await get(port, "/hello.ts", "Range: bytes=0-4")
  expect([part.status, part.body]).toEqual(["HTTP/1.1 206 Partial Content", whole.body.slice(0, 5)])
})
