// What holds for sessions wherever they are kept: in a cookie, in memory, in Redis.

import { afterAll, beforeAll, describe, expect, expectTypeOf, onTestFinished, test, vi } from "vitest"
import type { Application } from "../../src/gateway.ts"
import { SafeHtml } from "../../src/http/html.ts"
import type { Session } from "../../src/sessions/session.ts"
import { getSession, type SessionOptions, sessions } from "../../src/sessions/sessions.ts"
import { MemoryStore } from "../../src/stores/memory-store.ts"
import type { Store } from "../../src/stores/store.ts"
import { Client } from "../../src/testing/client.ts"
import { application } from "../../src/wrappers/application.ts"
import type { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { CLIENTS, type Connected, hasRedis, type RedisServer, startRedis } from "../stores/redis-server.ts"

const SECRET = "a secret of at least 16 bytes"

type View = (session: Session, request: Request) => unknown

/** An application whose views are functions of the session, by path; what they return is shown as JSON. */
function views(table: Record<string, View>): Application {
  return application(async (request) => {
    const view = table[request.path]
    if (view === undefined) return new Response("untouched")
    const shown = await view(await getSession(request), request)
    return Response.json(shown ?? null)
  })
}

const usual: Record<string, View> = {
  "/read": (session) => Object.fromEntries(session),
  "/count": (session) => session.update("count", (count = 0) => count + 1).get("count"),
  "/login": (session) => void session.set("user", "ada"),
  "/logout": (session) => session.clear(),
  "/flash": (session) => void session.flash("Saved").flash("But look", "warning"),
  "/flashes": (session) => session.takeFlashes(),
}

const shown = async (client: Client, path: string): Promise<unknown> =>
  JSON.parse(await (await client.get(path)).text())

/** What every kind of session promises. */
function keepsItsPromises(optionsOf: () => SessionOptions): void {
  const clientOf = (table: Record<string, View>, more: Partial<SessionOptions> = {}) =>
    new Client(sessions(views(table), { ...optionsOf(), ...more } as SessionOptions))

  test("what one request puts in, the next one finds, and no other visitor does", async () => {
    const app = sessions(views(usual), optionsOf())
    const [ada, bob] = [new Client(app), new Client(app)]
    expect(await shown(ada, "/count")).toBe(1)
    expect(await shown(ada, "/count")).toBe(2)
    expect(await shown(bob, "/count")).toBe(1)
    expect(await shown(ada, "/read")).toEqual({ count: 2 })
  })

  test("a session that is not asked for leaves no trace", async () => {
    const client = clientOf(usual)
    await client.get("/count")
    const { headers } = await client.get("/")
    expect([headers.has("Set-Cookie"), headers.has("Vary")]).toEqual([false, false])
  })

  test("one that is read is told in Vary, and sets no cookie", async () => {
    const client = clientOf({ ...usual, "/ask": (session) => [session.isNew, session.has("x")] })
    for (const visit of [0, 1]) {
      const { headers } = await client.get("/ask")
      expect([headers.get("Set-Cookie"), headers.get("Vary")]).toEqual([undefined, "Cookie"])
      if (visit === 0) await client.get("/count")
    }
  })

  test("the cookie is Secure, HttpOnly and SameSite=Lax, and ends with the browser", async () => {
    const { headers } = await clientOf(usual).get("/login")
    expect(headers.getAll("Set-Cookie")).toEqual([
      expect.stringMatching(/^session=[\w.-]+; Secure; HttpOnly; Path=\/; SameSite=Lax$/),
    ])
  })

  test("name and attributes can be chosen, and the cookie may last", async () => {
    const cookie = { name: "__Host-id", sameSite: "strict", partitioned: true } as const
    const client = clientOf(usual, { cookie, permanent: true, maxAgeSeconds: 1000 })
    const { headers } = await client.get("/login")
    expect(headers.get("Set-Cookie")).toMatch(
      /^__Host-id=[\w.-]+; Expires=[^;]+; Max-Age=1000; Secure; HttpOnly; Path=\/; SameSite=Strict; Partitioned$/,
    )
    expect(await shown(client, "/read")).toEqual({ user: "ada" })
  })

  test("a session may say for itself whether it lasts", async () => {
    const client = clientOf({
      "/": (session) => void Object.assign(session, { permanent: true }),
      "/set": (s) => void s.set("a", 1),
    })
    expect((await client.get("/")).headers.get("Set-Cookie")).toContain("Max-Age=2678400")
    expect((await client.get("/set")).headers.get("Set-Cookie")).toContain("Max-Age=2678400")
  })

  test("a session that is cleared is gone, and its cookie with it", async () => {
    const client = clientOf(usual)
    await client.get("/login")
    const before = client.getCookie("session")
    const { headers } = await client.get("/logout")
    expect(headers.get("Set-Cookie")).toMatch(/^session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure/)
    expect(client.getCookie("session")).toBe(undefined)
    expect(await shown(client, "/read")).toEqual({})
    expect(before).not.toBe(undefined)
  })

  test("one that is cleared and filled again is another one", async () => {
    const client = clientOf({
      ...usual,
      "/again": (session) => {
        session.clear()
        session.set("fresh", true)
      },
    })
    await client.get("/login")
    await client.get("/again")
    expect(await shown(client, "/read")).toEqual({ fresh: true })
  })

  test("clearing what was never there sets no cookie", async () => {
    expect((await clientOf(usual).get("/logout")).headers.has("Set-Cookie")).toBe(false)
  })

  test("messages are for the next page that takes them, once, in order", async () => {
    const client = clientOf(usual)
    await client.get("/flash")
    await client.get("/count")
    expect(await shown(client, "/flashes")).toEqual([
      { category: "message", message: "Saved" },
      { category: "warning", message: "But look" },
    ])
    expect(await shown(client, "/flashes")).toEqual([])
    expect(await shown(client, "/read")).toEqual({ count: 1 })
  })

  test("dates, bytes and HTML are kept as such", async () => {
    const values = { at: new Date("2026-01-02T03:04:05Z"), bytes: Uint8Array.of(0, 255), page: new SafeHtml("<b>") }
    const seen: unknown[] = []
    const client = clientOf({
      "/set": (session) => {
        for (const [key, value] of Object.entries(values)) session.set(key, value)
      },
      "/get": (session) => void seen.push(session.get("at"), session.get("bytes"), String(session.get("page"))),
    })
    await client.get("/set")
    await client.get("/get")
    expect(seen).toEqual([values.at, values.bytes, "<b>"])
  })

  test("what is set is what is read, in this request as in the next one", async () => {
    const now = new Date("2026-01-02T03:04:05.678Z")
    const client = clientOf({
      "/set": (session) => {
        const cart = ["tea"]
        session.set("cart", cart).set("at", now)
        cart.push("milk")
        return [session.get("cart"), session.get("at").toISOString()]
      },
      ...usual,
    })
    expect(await shown(client, "/set")).toEqual([["tea"], "2026-01-02T03:04:05.000Z"])
    expect(await shown(client, "/read")).toMatchObject({ cart: ["tea"] })
  })

  test("a change inside of a value throws, since it would not be saved", async () => {
    const errors: unknown[] = []
    const attempt = (change: () => void) => {
      try {
        change()
      } catch (error) {
        errors.push(error)
      }
    }
    const client = clientOf({
      "/set": (session) => {
        session.set("cart", { items: ["tea"] })
        attempt(() => session.get("cart").items.push("milk"))
      },
      "/change": (session) => attempt(() => void Object.assign(session.get("cart").items, ["milk"])),
      ...usual,
    })
    await client.get("/set")
    await client.get("/change")
    expect(errors).toEqual([expect.any(TypeError), expect.any(TypeError)])
    expect(await shown(client, "/read")).toEqual({ cart: { items: ["tea"] } })
  })

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["a function", () => 1],
    ["a Map", new Map()],
    ["NaN", Number.NaN],
    ["an object with a symbol in it", { a: { b: Symbol("x") } }],
  ])("%s is refused at the call, and nothing changes", async (_name, value) => {
    const client = clientOf({
      ...usual,
      "/bad": (session) => {
        session.set("a", 1)
        expect(() => session.set("a", value)).toThrow(TypeError)
        return session.get("a")
      },
    })
    expect(await shown(client, "/bad")).toBe(1)
    expect(await shown(client, "/read")).toEqual({ a: 1 })
  })

  test("keys that objects inherit are keys like any other", async () => {
    const client = clientOf({
      "/ask": (session) => [session.has("constructor"), session.get("toString") ?? null, session.has("__proto__")],
      "/set": (session) => void session.set("__proto__", { a: 1 }).set("constructor", "x"),
      "/get": (session) => [[...session.entries()], ({} as { a?: number }).a ?? null],
    })
    expect(await shown(client, "/ask")).toEqual([false, null, false])
    await client.get("/set")
    expect(await shown(client, "/get")).toEqual([
      [
        ["__proto__", { a: 1 }],
        ["constructor", "x"],
      ],
      null,
    ])
  })

  test("it is saved with an error page as well, and cannot change once the response has begun", async () => {
    const inner: Application = async (environ, startResponse) => {
      const session = await getSession(environ)
      session.set("a", 1)
      startResponse("404 Not Found", [["Content-Type", "text/plain"]])
      for (const change of [
        () => session.set("b", 1),
        () => session.delete("a"),
        () => session.clear(),
        () => session.rotate(),
        () => session.flash("x"),
      ]) {
        expect(change).toThrow(/has begun/)
      }
      return [Buffer.from("no")]
    }
    const client = new Client(sessions(inner, optionsOf()))
    const answer = await client.get("/")
    expect([answer.statusCode, answer.headers.has("Set-Cookie")]).toEqual([404, true])
  })

  test("an application that starts its response when it is iterated has a session too", async () => {
    const inner: Application = async function* (environ, startResponse) {
      const session = await getSession(environ)
      const count = session.update("count", (value = 0) => value + 1).get("count")
      startResponse("200 OK", [["Content-Type", "text/plain"]])
      yield Buffer.from(String(count))
      yield Buffer.from(".")
    } as (...args: Parameters<Application>) => AsyncGenerator<Uint8Array>
    const client = new Client(sessions(inner, optionsOf()))
    expect(await (await client.get("/")).text()).toBe("1.")
    expect(await (await client.get("/")).text()).toBe("2.")
  })

  test("one that pushes has a session too", async () => {
    const inner: Application = async (environ, startResponse) => {
      const session = await getSession(environ)
      session.update("count", (value = 0) => value + 1)
      const write = startResponse("200 OK", [["Content-Type", "text/plain"]])
      await write(Buffer.from(String(session.get("count"))))
      return []
    }
    const client = new Client(sessions(inner, optionsOf()))
    expect(await (await client.get("/")).text()).toBe("1")
    expect(await (await client.get("/")).text()).toBe("2")
  })

  test("it expires, and one that is read when half of its time is over is saved again", async () => {
    vi.useFakeTimers({ now: 1.8e12, toFake: ["Date"] })
    onTestFinished(() => void vi.useRealTimers())
    const client = clientOf(usual, { maxAgeSeconds: 1000 })
    await client.get("/login")
    const at = async (seconds: number) => {
      vi.setSystemTime(1.8e12 + seconds * 1000)
      await shown(client, "/read")
    }
    await at(400)
    // Read after 600 s, it holds for another 1000 s.
    await at(600)
    vi.setSystemTime(1.8e12 + 1500_000)
    expect(await shown(client, "/read")).toEqual({ user: "ada" })
  })

  test("what is kept is looked at before it is used", async () => {
    const options = optionsOf()
    const old = new Client(sessions(views({ "/set": (s) => void s.set("count", "seven").flash("hi") }), options))
    await old.get("/set")
    const validate = (data: Record<string, unknown>) => (typeof data["count"] === "number" ? data : { count: 0 })
    const now = new Client(sessions(views(usual), { ...options, validate }))
    now.setCookie("session", old.getCookie("session")?.value, { secure: true })
    expect(await shown(now, "/count")).toBe(1)
    // The application does not know of messages, and keeps them.
    expect(await shown(now, "/flashes")).toEqual([{ category: "message", message: "hi" }])
    const none = new Client(sessions(views(usual), { ...options, validate: () => undefined }))
    none.setCookie("session", old.getCookie("session")?.value, { secure: true })
    expect(await shown(none, "/read")).toEqual({})
  })
}

