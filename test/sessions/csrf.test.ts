import { describe, expect, test } from "vitest"
import type { Application } from "../../src/gateway.ts"
import { csrf } from "../../src/sessions/csrf.ts"
import { csrfField, csrfToken } from "../../src/sessions/csrf-token.ts"
import { getSession, sessions } from "../../src/sessions/sessions.ts"
import { Client } from "../../src/testing/client.ts"
import { application } from "../../src/wrappers/application.ts"
import { Response } from "../../src/wrappers/response.ts"

const SECRET = "a secret of at least 16 bytes"

/** Gives out tokens, and says which fields and how many bytes of files a form had. */
const inner = application(async (request) => {
  if (request.path === "/token") return new Response(await csrfToken(request))
  if (request.path === "/login") (await getSession(request)).set("user", "ada")
  if (request.path === "/data") return new Response(String((await request.data()).length))
  const fields = [...(await request.form())].map(([name]) => name)
  const sizes = await Promise.all([...(await request.files())].map(async ([, file]) => (await file.bytes()).length))
  return Response.json([...fields, ...sizes])
})

const alone = csrf(inner)
const withSessions = sessions(csrf(inner), { secret: SECRET })

interface Sent {
  method?: string
  headers?: Record<string, string>
  path?: string
  baseUrl?: string
}

async function codeOf(app: Application, { method = "POST", headers = {}, path = "/", baseUrl }: Sent): Promise<number> {
  const client = new Client(app)
  const answer = await client.open(path, { method, headers, ...(baseUrl && { baseUrl }) })
  return answer.statusCode
}

describe("what the browser says decides", () => {
  const UNSAFE = ["POST", "PUT", "PATCH", "DELETE", "QUERY"]

  test.each<[string, Record<string, string>, number]>([
    ["a page of this origin", { "Sec-Fetch-Site": "same-origin" }, 200],
    ["the visitor's own hand", { "Sec-Fetch-Site": "none" }, 200],
    ["a page of another site", { "Sec-Fetch-Site": "cross-site" }, 403],
    ["another subdomain", { "Sec-Fetch-Site": "same-site" }, 403],
    ["another site, in another way to write it", { "Sec-Fetch-Site": "Cross-Site" }, 403],
    ["this origin, in no way that a browser writes", { "Sec-Fetch-Site": "Same-Origin" }, 403],
    ["an empty word", { "Sec-Fetch-Site": "" }, 403],
    ["two words", { "Sec-Fetch-Site": "same-origin, cross-site" }, 403],
    ["Sec-Fetch-Site before Origin", { "Sec-Fetch-Site": "cross-site", Origin: "http://localhost" }, 403],
    ["Sec-Fetch-Site before Origin, also where that is null", { "Sec-Fetch-Site": "same-origin", Origin: "null" }, 200],
    ["an old browser on this origin", { Origin: "http://localhost" }, 200],
    ["an old browser on this origin, behind a proxy with TLS", { Origin: "https://localhost" }, 200],
    ["an old browser on another origin", { Origin: "http://evil.example" }, 403],
    ["an old browser on another port", { Origin: "http://localhost:8080" }, 403],
    ["an old browser in a sandbox", { Origin: "null" }, 403],
    ["an origin that is none", { Origin: "localhost" }, 403],
    ["an origin with a path", { Origin: "http://localhost/" }, 403],
    ["an origin with a user", { Origin: "http://localhost@evil.example" }, 403],
    ["an empty origin", { Origin: "" }, 403],
    ["neither", {}, 403],
  ])("%s", async (_name, headers, code) => {
    for (const method of UNSAFE) {
      for (const type of [undefined, "text/plain", "application/json", "application/x-www-form-urlencoded"]) {
        const all = type === undefined ? headers : { ...headers, "Content-Type": type }
        expect(await codeOf(alone, { method, headers: all }), `${method} ${type}`).toBe(code)
      }
    }
  })

  test("requests that change nothing pass, wherever they come from", async () => {
    for (const method of ["GET", "HEAD", "OPTIONS"]) {
      expect(await codeOf(alone, { method, headers: { "Sec-Fetch-Site": "cross-site" } })).toBe(200)
    }
  })

  test("a method in lower case is no other one", async () => {
    for (const method of ["post", "get"]) {
      const environ = { REQUEST_METHOD: method }
      const answer = await new Client(alone, { lint: false }).open("/", {
        environOverrides: environ,
        headers: { Origin: "http://evil.example" },
      })
      expect(answer.statusCode, method).toBe(403)
    }
  })

  test("with TLS, a page without it is another origin", async () => {
    const baseUrl = "https://shop.example/"
    expect(await codeOf(alone, { baseUrl, headers: { Origin: "https://shop.example" } })).toBe(200)
    expect(await codeOf(alone, { baseUrl, headers: { Origin: "http://shop.example" } })).toBe(403)
    expect(await codeOf(alone, { baseUrl: "https://Shop.Example/", headers: { Origin: "https://shop.example" } })).toBe(
      200,
    )
    expect(
      await codeOf(alone, { baseUrl: "https://shop.example:444/", headers: { Origin: "https://shop.example:444" } }),
    ).toBe(200)
    expect(
      await codeOf(alone, { baseUrl: "https://shop.example:444/", headers: { Origin: "https://shop.example" } }),
    ).toBe(403)
  })

  test("a WebSocket is opened by pages of this origin, and by what is no browser", async () => {
    const socket = (headers: Record<string, string>) =>
      codeOf(alone, { method: "GET", headers: { Connection: "Upgrade", Upgrade: "websocket", ...headers } })
    expect(await socket({ Origin: "http://evil.example" })).toBe(403)
    expect(await socket({ Origin: "http://localhost", "Sec-Fetch-Site": "cross-site" })).toBe(403)
    expect(await socket({ Origin: "http://localhost" })).toBe(200)
    expect(await socket({})).toBe(200)
  })

  test("logging in is no exception, with and without a session", async () => {
    for (const app of [alone, withSessions]) {
      expect(await codeOf(app, { path: "/login", headers: { "Sec-Fetch-Site": "cross-site" } })).toBe(403)
      expect(await codeOf(app, { path: "/login" })).toBe(403)
    }
  })
})

