// The framework of examples/framework, by the application that stands on it and by small ones.

import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, expectTypeOf, test } from "vitest"
import { makeApp } from "../../examples/framework/app.ts"
import { App, Blueprint, configFromEnv } from "../../examples/framework/framework.ts"
import { BadRequest, HTTPException, NotFound, Response } from "../../src/index.ts"

const config = { title: "Notes", apiToken: "secret", pageSize: 2 }
const bearer = { headers: { Authorization: "Bearer secret" } }

test("a note is added, shown, listed, and counted", async () => {
  const { app, counts } = makeApp(config)
  const client = app.client()
  const added = await client.post("/", { data: { text: "<b>milk</b>" } })
  expect([added.statusCode, added.location]).toEqual([303, "/1"])
  await added.text()
  expect(await (await client.get("/1")).text()).toContain("<p>&lt;b&gt;milk&lt;/b&gt;</p>")
  for (const text of ["tea", "rice"]) await (await client.post("/", { data: { text } })).text()
  const index = await (await client.get("/")).text()
  expect(index).toContain('<a href="/3">rice</a>')
  expect(index).not.toContain("milk")
  expect(Object.fromEntries(counts)).toEqual({ add: 3, show: 1, index: 1 })
})

test("an error is answered by the blueprint that it comes from, and with its own status", async () => {
  const client = makeApp(config).app.client()
  const page = await client.get("/7")
  expect([page.statusCode, page.headers.get("Content-Type")]).toEqual([404, "text/html; charset=utf-8"])
  expect(await page.text()).toContain("<p>There is no note 7.</p>")
  const json = await client.get("/api/notes/7", bearer)
  expect([json.statusCode, await json.json()]).toEqual([404, { error: "There is no note 7.", id: 7 }])
  expect((await client.post("/1")).statusCode).toBe(405)
  expect((await client.post("/", { data: {} })).statusCode).toBe(400)
})

test("hooks of a blueprint hold below its path alone", async () => {
  const { app, notes } = makeApp(config)
  notes.add("milk")
  const client = app.client()
  const refused = await client.get("/api/notes")
  expect([refused.statusCode, refused.headers.get("WWW-Authenticate")]).toEqual([401, "Bearer"])
  expect(refused.headers.get("Cache-Control")).toBe("no-store")
  expect((await client.get("/")).headers.get("Cache-Control")).toBeUndefined()
  const list = await client.get("/api/notes", bearer)
  expect(await list.json()).toEqual([{ text: "milk", url: "http://localhost/api/notes/1" }])
  expect(list.headers.get("X-Request-Id")).toMatch(/\S/)
})

test("a configuration without a token lets in no one", async () => {
  const client = makeApp({ ...config, apiToken: "" }).app.client()
  for (const Authorization of ["Bearer ", "Bearer", "Basic Og=="]) {
    expect((await client.get("/api/notes", { headers: { Authorization } })).statusCode).toBe(401)
  }
})

test("URLs know the mount of the application", async () => {
  const app = new App({})
  app.get("/<name>/", ({ urlFor, values: { name } }) => urlFor("hello", { name: `${name}!` }), "hello")
  const answer = await app.client().get("/ada/", { baseUrl: "http://localhost/shop" })
  expect(await answer.text()).toBe("/shop/ada!/")
})

test("hooks run from the outside in, and back", async () => {
  const order: string[] = []
  const inner = new Blueprint("inner")
  const app = new App({})
  for (const [name, scope] of [
    ["outer", app],
    ["inner", inner],
  ] as const) {
    scope.beforeRequest(() => void order.push(`before ${name}`))
    scope.afterRequest(() => void order.push(`after ${name}`))
    scope.teardown(() => void order.push(`teardown ${name}`))
  }
  inner.get("/", () => void order.push("view"), "index")
  app.mount("/in", inner)
  expect((await app.client().get("/in/")).statusCode).toBe(204)
  expect(order).toEqual([
    "before outer",
    "before inner",
    "view",
    "after inner",
    "after outer",
    "teardown inner",
    "teardown outer",
  ])
})

