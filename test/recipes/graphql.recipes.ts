// docs/recipes/graphql.md: queries, mutations, and what the specification of GraphQL over HTTP says of errors.

import { expect, test } from "vitest"
import { recipe } from "./recipe.ts"

const { commands, serve, run } = recipe("graphql")
const command = commands.find((each) => each.startsWith("npx werkstatt run")) as string

interface Answer {
  data?: Record<string, unknown>
  errors?: { message: string; extensions?: { code?: string } }[]
}

async function ask(url: string, query: string, variables: object = {}, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    body: JSON.stringify({ query, variables }),
    headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json", ...headers },
  })
  return { status: response.status, type: response.headers.get("content-type"), ...((await response.json()) as Answer) }
}

test("queries are answered, and a mutation needs the token", async () => {
  const { url } = await serve(command)
  const notes = await ask(url, "query ($first: Int!) { notes(first: $first) { id text } note(id: 7) { id } }", {
    first: 5,
  })
  expect(notes).toMatchObject({ status: 200, data: { notes: [{ id: "1", text: "Buy milk" }], note: null } })
  expect(notes.type).toMatch(/^application\/graphql-response\+json/)

  const mutation = "mutation ($text: String!) { addNote(text: $text) { id } }"
  const refused = await ask(url, mutation, { text: "x" })
  expect(refused.errors?.[0]?.extensions?.code).toBe("FORBIDDEN")
  const authorization = { Authorization: "Bearer only for development" }
  expect(await ask(url, mutation, { text: "x" }, authorization)).toMatchObject({ data: { addNote: { id: "2" } } })
  expect(await (await fetch(url)).text()).toBe("Ask /graphql.")
})

test("what is no query is an error of the client", async () => {
  const { url } = await serve(command)
  expect((await ask(url, "{ nothing }")).status).toBe(400)
  expect((await ask(url, "{")).status).toBe(400)
  const mutation = encodeURIComponent('mutation { addNote(text: "x") { id } }')
  expect((await fetch(`${url}/graphql?query=${mutation}`)).status).toBe(405)
  const form = await fetch(`${url}/graphql`, {
    method: "POST",
    body: new URLSearchParams({ query: "{ notes { id } }" }),
  })
  expect(form.status).toBe(415)
  expect((await ask(url, `{ notes { id } } #${"x".repeat(200_000)}`).catch(() => ({ status: 413 }))).status).toBe(413)
})

test("the command of the page asks it", async () => {
  const { code, output } = await run(commands.find((each) => each.includes("fetch")) as string)
  expect(code, output).toBe(0)
  expect(output).toContain('{"data":{"notes":[{"id":"1","text":"Buy milk"}]}}')
})