describe("options", () => {
  test("other origins can be trusted, by their whole name", async () => {
    const app = csrf(inner, { trustedOrigins: ["https://app.example.com"] })
    const from = (Origin: string, site = "cross-site") => codeOf(app, { headers: { Origin, "Sec-Fetch-Site": site } })
    expect(await from("https://app.example.com")).toBe(200)
    expect(await from("https://app.example.com", "same-site")).toBe(200)
    expect(await codeOf(app, { headers: { Origin: "https://app.example.com" } })).toBe(200)
    for (const origin of ["http://app.example.com", "https://app.example.com.evil.example", "https://example.com"]) {
      expect(await from(origin)).toBe(403)
    }
  })

  test.each(["app.example.com", "https://app.example.com/", "HTTPS://app.example.com", "*", "null"])(
    "%j is no origin",
    (origin) => expect(() => csrf(inner, { trustedOrigins: [origin] })).toThrow(TypeError),
  )

  test("requests can be exempt", async () => {
    const app = csrf(inner, { exempt: ({ PATH_INFO }) => PATH_INFO.startsWith("/hooks/") })
    expect([await codeOf(app, { path: "/hooks/a" }), await codeOf(app, { path: "/" })]).toEqual([200, 403])
  })
})

describe("the token, for clients that tell nothing", () => {
  async function visitor(): Promise<{ client: Client; token: string }> {
    const client = new Client(withSessions)
    return { client, token: await (await client.get("/token")).text() }
  }

  test("comes in a field of a form, which the application reads as if it were unread", async () => {
    const { client, token } = await visitor()
    const answer = await client.post("/", { data: { csrf_token: token, a: "1", b: "2" } })
    expect([answer.statusCode, await answer.json()]).toEqual([200, ["csrf_token", "a", "b"]])
    const last = await client.post("/", { data: { a: "1", csrf_token: token } })
    expect([last.statusCode, await last.json()]).toEqual([200, ["a", "csrf_token"]])
  })

  test("comes in front of an upload of any size", async () => {
    const { client, token } = await visitor()
    for (const size of [0, 10, 70_000, 1_000_000]) {
      const file = new File([new Uint8Array(size)], "a.bin")
      const answer = await client.post("/", { data: { csrf_token: token, a: "1", file } })
      expect([answer.statusCode, await answer.json()], String(size)).toEqual([200, ["csrf_token", "a", size]])
    }
    // Behind more than is looked at, it is not found.
    const form = new FormData()
    form.append("file", new File([new Uint8Array(70_000)], "a.bin"))
    form.append("csrf_token", token)
    const encoded = new globalThis.Response(form)
    const headers = { "Content-Type": encoded.headers.get("Content-Type") as string }
    const answer = await client.open("/", {
      method: "POST",
      headers,
      data: new Uint8Array(await encoded.arrayBuffer()),
    })
    expect(answer.statusCode).toBe(403)
  })

  test("comes in a header, with any body", async () => {
    const { client, token } = await visitor()
    const headers = { "X-CSRF-Token": token, "Content-Type": "application/octet-stream" }
    const answer = await client.open("/data", { method: "PUT", headers, data: new Uint8Array(100_000) })
    expect([answer.statusCode, await answer.text()]).toEqual([200, "100000"])
  })

  test("looks different each time, and all of them hold", async () => {
    const { client, token } = await visitor()
    const other = await (await client.get("/token")).text()
    expect(other).not.toBe(token)
    for (const each of [token, other]) {
      expect((await client.post("/", { data: { csrf_token: each } })).statusCode).toBe(200)
    }
  })

  test("is that of this session", async () => {
    const { client, token } = await visitor()
    const stranger = await visitor()
    expect((await stranger.client.post("/", { data: { csrf_token: token } })).statusCode).toBe(403)
    expect((await new Client(withSessions).post("/", { data: { csrf_token: token } })).statusCode).toBe(403)
    expect((await client.post("/", { data: { csrf_token: token } })).statusCode).toBe(200)
  })

  test("is another one after a login", async () => {
    const { client, token } = await visitor()
    expect((await client.post("/login", { data: { csrf_token: token } })).statusCode).toBe(200)
    expect((await client.post("/", { data: { csrf_token: token } })).statusCode).toBe(403)
    const next = await (await client.get("/token")).text()
    expect((await client.post("/", { data: { csrf_token: next } })).statusCode).toBe(200)
  })

  test.each(["", "x", "A".repeat(43), "A".repeat(44), `${"A".repeat(42)}!`, "\u0000"])("%j is none", async (token) => {
    const { client } = await visitor()
    expect((await client.post("/", { data: { csrf_token: token } })).statusCode).toBe(403)
  })

  test("a token does not help a page of another site", async () => {
    const { client, token } = await visitor()
    const headers = { "Sec-Fetch-Site": "cross-site" }
    expect((await client.post("/", { data: { csrf_token: token }, headers })).statusCode).toBe(403)
  })

  test("a session without a token, and a form that is malformed, are refused", async () => {
    const app = sessions(csrf(inner), { secret: SECRET })
    const client = new Client(app)
    await client.post("/login", { headers: { "Sec-Fetch-Site": "same-origin" } })
    expect((await client.post("/", { data: { csrf_token: "A".repeat(43) } })).statusCode).toBe(403)
    const headers = { "Content-Type": "multipart/form-data; boundary=x" }
    expect((await client.open("/", { method: "POST", headers, data: "--y" })).statusCode).toBe(403)
    expect((await client.open("/", { method: "POST", headers, data: "" })).statusCode).toBe(403)
  })

  test("without sessions there is none to be had", async () => {
    await expect(new Client(alone).get("/token")).rejects.toThrow(TypeError)
  })

  test("in a form it is a hidden field", async () => {
    const app = sessions(
      application(async (request) => new Response(String(await csrfField(request)))),
      { secret: SECRET },
    )
    expect(await (await new Client(app).get("/")).text()).toMatch(
      /^<input type="hidden" name="csrf_token" value="[\w-]{43}">$/,
    )
  })
})

test("a request that is let through by what the browser says leaves the session alone", async () => {
  const { headers } = await new Client(withSessions).post("/", { headers: { "Sec-Fetch-Site": "same-origin" } })
  expect([headers.has("Vary"), headers.has("Set-Cookie")]).toEqual([false, false])
})