test("teardown comes after the last byte, and after an error that nothing answers", async () => {
  const noted: unknown[] = []
  const app = new App({})
  app.teardown((_context, error) => void noted.push((error as Error | undefined)?.message ?? "sent"))
  app.get("/stream", () => new Response(parts()), "stream")
  app.get("/broken", broken)
  async function* parts() {
    yield "one"
    noted.push("last part")
  }
  function broken(): never {
    throw new Error("broken")
  }
  expect(await (await app.client().get("/stream")).text()).toBe("one")
  await expect(app.client().get("/broken")).rejects.toThrow("broken")
  expect(noted).toEqual(["last part", "sent", "broken"])
})

test("the handler of the nearest class answers, and an error that has none goes on to the server", async () => {
  class Base extends Error {}
  class Derived extends Base {}
  const app = new App({})
  app.onError(Base, () => "base")
  app.onError(HTTPException, (error) => error.name)
  app.onError(400, () => ({ message: "by code" }))
  const thrown = { derived: new Derived(), bad: new BadRequest(), missing: new NotFound(), other: "text" }
  for (const [name, error] of Object.entries(thrown)) {
    app.get(`/${name}` as "/", () => Promise.reject(error), name)
  }
  const answers = await Promise.all(
    ["derived", "bad", "missing"].map(async (name) => {
      const answer = await app.client().get(`/${name}`)
      return [answer.statusCode, await answer.text()]
    }),
  )
  expect(answers).toEqual([
    [500, "base"],
    [400, '{"message":"by code"}'],
    [404, "Not Found"],
  ])
  await expect(app.client().get("/other")).rejects.toBe("text")
})

test("the text of a path gives its values their types", () => {
  const app = new App({ size: 1 })
  app.get(
    "/<int:year>/<any(a, b):kind>/<name>",
    ({ values, config }) => {
      expectTypeOf(values).toEqualTypeOf<{ year: number; kind: "a" | "b"; name: string }>()
      expectTypeOf(config.size).toBeNumber()
    },
    "typed",
  )
})

test("mistakes in setting it up are errors at once", async () => {
  const app = new App({})
  expect(() => app.get("/", () => "")).toThrow("has no name")
  app.get("/", () => "", "index")
  app.get("/again", () => "", "index")
  expect(() => app.map).toThrow('two routes "index"')
  expect(() => app.get("/late", () => "", "late")).toThrow("served its first request")
  const extension = { name: "one", install: () => 1 }
  const other = new App({})
  expect(other.register(extension)).toBe(1)
  expect(() => other.register(extension)).toThrow("already")
  expect(() => new Blueprint("a.b")).toThrow("no dot")
})

test("a configuration is read from variables of the environment, each as the kind of its default", () => {
  const defaults = { title: "Notes", pageSize: 20, isOpen: false }
  const read = (variables: Record<string, string>) => configFromEnv("NOTES_", defaults, variables)
  expect(read({})).toEqual(defaults)
  expect(read({ NOTES_PAGE_SIZE: "5", NOTES_IS_OPEN: "true", NOTES_TITLE: "" })).toEqual({
    title: "",
    pageSize: 5,
    isOpen: true,
  })
  for (const text of ["", "five"]) expect(() => read({ NOTES_PAGE_SIZE: text })).toThrow("NOTES_PAGE_SIZE is no number")
  expect(() => read({ NOTES_IS_OPEN: "yes" })).toThrow("NOTES_IS_OPEN is no boolean")
})

test("it has less than 400 lines, as the guide says", () => {
  const file = new URL("../../examples/framework/framework.ts", import.meta.url)
  expect(readFileSync(file, "utf8").split("\n").length).toBeLessThan(400)
})

test("commands run from the shell", () => {
  const program = fileURLToPath(new URL("../../examples/framework/app.ts", import.meta.url))
  const run = (...argv: string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", program, ...argv], { encoding: "utf8" })
  expect(run("add", "Buy milk").stdout).toBe("note 1: Buy milk\n")
  expect(run("routes").stdout).toContain("/api/notes/<int:id>")
  const { status, stderr } = run("no")
  expect([status, stderr]).toEqual([2, expect.stringContaining('There is no command "no". There are:\n  routes')])
})
