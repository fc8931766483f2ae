// docs/recipes/oauth-login.md: a login through the page's own provider, and what an attacker would try.

import { describe, expect, test } from "vitest"
import { recipe } from "./recipe.ts"

const { commands, serveForAll } = recipe("oauth-login")
const commandFor = (file: string) =>
  (commands.find((each) => each.includes(`run ${file}`)) as string).replace(/ --port \d+/, "")

/** A browser that keeps one cookie of the application, and shows where it is sent. */
class Visitor {
  cookie = ""
  async get(url: string): Promise<{ status: number; location: string; text: string }> {
    const response = await fetch(url, { headers: { Cookie: this.cookie }, redirect: "manual" })
    const set = response.headers.get("set-cookie")?.split(";")[0]
    if (set !== undefined) this.cookie = set
    return { status: response.status, location: response.headers.get("location") ?? "", text: await response.text() }
  }
}

const provider = serveForAll(commandFor("provider.ts"))
const app = serveForAll(commandFor("app.ts"), () => ({ OIDC_ISSUER: provider().url }))

/** Goes to the provider and back, up to the URL of the callback. */
async function begin(visitor: Visitor, url: string, query = ""): Promise<string> {
  const { location, status } = await visitor.get(`${url}/login${query}`)
  expect(status).toBe(303)
  return (await new Visitor().get(location)).location
}

test("a visitor logs in with state, nonce and PKCE, and comes to the page that was asked for", async () => {
  const { url } = app()
  const visitor = new Visitor()
  const { location } = await visitor.get(`${url}/login`)
  const parameters = new URL(location).searchParams
  for (const name of ["state", "nonce", "code_challenge"]) expect(parameters.get(name)?.length).toBeGreaterThan(40)
  const before = visitor.cookie
  const back = await begin(visitor, url, "?next=/%3Fa=1")
  const answer = await visitor.get(back)
  expect([answer.status, answer.location]).toEqual([303, "/?a=1"])
  expect(visitor.cookie).not.toBe(before)
  expect((await visitor.get(url)).text).toBe("Hello Ada (1815)")
  // A code is good for once.
  expect((await visitor.get(back)).status).toBe(403)
})

describe("what leads nowhere", () => {
  test.each<[string, (url: string) => Promise<number>]>([
    [
      "a callback of another visitor's login",
      async (url) => (await new Visitor().get(await begin(new Visitor(), url))).status,
    ],
    [
      "a callback that is put under a visitor who has begun a login of their own",
      async (url) => {
        const victim = new Visitor()
        await begin(victim, url)
        return (await victim.get(await begin(new Visitor(), url))).status
      },
    ],
    [
      "another state",
      async (url) => {
        const visitor = new Visitor()
        const back = new URL(await begin(visitor, url))
        back.searchParams.set("state", "x".repeat(43))
        return (await visitor.get(back.href)).status
      },
    ],
    [
      "a code that somebody else was given, under one's own state",
      async (url) => {
        const visitor = new Visitor()
        const back = new URL(await begin(visitor, url))
        back.searchParams.set("code", new URL(await begin(new Visitor(), url)).searchParams.get("code") as string)
        return (await visitor.get(back.href)).status
      },
    ],
    [
      "an error of the provider",
      async (url) => {
        const visitor = new Visitor()
        const back = new URL(await begin(visitor, url))
        back.searchParams.delete("code")
        back.searchParams.set("error", "access_denied")
        return (await visitor.get(back.href)).status
      },
    ],
  ])("%s", async (_, attempt) => {
    expect(await attempt(app().url)).toBe(403)
  })

  test("a page of another site as the page to come to, and a host that is not ours", async () => {
    const { url } = app()
    const visitor = new Visitor()
    const answer = await visitor.get(await begin(visitor, url, "?next=//evil.example"))
    expect(answer.location).toBe("/")
    // fetch sets Host by itself.
    const { request } = await import("node:http")
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${url}/login`, { headers: { Host: "evil.example" } }, (message) => {
        message.resume()
        resolve(message.statusCode)
      })
      sent.on("error", reject).end()
    })
    expect(status).toBe(400)
  })
})
