// The API as its clients meet it: over sockets, on a real PostgreSQL. Without PostgreSQL (Debian's package `postgresql`) these
// tests are skipped.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { Validator } from "@seriousme/openapi-schema-validator"
import { type Logger, pino } from "pino"
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest"
import { makeServer, type WerkstattServer } from "werkstatt/serving"
import { makeApp } from "../app.ts"
import { migrate, openPool, type Pool } from "../database.ts"
import { hasPostgres, Postgres } from "./postgres.ts"

interface Item {
  id: number
  sku: string
  name: string
  quantity: number
  url: string
}

let postgres: Postgres
let pool: Pool
let server: WerkstattServer
const lines: Record<string, unknown>[] = []
const log: Logger = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line)) })

const TEA = { sku: "TEA-1", name: "Tea", quantity: 3 }
const RICE = { sku: "RICE-1", name: "Rice", quantity: 0 }

const ask = (path: string, init: RequestInit = {}) => fetch(new URL(path, server.url), init)

function send(method: string, path: string, value: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return ask(path, { method, body: JSON.stringify(value), headers: { "Content-Type": "application/json", ...headers } })
}

async function add(value: object): Promise<{ item: Item; etag: string }> {
  const response = await send("POST", "/items", value)
  expect(response.status).toBe(201)
  return { item: (await response.json()) as Item, etag: response.headers.get("ETag") as string }
}

async function problemOf(response: Response): Promise<{ status: number; detail?: string; errors?: unknown }> {
  expect(response.headers.get("Content-Type")).toBe("application/problem+json")
  const problem = (await response.json()) as { status: number; detail?: string }
  expect(problem.status).toBe(response.status)
  return problem
}

const count = async (table: string) =>
  Number((await pool.query<{ count: string }>(`SELECT count(*) FROM ${table}`)).rows[0]?.count)

