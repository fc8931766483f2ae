// What the header of an example cannot say: answers to requests with fields of their own.

import { expect, test } from "vitest"
import { app as basicAuth } from "../../examples/httpbasicauth.ts"
import { app as staticFiles } from "../../examples/static-files.ts"
import { testApp } from "../../examples/testapp.ts"
import { get, serve } from "../support/server.ts"

const basic = (name: string, password: string) =>
  `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`

test("httpbasicauth lets in who knows name and password, and asks all others", async () => {
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

test("testapp escapes what the client sends, and shows no secret", async () => {
  process.env["WERKSTATT_TEST_SECRET"] = "the-secret-of-the-process"
  const { port } = await serve(testApp)
  const { body } = await get(
    port,
    "/<script>?<b>",
    "X-Note: <script>alert(1)</script>",
    "Cookie: session=the-session",
    "Authorization: Bearer the-token",
    "X-Api-Key: the-key",
  )
  expect(body).toContain("HTTP_X_NOTE<td>&#34;&lt;script&gt;alert(1)&lt;/script&gt;&#34;")
  expect(body).not.toMatch(/<script>|<b>/)
  for (const secret of ["the-session", "the-token", "the-key", "the-secret"]) expect(body).not.toContain(secret)
  expect(body).toContain("HTTP_COOKIE<td>(not shown)")
  expect(body).toContain(`Node<td>${process.versions.node}`)
})
