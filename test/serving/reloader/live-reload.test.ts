import { expect, test } from "vitest"
import { runApplication } from "../../../src/environ/run.ts"
import type { Environ } from "../../../src/gateway.ts"
import { isSameOrigin, LiveReload } from "../../../src/serving/reloader/live-reload.ts"
import { createEnviron } from "../../../src/testing/environ-builder.ts"
import { answering, encode } from "../../support/server.ts"

const page = (type: string, extra: [string, string][] = []) =>
  new LiveReload("7-1").wrap((_environ, startResponse) => {
    startResponse("200 OK", [["Content-Type", type], ...extra])
    return [encode("<p>a</p>")]
  })

const textOf = async (app: Parameters<typeof runApplication>[0], environ: Environ = createEnviron("/")) => {
  const { body } = await runApplication(app, environ, { buffered: true })
  return Buffer.concat([...(body as Uint8Array[])]).toString()
}

test.each([
  ["text/html; charset=utf-8", [], true],
  ["text/plain", [], false],
  ["application/json", [], false],
  ["text/html", [["Content-Encoding", "gzip"]], false],
] as [string, [string, string][], boolean][])("%s with %j gets the script: %s", async (type, headers, expected) => {
  expect((await textOf(page(type, headers))).includes("reload.js")).toBe(expected)
})

test.each([
  [{}, true],
  [{ HTTP_ORIGIN: "http://localhost" }, true],
  [{ HTTP_ORIGIN: "http://localhost:81" }, false],
  [{ HTTP_ORIGIN: "" }, false],
  [{ HTTP_SEC_FETCH_SITE: "same-origin" }, true],
  [{ HTTP_SEC_FETCH_SITE: "none" }, true],
  [{ HTTP_SEC_FETCH_SITE: "same-site" }, false],
])("a request with %j is one of this site: %s", (environOverrides, expected) => {
  expect(isSameOrigin(createEnviron("/", { environOverrides }))).toBe(expected)
})

test("close ends the streams that are open, and those only", async () => {
  const live = new LiveReload("7-1")
  const { body } = await runApplication(live.wrap(answering("")), createEnviron("/__werkstatt__/reload"))
  const iterator = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  expect(new TextDecoder().decode((await iterator.next()).value)).toBe("retry: 200\ndata: 7-1\n\n")
  const end = iterator.next()
  live.close()
  expect(await end).toEqual({ done: true, value: undefined })
  live.close()
})