describe("in a cookie", () => {
  keepsItsPromises(() => ({ secret: SECRET }))
})

describe("on a Store in memory", () => {
  const store = new MemoryStore()
  keepsItsPromises(() => ({ store }))
})

describe.skipIf(!hasRedis)("on Redis", () => {
  let server: RedisServer
  let connected: Connected
  beforeAll(async () => {
    server = await startRedis()
    connected = await (CLIENTS["redis"] as (port: number) => Promise<Connected>)(server.port)
  }, 60_000)
  afterAll(async () => {
    await connected?.close()
    await server?.stop()
  })
  keepsItsPromises(() => ({ store: connected.store as Store }))
})

test("the session is typed by the key, and given out read-only", () => {
  interface Visitor {
    user?: string
    cart: { item: string; count: number }[]
    since: Date
  }
  const visitorOf = getSession<Visitor>
  type Visit = Awaited<ReturnType<typeof visitorOf>>
  const check = (session: Visit) => {
    expectTypeOf(session.get("user")).toEqualTypeOf<string | undefined>()
    expectTypeOf(session.get("since")).toEqualTypeOf<Date | undefined>()
    expectTypeOf(session.get("cart")).toEqualTypeOf<
      readonly { readonly item: string; readonly count: number }[] | undefined
    >()
    session.set("user", "ada").update("cart", (cart = []) => [...cart, { item: "tea", count: 1 }])
    // @ts-expect-error a user is text
    session.set("user", 7)
    // @ts-expect-error there is no such key
    session.get("usr")
    // @ts-expect-error delete removes a key
    session.set("user", undefined)
    // @ts-expect-error a change inside of a value would not be saved
    session.get("cart")?.push({ item: "milk", count: 1 })
  }
  expect(check).toBeTypeOf("function")
})

