// docs/recipes/redis-sessions.md, with Debian's redis-server, in two processes at once.

import { createClient } from "redis"
import { expect, onTestFinished, test } from "vitest"
import { hasRedis, startRedis } from "../stores/redis-server.ts"
import { recipe } from "./recipe.ts"

const { commands, serve } = recipe("redis-sessions")
const command = commands.find((each) => each.startsWith("npx werkstatt run")) as string

const cookieOf = (response: Response) => response.headers.get("set-cookie")?.split(";")[0] ?? ""
const asBrowser = (cookie: string) => ({ Cookie: cookie, "Sec-Fetch-Site": "same-origin" })

test.skipIf(!hasRedis)("two processes share a session, and logging out ends it in both", async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const environ = { REDIS_URL: `redis://127.0.0.1:${redis.port}` }
  const [one, two] = [await serve(command, environ), await serve(command, environ)]
  const visit = async (url: string, cookie: string) =>
    (await (await fetch(url, { headers: { Cookie: cookie } })).json()) as { user?: string; visits: number }
  const post = (url: string, cookie: string, fields: Record<string, string> = {}) =>
    fetch(url, { method: "POST", headers: asBrowser(cookie), body: new URLSearchParams(fields), redirect: "manual" })

  const before = cookieOf(await fetch(one.url))
  const login = await post(`${one.url}/login`, before, { name: "ada" })
  const cookie = cookieOf(login)
  expect(login.status).toBe(303)
  expect(cookie).not.toBe(before)
  expect(await visit(two.url, cookie)).toEqual({ user: "ada", visits: 2 })
  // The id from before the login leads nowhere.
  expect(await visit(two.url, before)).toEqual({ visits: 1 })

  const counts = await Promise.all([one.url, two.url, one.url, two.url].map((url) => visit(url, cookie)))
  expect(counts.map(({ user }) => user)).toEqual(Array(4).fill("ada"))
  expect(await visit(one.url, cookie)).toEqual({ user: "ada", visits: 7 })

  const client = await createClient({ url: environ.REDIS_URL }).connect()
  const keys = await client.keys("*")
  expect(keys.every((key) => key.startsWith("shop:"))).toBe(true)
  const ttls = await Promise.all(keys.map((key) => client.ttl(key)))
  expect(Math.max(...ttls)).toBeLessThanOrEqual(7 * 24 * 3600)
  await client.close()

  expect((await post(`${two.url}/logout`, cookie)).status).toBe(303)
  expect(await visit(one.url, cookie)).toEqual({ visits: 1 })
})

test.skipIf(!hasRedis)("a form of another site does not log a visitor in", async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const { url } = await serve(command, { REDIS_URL: `redis://127.0.0.1:${redis.port}` })
  const headers = { "Sec-Fetch-Site": "cross-site" }
  const answer = await fetch(`${url}/login`, { method: "POST", headers, body: new URLSearchParams({ name: "eve" }) })
  expect(answer.status).toBe(403)
})
