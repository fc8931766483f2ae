import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Application, Environ } from "../../src/gateway.ts"
import type { Session } from "../../src/sessions/session.ts"
import { getSession, sessions } from "../../src/sessions/sessions.ts"
import { MemoryStore } from "../../src/stores/memory-store.ts"
import type { SetOptions, Store } from "../../src/stores/store.ts"
import { Client } from "../../src/testing/client.ts"
import { application } from "../../src/wrappers/application.ts"
import type { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { CLIENTS, type Connected, hasRedis, type RedisServer, startRedis } from "../stores/redis-server.ts"

const app = (store: Store, view: (session: Session, request: Request) => unknown): Application =>
  sessions(
    application(async (request) => Response.json((await view(await getSession(request), request)) ?? null)),
    { store },
  )

const json = async (client: Client, path = "/"): Promise<unknown> => JSON.parse(await (await client.get(path)).text())

/** The id that a client has. */
const idOf = (client: Client) => client.getCookie("session")?.value as string

/** A client that acts with the same cookie and keeps its own afterwards. */
function another(application: Application, id: string): Client {
  const client = new Client(application)
  client.setCookie("session", id, { secure: true })
  return client
}

/** Opens when `count` have come. */
function gate(count: number): () => Promise<void> {
  let waiting = 0
  let open: () => void
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return () => {
    if (++waiting === count) open()
    return opened
  }
}

/** A store in memory that shows what it is asked for. */
class WatchedStore extends MemoryStore {
  readonly keys: string[] = []
  override get(key: string): Promise<string | undefined> {
    this.keys.push(key)
    return super.get(key)
  }
  override set(key: string, value: string, options?: SetOptions): Promise<boolean> {
    this.keys.push(key)
    return super.set(key, value, options)
  }
}

test("the store knows a hash of the id, and is asked for nothing that can be no id", async () => {
  const store = new WatchedStore()
  const own = app(store, (session) => void session.set("a", 1))
  const client = new Client(own)
  await client.get("/")
  expect(idOf(client)).toMatch(/^[\w-]{43}$/)
  expect(store.keys.join()).not.toContain(idOf(client))
  store.keys.length = 0
  const reading = app(store, (session) => session.isNew)
  for (const id of ["", "a", "x".repeat(44), `${"x".repeat(42)}!`, "../../etc", "__proto__"]) {
    expect(await json(another(reading, id))).toBe(true)
  }
  expect(store.keys).toEqual([])
})

test("an id that a client has chosen is never taken", async () => {
  const own = app(new MemoryStore(), (session) => void session.set("a", 1))
  const chosen = "x".repeat(43)
  const client = another(own, chosen)
  await client.get("/")
  expect(idOf(client)).not.toBe(chosen)
})

test("logging in gives another id, and the old one leads nowhere", async () => {
  const store = new MemoryStore()
  const own = app(store, (session, { path }) => {
    if (path === "/login") session.set("user", "ada")
    if (path === "/rotate") session.rotate()
    return Object.fromEntries(session.update("visits", (visits = 0) => visits + 1))
  })
  const client = new Client(own)
  await client.get("/")
  const planted = idOf(client)
  expect(await json(client, "/login")).toEqual({ user: "ada", visits: 2 })
  const loggedIn = idOf(client)
  expect(loggedIn).not.toBe(planted)
  expect(await json(another(own, planted))).toEqual({ visits: 1 })
  // The same user again is no new login; rotate is asked for.
  await client.get("/login")
  expect(idOf(client)).toBe(loggedIn)
  await client.get("/rotate")
  expect(idOf(client)).not.toBe(loggedIn)
  expect(await json(client)).toEqual({ user: "ada", visits: 5 })
  expect(store.size).toBe(2)
})

test("the keys of a login can be named", async () => {
  const own = sessions(
    application(async (request) => {
      const session = await getSession(request)
      session.set(request.path.slice(1), Math.random())
      return Response.json(null)
    }),
    { store: new MemoryStore(), rotateOn: ["account"] },
  )
  const client = new Client(own)
  await client.get("/user")
  const first = idOf(client)
  await client.get("/user")
  expect(idOf(client)).toBe(first)
  await client.get("/account")
  expect(idOf(client)).not.toBe(first)
})

function losesNothing(storeOf: () => Store): void {
  test("requests at once lose no change, in any order in which they are saved", async () => {
    const count = 12
    const all = gate(count)
    const own = app(storeOf(), async (session, { path, args }) => {
      if (path !== "/add") return Object.fromEntries(session)
      await all()
      session.update("count", (value = 0) => value + 1).set(`key${args.get("n")}`, Number(args.get("n")))
      session.flash(`message ${args.get("n")}`)
      return null
    })
    const starter = new Client(app(storeOf(), (session) => void session.set("start", true)))
    await starter.get("/")
    const id = idOf(starter)
    await Promise.all(Array.from({ length: count }, (_, n) => another(own, id).get(`/add?n=${n}`)))
    const kept = (await json(another(own, id))) as Record<string, unknown>
    expect(kept["count"]).toBe(count)
    expect(kept["start"]).toBe(true)
    expect((kept["_flashes"] as unknown[]).length).toBe(count)
    for (let n = 0; n < count; n++) expect(kept[`key${n}`]).toBe(n)
  })

  test("messages that two requests take at once are taken once from the session, and none that came in between is", async () => {
    const both = gate(2)
    const own = app(storeOf(), async (session, { path }) => {
      if (path === "/take") {
        await both()
        return session.takeFlashes()
      }
      if (path === "/add") {
        await both()
        return void session.flash("second")
      }
      return session.get("_flashes") ?? []
    })
    const starter = new Client(app(storeOf(), (session) => void session.flash("first").set("a", 1)))
    await starter.get("/")
    await Promise.all([another(own, idOf(starter)).get("/take"), another(own, idOf(starter)).get("/add")])
    expect(await json(another(own, idOf(starter)))).toEqual([["message", "second"]])
  })

  test("a session that was ended is not brought back by a slow request, which says so", async () => {
    const errors: string[] = []
    const both = gate(2)
    const own = app(storeOf(), async (session, { path }) => {
      if (path === "/logout") session.clear()
      if (path === "/slow") {
        session.set("cart", ["tea"])
        // Saved only after the other one is.
        await both()
      }
      return Object.fromEntries(session)
    })
    const starter = new Client(app(storeOf(), (session) => void session.set("user", "ada")))
    await starter.get("/")
    const id = idOf(starter)
    const write = (text: string) => void errors.push(text)
    const slow = another(own, id).get("/slow", {
      environOverrides: { "wsgi.errors": { write, writeLines: () => {}, flush: () => {} } } as Partial<Environ>,
    })
    await another(own, id).get("/logout")
    await both()
    await slow
    expect(await json(another(own, id))).toEqual({})
    expect(errors.join()).toMatch(/ended before this request could save/)
  })

  test("what another request changes while a visitor logs in goes along", async () => {
    const entered = gate(2)
    const done = gate(2)
    const own = app(storeOf(), async (session, { path }) => {
      if (path === "/login") {
        session.set("user", "ada")
        await entered()
        await done()
      }
      if (path === "/add") {
        await entered()
        session.set("cart", ["tea"])
      }
      return Object.fromEntries(session)
    })
    const starter = new Client(app(storeOf(), (session) => void session.set("a", 1)))
    await starter.get("/")
    const client = another(own, idOf(starter))
    const login = client.get("/login")
    await another(own, idOf(starter)).get("/add")
    await done()
    await login
    expect(await json(client)).toEqual({ a: 1, user: "ada", cart: ["tea"] })
  })
}

describe("on a store in memory", () => {
  const store = new MemoryStore()
  losesNothing(() => store)
})

describe.skipIf(!hasRedis)("on Redis", () => {
  let server: RedisServer
  let connected: Connected
  beforeAll(async () => {
    server = await startRedis()
    connected = await (CLIENTS["iovalkey"] as (port: number) => Promise<Connected>)(server.port)
  }, 60_000)
  afterAll(async () => {
    await connected?.close()
    await server?.stop()
  })
  losesNothing(() => connected.store)
})

describe("a store that fails", () => {
  class FailingStore extends MemoryStore {
    failing = false
    override get(key: string): Promise<string | undefined> {
      return this.failing ? Promise.reject(new Error("no connection")) : super.get(key)
    }
    override set(key: string, value: string, options?: SetOptions): Promise<boolean> {
      return this.failing ? Promise.reject(new Error("no connection")) : super.set(key, value, options)
    }
  }

  test("fails the request that needs it, before anything was sent, and no other one", async () => {
    const store = new FailingStore()
    let closed = 0
    const inner: Application = async (environ, startResponse) => {
      if (environ.PATH_INFO !== "/") (await getSession(environ)).set("a", 1)
      startResponse("200 OK", [["Content-Type", "text/plain"]])
      return Object.assign([Buffer.from("hi")], { close: () => void closed++ })
    }
    const client = new Client(sessions(inner, { store }))
    store.failing = true
    await expect(client.get("/set")).rejects.toThrow("no connection")
    expect(closed).toBe(1)
    expect((await client.get("/")).statusCode).toBe(200)
    store.failing = false
    expect((await client.get("/set")).headers.has("Set-Cookie")).toBe(true)
  })
})

test("a record that is none is a session without values", async () => {
  const store = new MemoryStore()
  const own = app(store, (session) => Object.fromEntries(session))
  const writer = new Client(app(store, (session) => void session.set("a", 1)))
  await writer.get("/")
  const spoiled: Store = {
    get: async () => "7 {",
    set: (key, value, options) => store.set(key, value, options),
    increment: (key) => store.increment(key),
    delete: (key) => store.delete(key),
  }
  expect(
    await json(
      another(
        app(spoiled, (session) => Object.fromEntries(session)),
        idOf(writer),
      ),
    ),
  ).toEqual({})
  expect(await json(another(own, idOf(writer)))).toEqual({ a: 1 })
})
