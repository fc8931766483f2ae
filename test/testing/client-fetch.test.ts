import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, test } from "vitest"
import type { Application } from "../../src/gateway.ts"
import { Client } from "../../src/testing/client.ts"
import { Request as OwnRequest } from "../../src/wrappers/request.ts"
import { Response as OwnResponse } from "../../src/wrappers/response.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const app: Application = OwnRequest.application(async (request) => {
  if (request.path === "/redirect") return new OwnResponse("", { status: 303, headers: { Location: "/end?a=1" } })
  if (request.path === "/empty") return new OwnResponse(null, { status: 204 })
  if (request.path === "/cookie") {
    const response = new OwnResponse("set")
    response.setCookie("a", "1")
    response.setCookie("b", "2")
    return response
  }
  return OwnResponse.json({
    method: request.method,
    url: request.url,
    type: request.environ.CONTENT_TYPE ?? null,
    length: request.environ.CONTENT_LENGTH ?? null,
    name: request.headers.get("X-Name") ?? null,
    cookies: [...request.cookies],
    body: await request.text(),
  })
})

describe("client.fetch", () => {
  test("gives a platform Response", async () => {
    const response = await new Client(app).fetch("/a?b=c", { headers: { "X-Name": "é" } })
    expect(response).toBeInstanceOf(Response)
    expect([response.status, response.statusText, response.ok, response.url, response.redirected]).toEqual([
      200,
      "OK",
      true,
      "http://localhost/a?b=c",
      false,
    ])
    expect(response.headers.get("content-type")).toBe("application/json")
    expect(await response.json()).toMatchObject({ method: "GET", url: "http://localhost/a?b=c", name: "é", body: "" })
  })

  test.each<[init: RequestInit, type: string | null, length: string | null, body: string]>([
    [{ body: "é" }, "text/plain;charset=UTF-8", "2", "é"],
    [{ body: bytes("x") }, null, "1", "x"],
    [{ body: new URLSearchParams("a=1") }, "application/x-www-form-urlencoded;charset=UTF-8", "3", "a=1"],
    [{ body: new Blob(["x"], { type: "text/x" }) }, "text/x", "1", "x"],
    [{ body: new Blob(["str", "eam"]).stream(), duplex: "half" } as RequestInit, null, null, "stream"],
    [{}, null, null, ""],
  ])("sends a body as fetch does: %#", async (init, type, length, body) => {
    const response = await new Client(app).fetch("/", { method: "POST", ...init })
    expect(await response.json()).toMatchObject({ method: "POST", type, length, body })
  })

  test("takes a Request, and whole URLs", async () => {
    const request = new Request("https://h.test/a", { method: "PUT", body: "x" })
    expect(await (await new Client(app).fetch(request)).json()).toMatchObject({ url: "https://h.test/a", body: "x" })
    expect((await new Client(app).fetch(new URL("http://h.test/a"))).url).toBe("http://h.test/a")
  })

  test("follows redirects, or not, as it is told", async () => {
    const client = new Client(app)
    const followed = await client.fetch("/redirect", { method: "POST", body: "x" })
    expect([followed.status, followed.url, followed.redirected]).toEqual([200, "http://localhost/end?a=1", true])
    const manual = await client.fetch("/redirect", { redirect: "manual" })
    expect([manual.status, manual.headers.get("location"), manual.redirected]).toEqual([303, "/end?a=1", false])
    await expect(client.fetch("/redirect", { redirect: "error" })).rejects.toThrow("fetch failed")
  })

  test("has no body where there is none to be", async () => {
    const client = new Client(app)
    expect((await client.fetch("/empty")).body).toBeNull()
    expect((await client.fetch("/", { method: "HEAD" })).body).toBeNull()
  })

  test("keeps cookies unless credentials are omitted", async () => {
    const client = new Client(app)
    expect((await client.fetch("/cookie")).headers.getSetCookie()).toHaveLength(2)
    const cookies = async (init?: RequestInit) =>
      ((await (await client.fetch("/", init)).json()) as { cookies: unknown }).cookies
    expect(await cookies()).toEqual([
      ["a", "1"],
      ["b", "2"],
    ])
    expect(await cookies({ credentials: "omit" })).toEqual([])
    await client.fetch("/cookie", { credentials: "omit" })
  })

  test("streams, and ends the body that is cancelled", async () => {
    const log: string[] = []
    const streaming: Application = (_environ, startResponse) => {
      startResponse("200 OK", [["Content-Type", "text/plain"]])
      const body = (async function* () {
        try {
          for (const text of ["a", "", "b", "c"]) {
            log.push(text)
            yield bytes(text)
          }
        } finally {
          log.push("finally")
        }
      })()
      return Object.assign(body, { close: () => void log.push("close") })
    }
    const client = new Client(streaming)
    expect(await (await client.fetch("/")).text()).toBe("abc")
    expect(log).toEqual(["a", "", "b", "c", "finally", "close"])
    log.length = 0
    const reader = (await client.fetch("/")).body?.getReader()
    expect((await reader?.read())?.value).toEqual(bytes("a"))
    await reader?.cancel()
    expect(log.slice(-2)).toEqual(["finally", "close"])
    expect(log).not.toContain("c")
  })

  test("aborts: the application is told, the call rejects, what comes later is closed", async () => {
    const log: string[] = []
    const slow: Application = async (environ, startResponse) => {
      environ["wsgi.signal"]?.addEventListener("abort", () => log.push("told"))
      await sleep(20)
      startResponse("200 OK", [["Content-Type", "text/plain"]])
      const body = (async function* () {
        yield bytes("late")
      })()
      return Object.assign(body, { close: () => void log.push("close") })
    }
    const controller = new AbortController()
    const reason = new Error("enough")
    setTimeout(() => controller.abort(reason), 5)
    await expect(new Client(slow).fetch("/", { signal: controller.signal })).rejects.toBe(reason)
    expect(log).toEqual(["told"])
    await expect.poll(() => log).toEqual(["told", "close"])
    await expect(new Client(slow).fetch("/", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test("what the application throws rejects as it is", async () => {
    const failure = new Error("application")
    const client = new Client(() => {
      throw failure
    })
    await expect(client.fetch("/")).rejects.toBe(failure)
  })
})
