// The blog of the tutorial, as its users and other people's programs use it, on each SQLite that there is.

import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, onTestFinished, test } from "vitest"
import { makeApp } from "../../examples/flaskr/app.ts"
import { type Engine, newestEngine, openDatabase } from "../../examples/flaskr/database.ts"
import { Client } from "../../src/testing/client.ts"

const engines: Engine[] = newestEngine() === "node" ? ["node", "package"] : ["package"]
const own = { headers: { "Sec-Fetch-Site": "same-origin" } }
const PNG = Buffer.from(`\x89PNG\r\n\x1a\n${"x".repeat(1000)}`, "latin1")

describe.each(engines)("with SQLite of %s", (engine) => {
  async function open() {
    const folder = mkdtempSync(join(tmpdir(), "flaskr-"))
    const database = await openDatabase(join(folder, "blog.sqlite"), engine)
    const pictures = join(folder, "pictures")
    const app = makeApp({ database, secret: "a secret for tests: 0123456789", pictures })
    onTestFinished(() => {
      database.close()
      rmSync(folder, { recursive: true })
    })
    return { app, pictures, folder }
  }

  async function logIn(app: Awaited<ReturnType<typeof open>>["app"], name: string): Promise<Client> {
    const client = new Client(app)
    const data = { name, password: "lovelace" }
    expect((await client.post("/auth/register", { data, ...own })).location).toBe("/auth/login")
    expect((await client.post("/auth/login", { data, ...own })).location).toBe("/")
    return client
  }

  test("a user registers, logs in, writes, edits, deletes, and logs out", async () => {
    const { app } = await open()
    const client = await logIn(app, "ada")
    expect(await (await client.get("/")).text()).toContain("<span>ada</span>")
    const data = { title: "<First>", body: "one\ntwo" }
    expect((await client.post("/create", { data, ...own })).location).toBe("/")
    const index = await (await client.get("/")).text()
    expect(index).toContain("<h2>&lt;First&gt;</h2>")
    expect(index).toContain('href="/1/update"')
    const editor = await (await client.get("/1/update")).text()
    expect(editor).toContain('<input name="title" value="&lt;First&gt;" required>')
    await client.post("/1/update", { data: { title: "Second", body: "" }, ...own })
    expect(await (await client.get("/")).text()).toContain("<h2>Second</h2>")
    await client.post("/1/delete", own)
    expect(await (await client.get("/")).text()).not.toContain("<article>")
    await client.post("/auth/logout", own)
    expect(await (await client.get("/")).text()).toContain("Log in")
  })

  test("visitors are sent to the login, and back afterwards", async () => {
    const { app } = await open()
    await logIn(app, "ada")
    const client = new Client(app)
    const sent = await client.get("/create")
    expect([sent.statusCode, sent.location]).toEqual([303, "/auth/login?next=/create"])
    const data = { name: "ada", password: "lovelace" }
    expect((await client.post(sent.location as string, { data, ...own })).location).toBe("/create")
  })

  test("a form that is refused says why", async () => {
    const { app } = await open()
    await logIn(app, "ada")
    for (const [path, name, password, message] of [
      ["/auth/register", "", "x", "A name and a password are required."],
      ["/auth/register", "ada", "", "A name and a password are required."],
      ["/auth/register", " ada ", "x", "ada is already registered."],
      ["/auth/login", "ada", "x", "That is not the name, or not the password."],
      ["/auth/login", "eve", "lovelace", "That is not the name, or not the password."],
    ]) {
      const answer = await new Client(app).post(path as string, { data: { name, password }, ...own })
      expect([path, name, answer.statusCode]).toEqual([path, name, 400])
      expect(await answer.text()).toContain(message)
    }
  })

  test("two users who register the same name at once do not both get it", async () => {
    const { app } = await open()
    const register = () => new Client(app).post("/auth/register", { data: { name: "ada", password: "x" }, ...own })
    const statuses = (await Promise.all([register(), register()])).map(({ statusCode }) => statusCode)
    expect(statuses.sort()).toEqual([303, 400])
  })

  test("a post is changed by its author alone, and other sites change nothing", async () => {
    const { app } = await open()
    const ada = await logIn(app, "ada")
    await ada.post("/create", { data: { title: "Mine", body: "" }, ...own })
    const eve = await logIn(app, "eve")
    for (const path of ["/1/update", "/1/delete"]) {
      const answer = await eve.post(path, { data: { title: "Hers" }, ...own })
      expect([answer.statusCode, await answer.text()]).toEqual([403, expect.stringContaining("by somebody else")])
      const foreign = { headers: { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" } }
      expect((await ada.post(path, { data: { title: "Hers" }, ...foreign })).statusCode).toBe(403)
    }
    expect((await ada.get("/2/update")).statusCode).toBe(404)
    expect((await ada.post("/create", { data: { title: " " }, ...own })).statusCode).toBe(400)
    expect(await (await ada.get("/")).text()).toContain("<h2>Mine</h2>")
  })

  test("a picture is kept under a name of ours, sent in ranges, and goes with its post", async () => {
    const { app, pictures } = await open()
    const client = await logIn(app, "ada")
    const data = { title: "With a picture", body: "", picture: [PNG, "../../evil.html", "text/html"] as const }
    expect((await client.post("/create", { data, ...own })).statusCode).toBe(303)
    const [name] = readdirSync(pictures)
    expect(name).toMatch(/^[0-9a-f-]{36}\.png$/)
    expect(await (await client.get("/")).text()).toContain(`<img src="/pictures/${name}"`)
    const part = await client.get(`/pictures/${name}`, { headers: { Range: "bytes=1-3" } })
    expect([part.statusCode, part.mimetype, await part.text()]).toEqual([206, "image/png", "PNG"])
    await client.post("/1/delete", own)
    expect(readdirSync(pictures)).toEqual([])
    expect((await client.get(`/pictures/${name}`)).statusCode).toBe(404)
  })

  test("what is no picture, and what is too large, is refused and not kept", async () => {
    const { app, pictures } = await open()
    const client = await logIn(app, "ada")
    const send = (...files: Uint8Array[]) =>
      client.post("/create", {
        data: { title: "x", picture: files.map((bytes) => new File([bytes], "a.png")) },
        ...own,
      })
    const html = await send(Buffer.from("<script>alert(1)</script>"))
    expect([html.statusCode, await html.text()]).toEqual([400, expect.stringContaining("A picture is a PNG")])
    expect((await send(Buffer.concat([PNG, Buffer.alloc(2 * 1024 * 1024)]))).statusCode).toBe(413)
    expect((await send(PNG, PNG)).statusCode).toBe(413)
    expect(readdirSync(pictures)).toEqual([])
  })

  test("errors are pages for people, and problem documents for programs", async () => {
    const { app } = await open()
    const client = new Client(app)
    const page = await client.get("/none")
    expect([page.statusCode, page.mimetype]).toEqual([404, "text/html"])
    expect(await page.text()).toContain("<title>Not Found - Flaskr</title>")
    const allowed = await client.post("/", own)
    expect([allowed.statusCode, allowed.headers.get("Allow")]).toEqual([405, "GET, HEAD"])
    const problem = await client.get("/api/posts/7", { headers: { Accept: "application/json" } })
    expect([problem.statusCode, problem.mimetype]).toEqual([404, "application/problem+json"])
  })

  test("the API lists, creates for users who are logged in, and says what is wrong with a body", async () => {
    const { app } = await open()
    const json = { title: " Tea ", body: "hot" }
    const refused = await new Client(app).post("/api/posts", { json, ...own })
    expect([refused.statusCode, refused.headers.get("WWW-Authenticate")]).toEqual([401, "Session"])
    const client = await logIn(app, "ada")
    const made = await client.post("/api/posts", { json, ...own })
    expect([made.statusCode, made.location]).toEqual([201, "/api/posts/1"])
    const post = { id: 1, title: "Tea", body: "hot", author: "ada", url: "/api/posts/1" }
    expect(await made.json()).toMatchObject(post)
    expect(await (await client.get("/api/posts")).json()).toEqual([expect.objectContaining(post)])
    const wrong = await client.post("/api/posts", { json: { title: "", body: 1 }, ...own })
    expect([wrong.statusCode, wrong.mimetype]).toEqual([422, "application/problem+json"])
    expect(await wrong.json()).toMatchObject({
      status: 422,
      errors: [{ pointer: "/title", detail: "A title is required." }, { pointer: "/body" }],
    })
    expect((await client.post("/api/posts", { data: "{", contentType: "application/json", ...own })).statusCode).toBe(
      400,
    )
  })

  test("what was written is there after a restart", async () => {
    const { app, folder, pictures } = await open()
    const client = await logIn(app, "ada")
    await client.post("/create", { data: { title: "Lasting", body: "" }, ...own })
    const database = await openDatabase(join(folder, "blog.sqlite"), engine)
    onTestFinished(() => database.close())
    const again = makeApp({ database, secret: "a secret for tests: 0123456789", pictures })
    expect(await (await new Client(again).get("/")).text()).toContain("<h2>Lasting</h2>")
    expect(existsSync(pictures)).toBe(true)
  })
})
