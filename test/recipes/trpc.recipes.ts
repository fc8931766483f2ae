// docs/recipes/trpc.md, called by its own client.

import { describe, expect, test } from "vitest"
import { getSession, sessions } from "../../src/sessions/index.ts"
import { Client } from "../../src/testing/client.ts"
import { application, Response } from "../../src/wrappers/index.ts"
import { recipe } from "./recipe.ts"

const { commands, serve, serveForAll, run } = recipe("trpc")
const command = commands.find((each) => each.startsWith("npx werkstatt run")) as string
const client = commands.find((each) => each.includes("client.ts")) as string

/** What a login of an application with the same key would set. */
async function cookieOf(user: string): Promise<string> {
  const login = application(async (request) => {
    ;(await getSession<{ user: string }>(request)).set("user", user)
    return new Response("")
  })
  const response = await new Client(sessions(login, { secret: "only for development: 0123456789" })).get("/")
  return response.headers.get("Set-Cookie")?.split(";")[0] ?? ""
}

test("a client calls, reads a stream, and is refused what is for users who are logged in", async () => {
  const { url } = await serve(command)
  const { code, output } = await run(`${client} ${url}`)
  expect(code, output).toBe(0)
  expect(output.trim().split("\n")).toEqual(["notes: []", "left: 3", "left: 2", "left: 1", "added: UNAUTHORIZED"])
})

test("the session of the application is the context of the procedures", async () => {
  const { url } = await serve(command)
  const { output } = await run(`${client} ${url} '${await cookieOf("ada")}'`)
  expect(output).toContain("added: { id: 1, text: 'Buy milk', by: 'ada' }")
  const answer = await fetch(`${url}/trpc/notes?input=${encodeURIComponent('{"by":"ada"}')}`)
  expect(await answer.json()).toEqual({ result: { data: [{ id: 1, text: "Buy milk", by: "ada" }] } })
})

describe("what is refused", () => {
  const app = serveForAll(command)
  test.each([
    ["input that does not fit", 400, "/trpc/notes?input=%7B%22by%22%3A1%7D"],
    ["a procedure that is none", 404, "/trpc/none"],
    ["a mutation by GET", 405, "/trpc/addNote"],
    ["a path beside it", 404, "/other"],
  ])("%s is answered with %i", async (_, status, path) => {
    const { url } = app()
    expect((await fetch(url + path)).status).toBe(status)
  })
})