test("without the layer there is no session, and it is said what is missing", async () => {
  await expect(getSession({ REQUEST_METHOD: "GET" } as never)).rejects.toThrow(/put sessions\(app, \{ secret \}\)/)
})

test("a layer inside of another one has sessions of its own", async () => {
  const inner = sessions(views(usual), { secret: SECRET, cookie: { name: "inner" } })
  const client = new Client(sessions(inner, { secret: SECRET }))
  await client.get("/login")
  expect([client.getCookie("inner") !== undefined, client.getCookie("session")]).toEqual([true, undefined])
})

test.each<[string, object | undefined, typeof RangeError | typeof TypeError]>([
  ["no secret and no store", {}, TypeError],
  ["both", { secret: SECRET, store: new MemoryStore() }, TypeError],
  ["a misspelled option", { secret: SECRET, maxAge: 7 }, TypeError],
  ["a misspelled attribute", { secret: SECRET, cookie: { samesite: "lax" } }, TypeError],
  ["no options", undefined, TypeError],
  ["a short secret", { secret: "short" }, RangeError],
  ["an age that is none", { secret: SECRET, maxAgeSeconds: Number.NaN }, RangeError],
  ["a name that no cookie has", { secret: SECRET, cookie: { name: "a b" } }, TypeError],
  ["a prefix whose demands are not met", { secret: SECRET, cookie: { name: "__Host-a", path: "/b" } }, TypeError],
  ["an attribute that is none", { secret: SECRET, cookie: { sameSite: "yes" } }, TypeError],
])("%s is refused when the application is made", (_name, options, error) => {
  expect(() => sessions(views({}), options as SessionOptions)).toThrow(error)
})
