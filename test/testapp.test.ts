import { expect, test } from "vitest"
import defaultExport, { testApp } from "../src/testapp.ts"
import { Client } from "../src/testing/client.ts"

test("shows the runtime, the packages and the environ, and escapes what the client sends", async () => {
  const response = await new Client(testApp).get("/<script>?<b>", {
    headers: { "X-Note": "<script>alert(1)</script>" },
  })
  const page = await response.text()
  expect([response.status, response.mimetype, response.headers.get("Cache-Control")]).toEqual([
    "200 OK",
    "text/html",
    "no-store",
  ])
  expect(page).toContain("HTTP_X_NOTE<td>&#34;&lt;script&gt;alert(1)&lt;/script&gt;&#34;")
  expect(page).not.toMatch(/<script>|<b>/)
  expect(page).toContain(`Node<td>${process.versions.node}`)
  expect(page).toMatch(/<th>vitest<td>\d+\.\d+/)
  expect(page).toContain(`<td>${process.cwd()}/node_modules`)
  const names = [...(/<h2>Environ<\/h2>([\s\S]*?)<\/table>/.exec(page)?.[1] ?? "").matchAll(/<th>([^<]+)/g)].map(
    (match) => match[1] as string,
  )
  expect(names).toEqual([...names].sort())
  expect(names).toContain("wsgi.input")
})

test("shows no secret", async () => {
  process.env["WERKSTATT_TEST_SECRET"] = "the-secret-of-the-process"
  const response = await new Client(testApp).get("/?token=the-query&q=shown", {
    headers: {
      Cookie: "session=the-session",
      Authorization: "Bearer the-bearer",
      "X-Api-Key": "the-key",
      "X-Csrf-Token": "the-csrf",
      Referer: "http://localhost/?password=the-referer",
    },
    environOverrides: { SSL_CLIENT_CERT: "the-certificate", "own.password": "the-password" },
  })
  const page = await response.text()
  for (const secret of ["query", "session", "bearer", "key", "csrf", "referer", "certificate", "password", "secret"]) {
    expect(page).not.toContain(`the-${secret}`)
  }
  expect(page).toContain("HTTP_COOKIE<td>(not shown)")
  expect(page).toContain("QUERY_STRING<td>&#34;token=***&amp;q=shown&#34;")
  delete process.env["WERKSTATT_TEST_SECRET"]
})

test("is what werkstatt run finds in the module", () => {
  expect(defaultExport).toBe(testApp)
})