describe.skipIf(!hasPostgres)(`the API${hasPostgres ? "" : " (skipped: PostgreSQL is not installed)"}`, () => {
  beforeAll(async () => {
    postgres = new Postgres()
    await postgres.start()
    pool = openPool(postgres.url(), (error) => log.warn(error))
  }, 60_000)

  afterAll(async () => {
    await server?.close()
    await pool?.end()
    await postgres?.remove()
  }, 60_000)

  test("migrations are run once, also where several processes start at the same time", async () => {
    const done = await Promise.all([migrate(pool), migrate(pool), migrate(pool)])
    expect(done.flat()).toEqual(["001-items.sql", "002-deliveries.sql"])
    expect(await migrate(pool)).toEqual([])
    server = await makeServer("127.0.0.1", 0, makeApp({ pool, log }), { accessLog: false })
  })

  beforeEach(async ({ task }) => {
    if (task.name.startsWith("migrations")) return
    await pool.query("TRUNCATE item, delivery, delivery_line RESTART IDENTITY")
    lines.length = 0
  })

  test("an item is made, read, changed and removed", async () => {
    const { item, etag } = await add(TEA)
    expect(item).toEqual({ id: 1, ...TEA, url: "/items/1" })
    const shown = await ask(item.url)
    expect([shown.headers.get("ETag"), await shown.json()]).toEqual([etag, item])
    const same = await ask(item.url, { headers: { "If-None-Match": etag } })
    expect([same.status, await same.text()]).toEqual([304, ""])

    const changed = await send("PUT", item.url, { ...TEA, quantity: 2 }, { "If-Match": etag })
    expect([changed.status, ((await changed.json()) as Item).quantity]).toEqual([200, 2])
    const newer = changed.headers.get("ETag") as string
    expect(newer).not.toBe(etag)
    const removed = await ask(item.url, { method: "DELETE", headers: { "If-Match": newer } })
    expect([removed.status, await removed.text()]).toEqual([204, ""])
    expect((await problemOf(await ask(item.url))).status).toBe(404)
  })

  test("of two editors who change an item at the same time one is told that there is a newer version", async () => {
    const { item, etag } = await add(TEA)
    const edit = (name: string) => send("PUT", item.url, { ...TEA, name }, { "If-Match": etag })
    const answers = await Promise.all([edit("Green tea"), edit("Black tea")])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412])
    const winner = answers.find(({ status }) => status === 200) as Response
    const loser = answers.find(({ status }) => status === 412) as Response
    expect(await (await ask(item.url)).json()).toEqual(await winner.json())
    expect((await problemOf(loser)).detail).toMatch(/has been changed/)

    // The other one looks again, and tries with that version.
    const now = await ask(item.url)
    await now.text()
    const again = await send("PUT", item.url, TEA, { "If-Match": now.headers.get("ETag") as string })
    expect([again.status, ((await again.json()) as Item).name]).toEqual([200, "Tea"])
  })

  test("many editors at once each change the item once, and no change is lost", async () => {
    const { item } = await add({ ...TEA, quantity: 0 })
    const increase = async () => {
      for (;;) {
        const seen = await ask(item.url)
        const { quantity } = (await seen.json()) as Item
        const headers = { "If-Match": seen.headers.get("ETag") as string }
        const answer = await send("PUT", item.url, { ...TEA, quantity: quantity + 1 }, headers)
        await answer.text()
        if (answer.status === 200) return
        expect(answer.status).toBe(412)
      }
    }
    await Promise.all(Array.from({ length: 8 }, increase))
    expect(((await (await ask(item.url)).json()) as Item).quantity).toBe(8)
  })

  test("who changes without saying what was seen gets 428", async () => {
    const { item } = await add(TEA)
    expect((await problemOf(await send("PUT", item.url, TEA))).status).toBe(428)
    expect((await problemOf(await ask(item.url, { method: "DELETE" }))).status).toBe(428)
    expect(await count("item")).toBe(1)
    const any = await ask(item.url, { method: "DELETE", headers: { "If-Match": "*" } })
    expect(any.status).toBe(204)
  })

  test("a delivery adds to all of its items", async () => {
    await add(TEA)
    await add(RICE)
    const out = (await (await ask("/stock/out")).json()) as { items: Item[] }
    expect(out.items.map(({ sku }) => sku)).toEqual(["RICE-1"])
    const delivery = { supplier: "Ada", lines: [TEA, RICE].map(({ sku }) => ({ sku, quantity: 10 })) }
    const answer = await send("POST", "/deliveries", delivery)
    expect(answer.status).toBe(201)
    const { items } = (await (await ask("/items")).json()) as { items: Item[] }
    expect(items.map(({ sku, quantity }) => [sku, quantity])).toEqual([
      ["RICE-1", 10],
      ["TEA-1", 13],
    ])
    expect((await (await ask("/stock/out")).json()) as object).toEqual({ items: [] })
  })

  test("a delivery of which one line is wrong changes nothing", async () => {
    const { etag } = await add({ ...TEA, sku: "A" })
    const lines = ["A", "Z"].map((sku) => ({ sku, quantity: 10 }))
    const answer = await send("POST", "/deliveries", { supplier: "Ada", lines })
    expect((await problemOf(answer)).errors).toEqual([{ pointer: "/lines/1/sku", detail: "There is no item Z." }])
    expect([await count("delivery"), await count("delivery_line")]).toEqual([0, 0])
    const item = await ask("/items/1")
    expect([item.headers.get("ETag"), ((await item.json()) as Item).quantity]).toEqual([etag, 3])
  })

  test("deliveries of the same items at the same time wait for each other", async () => {
    await add({ ...TEA, sku: "A", quantity: 0 })
    await add({ ...TEA, sku: "B", quantity: 0 })
    const deliver = (skus: string[]) =>
      send("POST", "/deliveries", { supplier: "Ada", lines: skus.map((sku) => ({ sku, quantity: 1 })) })
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) => deliver(index % 2 ? ["A", "B"] : ["B", "A"])),
    )
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([201]))
    const { items } = (await (await ask("/items")).json()) as { items: Item[] }
    expect(items.map(({ quantity }) => quantity)).toEqual([20, 20])
  })

  test("an SKU that is taken is a conflict, and the connection is fit for the next request", async () => {
    await add(TEA)
    expect((await problemOf(await send("POST", "/items", TEA))).status).toBe(409)
    const { item } = await add(RICE)
    expect((await problemOf(await send("PUT", item.url, TEA, { "If-Match": "*" }))).status).toBe(409)
    expect(await count("item")).toBe(2)
  })

  test("pages lead from one to the next by their links, whatever comes and goes meanwhile", async () => {
    const names = Array.from({ length: 25 }, (_, index) => `Item ${String.fromCharCode(97 + index)}`)
    for (const [index, name] of names.entries()) await add({ sku: `S-${index}`, name })
    // Two of one name are told apart.
    await add({ sku: "TWIN", name: "Item j" })
    const seen: string[] = []
    let next: string | undefined = "/items?limit=10"
    let pages = 0
    while (next !== undefined) {
      const page = await ask(next)
      seen.push(...((await page.json()) as { items: Item[] }).items.map(({ name }) => name))
      const link: string = page.headers.get("Link") ?? ""
      expect(link).toContain('</items?limit=10>; rel="first"')
      next = /<([^>]*)>; rel="next"/.exec(link)?.[1]
      // Numbered pages would show an item twice now.
      if (++pages === 1) await add({ sku: "EARLY", name: "Apples" })
    }
    expect([pages, seen]).toEqual([3, [...names.slice(0, 10), "Item j", ...names.slice(10)]])
  })

  test.each([
    ["/items?limit=0", "/limit"],
    ["/items?limit=x", "/limit"],
    ["/items?limit=1e9", "/limit"],
    ["/items?after=x", "/after"],
    [`/items?after=${Buffer.from('["a",1.5]').toString("base64url")}`, "/after"],
    [`/items?after=${Buffer.from('["a\\u0000",1]').toString("base64url")}`, "/after"],
    [`/items?after=${Buffer.from('["a",99999999999]').toString("base64url")}`, "/after"],
  ])("%s is a 422 that names what is wrong", async (path, pointer) => {
    expect((await problemOf(await ask(path))).errors).toMatchObject([{ pointer }])
  })

  test.each([
    [{}, ["/sku", "/name"]],
    [{ ...TEA, quantity: -1 }, ["/quantity"]],
    [{ ...TEA, quantity: 1.5 }, ["/quantity"]],
    [{ ...TEA, quantity: 1e12 }, ["/quantity"]],
    [{ ...TEA, name: "a\0b" }, ["/name"]],
    [{ ...TEA, sku: "'; DROP TABLE item" }, ["/sku"]],
    [[], [""]],
  ])("the body %j is a 422 that names what is wrong", async (body, pointers) => {
    const { errors } = await problemOf(await send("POST", "/items", body))
    expect((errors as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual(pointers)
    expect(await count("item")).toBe(0)
  })

  test("whatever is wrong with a request is told in a problem document", async () => {
    const text = (body: string, type = "application/json") =>
      ask("/items", { method: "POST", body, headers: { "Content-Type": type, Accept: "text/html" } })
    expect((await problemOf(await text("{"))).status).toBe(400)
    expect((await problemOf(await text("{}", "text/plain"))).status).toBe(415)
    expect((await problemOf(await text(`"${"x".repeat(2 ** 20)}"`))).status).toBe(413)
    expect((await problemOf(await ask("/nothing"))).status).toBe(404)
    // Beyond what the database can hold.
    expect((await problemOf(await ask("/items/2147483648"))).status).toBe(404)
    const patched = await send("PATCH", "/items", {})
    expect(patched.headers.get("Allow")).toBe("GET, HEAD, POST")
    expect((await problemOf(patched)).status).toBe(405)
  })

  test("an error nobody has thought of is logged, and the client gets a problem that tells nothing", async () => {
    await pool.query("ALTER TABLE item RENAME TO hidden")
    try {
      const problem = await problemOf(await ask("/items"))
      expect([problem.status, JSON.stringify(problem)]).toEqual([500, expect.not.stringMatching(/item|relation/)])
    } finally {
      await pool.query("ALTER TABLE hidden RENAME TO item")
    }
    const error = lines.find(({ level }) => level === 50)
    expect(error).toMatchObject({ err: { code: "42P01", message: 'relation "item" does not exist' } })
    // The id stands in both lines.
    expect(lines.find(({ msg }) => msg === "request")).toMatchObject({ status: 500, requestId: error?.["requestId"] })
  })

  test("each request is logged, with its id", async () => {
    const answer = await ask("/items")
    await answer.text()
    await expect.poll(() => lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      msg: "request",
      method: "GET",
      target: "/items",
      status: 200,
      requestId: answer.headers.get("X-Request-ID"),
    })
  })

  test("the metrics count requests by route and status", async () => {
    await add(TEA)
    for (const id of [1, 1, 2]) await (await ask(`/items/${id}`)).text()
    const answer = await ask("/metrics")
    expect(answer.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8")
    const text = await answer.text()
    const counts = text.split("\n").filter((line) => line.startsWith("http_server_request_duration_count"))
    const route = 'http_route="/items/<int(min=1, max=2147483647):id>"'
    const of = (status: number) =>
      counts.find((line) => line.includes(route) && line.includes('"GET"') && line.includes(`status_code="${status}"`))
    expect(of(200)).toMatch(/ [2-9]\d*(?: \d+)?$/)
    expect(of(404)).toMatch(/ \d+(?: \d+)?$/)
  })

  test("the OpenAPI document is valid, and says what the rules and schemas say", async () => {
    const document = (await (await ask("/openapi.json")).json()) as {
      paths: Record<string, Record<string, { parameters: { name: string; schema: object }[]; responses: object }>>
      components: { schemas: Record<string, { required?: string[] }> }
    }
    const { valid, errors } = await new Validator().validate(structuredClone(document))
    expect([valid, errors]).toEqual([true, undefined])
    expect(Object.keys(document.paths)).toEqual(["/items", "/items/{id}", "/deliveries", "/stock/{level}"])
    const item = document.paths["/items/{id}"]
    expect(Object.keys(item ?? {})).toEqual(["get", "put", "delete"])
    expect(item?.["get"]?.parameters).toEqual([
      { name: "id", in: "path", required: true, schema: { type: "integer", minimum: 1, maximum: 2147483647 } },
    ])
    expect(Object.keys(item?.["put"]?.responses ?? {})).toEqual([
      "200",
      "400",
      "404",
      "409",
      "412",
      "415",
      "422",
      "428",
      "503",
    ])
    expect(document.paths["/stock/{level}"]?.["get"]?.parameters[0]?.schema).toEqual({
      type: "string",
      enum: ["low", "out"],
    })
    const { parameters = [] } = document.paths["/items"]?.["get"] ?? {}
    expect(parameters.map(({ name, schema }) => [name, schema])).toEqual([
      ["limit", { default: 20, type: "integer", minimum: 1, maximum: 100 }],
      ["after", { type: "string" }],
    ])
    // What may be left out of a request.
    expect(document.components.schemas["NewItem"]?.required).toEqual(["sku", "name"])
  })

  test("without a database clients get 503, and when it is back they are served again", {
    timeout: 60_000,
  }, async () => {
    await add(TEA)
    await postgres.stop()
    const refused = await ask("/items")
    expect(refused.headers.get("Retry-After")).toBe("5")
    expect((await problemOf(refused)).status).toBe(503)
    // What needs no connection is served all the same.
    expect((await ask("/openapi.json")).status).toBe(200)
    await postgres.start()
    const { items } = (await (await ask("/items")).json()) as { items: Item[] }
    expect(items).toHaveLength(1)
  })

  test("werkstatt serve runs it on two processes, and ends it in order", { timeout: 60_000 }, async () => {
    await pool.query("CREATE DATABASE fresh")
    const command = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url))
    const args = [command, "serve", "main.ts", "--bind", "127.0.0.1:0", "--workers", "2"]
    const child = spawn(process.execPath, args, {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      env: { ...process.env, DATABASE_URL: postgres.url("fresh") },
    })
    onTestFinished(() => void child.kill("SIGKILL"))
    let output = ""
    const url = await new Promise<string>((resolve, reject) => {
      const collect = (chunk: Buffer) => {
        output += chunk.toString()
        const found = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(output)?.[0]
        if (found !== undefined) resolve(found)
      }
      child.stdout.on("data", collect)
      child.stderr.on("data", collect)
      child.once("exit", (code) => reject(new Error(`exit code ${code}\n${output}`)))
    })
    const body = JSON.stringify(TEA)
    const made = await fetch(`${url}/items`, { method: "POST", body, headers: { "Content-Type": "application/json" } })
    expect([made.status, await made.json()]).toEqual([201, { id: 1, ...TEA, url: "/items/1" }])
    child.kill("SIGTERM")
    expect(await once(child, "exit"), output).toEqual([0, null])
    expect(output.match(/"msg":"migrated"/g)).toHaveLength(2)
  })
})
