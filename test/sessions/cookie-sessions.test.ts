import { randomBytes } from "node:crypto"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import type { Application } from "../../src/gateway.ts"
import type { Session } from "../../src/sessions/session.ts"
import { getSession, sessions } from "../../src/sessions/sessions.ts"
import { taggedJson } from "../../src/signing/tagged-json.ts"
import { URLSafeSerializer } from "../../src/signing/url-safe-serializer.ts"
import { URLSafeTimedSerializer } from "../../src/signing/url-safe-timed-serializer.ts"
import { Client } from "../../src/testing/client.ts"
import { application } from "../../src/wrappers/application.ts"
import { Response } from "../../src/wrappers/response.ts"
import { pythons, readWith, vectors } from "../signing/python.ts"

const SECRET = "a key of at least 16 bytes"
const OLD = "an older key of 16 bytes"

const serve = (view: (session: Session) => unknown, secret: string | string[] = SECRET): Application =>
  sessions(
    application(async (request) => Response.json((await view(await getSession(request))) ?? null)),
    { secret },
  )

const all = (session: Session) => Object.fromEntries(session)

async function readBy(secret: string | string[], cookie: string): Promise<unknown> {
  const client = new Client(serve(all, secret))
  client.setCookie("session", cookie, { secure: true })
  return JSON.parse(await (await client.get("/")).text())
}

const flaskTokens = (secret = SECRET) =>
  new URLSafeTimedSerializer(secret, { salt: "cookie-session", keyDerivation: "hmac", serializer: taggedJson })

describe("a cookie that does not hold", () => {
  const good = flaskTokens().dumps({ user: "ada" })
  const unsigned = Buffer.from('{"user":"ada"}').toString("base64url")
  const [payload, time, signature] = good.split(".") as [string, string, string]

  test.each([
    ["unsigned", unsigned],
    ["unsigned, with empty parts", `${unsigned}..`],
    ["JSON as it is", '{"user":"ada"}'],
    ["of another key", flaskTokens(OLD).dumps({ user: "ada" })],
    ["of another salt", new URLSafeTimedSerializer(SECRET, { keyDerivation: "hmac" }).dumps({ user: "ada" })],
    ["of another derivation", new URLSafeTimedSerializer(SECRET, { salt: "cookie-session" }).dumps({ user: "ada" })],
    ["without a time", new URLSafeSerializer(SECRET, { salt: "cookie-session", keyDerivation: "hmac" }).dumps({})],
    ["with another payload", `${unsigned.slice(0, -1)}A.${time}.${signature}`],
    ["with another time", `${payload}.${time.slice(0, -1)}${time.endsWith("A") ? "Q" : "A"}.${signature}`],
    ["with half a signature", `${payload}.${time}.${signature.slice(0, 13)}`],
    ["without a signature", `${payload}.${time}.`],
    ["cut", good.slice(0, -1)],
    ["no object", flaskTokens().dumps("text")],
    ["a list", flaskTokens().dumps([1])],
    ["null", flaskTokens().dumps(null)],
    ["large", "x".repeat(8000)],
    ["empty", ""],
  ])("is as good as none: %s", async (_name, cookie) => {
    expect(await readBy(SECRET, cookie)).toEqual({})
  })

  test("is as good as none when it is too old or dated ahead", async () => {
    vi.useFakeTimers({ now: 1.8e12, toFake: ["Date"] })
    onTestFinished(() => void vi.useRealTimers())
    const cookie = flaskTokens().dumps({ user: "ada" })
    vi.setSystemTime(1.8e12 + 31 * 86_400_000)
    expect(await readBy(SECRET, cookie)).toEqual({ user: "ada" })
    vi.setSystemTime(1.8e12 + 31 * 86_400_000 + 1000)
    expect(await readBy(SECRET, cookie)).toEqual({})
    vi.setSystemTime(1.8e12 - 3_600_000)
    expect(await readBy(SECRET, cookie)).toEqual({})
  })
})

test("a session that an old key has signed is read, and signed anew when it is", async () => {
  const client = new Client(serve(all, [OLD, SECRET]))
  client.setCookie("session", flaskTokens(OLD).dumps({ user: "ada" }), { secure: true })
  await client.get("/")
  const renewed = client.getCookie("session")?.value as string
  expect(flaskTokens(SECRET).loads(renewed)).toEqual({ user: "ada" })
  const { headers } = await client.get("/")
  expect(headers.has("Set-Cookie")).toBe(false)
})

test("a session that would not fit into a cookie is an error at the call, and what was there stays", async () => {
  const random = (bytes: number) => randomBytes(bytes).toString("base64url")
  const client = new Client(
    serve((session) => {
      if (session.isNew) return void session.set("small", "x")
      expect(() => session.set("big", random(4000))).toThrow(/4093/)
      expect(() => session.update("big", () => random(4000))).toThrow(RangeError)
      expect(() => session.flash(random(4000))).toThrow(RangeError)
      return all(session)
    }),
  )
  await client.get("/")
  expect(JSON.parse(await (await client.get("/")).text())).toEqual({ small: "x" })
  expect(JSON.parse(await (await client.get("/")).text())).toEqual({ small: "x" })
})

test("up to 4093 bytes nothing is refused, and what compresses takes less", async () => {
  let largest = 0
  for (const make of [
    (length: number) => randomBytes(length).toString("latin1"),
    (length: number) => "x".repeat(length),
  ]) {
    for (let length = 100; length < 30_000; length = Math.ceil(length * 1.15)) {
      const client = new Client(serve((session) => void session.set("text", make(length))))
      const answer = await client.get("/", { headers: {} }).catch(() => undefined)
      const cookie = answer?.headers.get("Set-Cookie")
      if (cookie === undefined) continue
      expect(cookie.length).toBeLessThanOrEqual(4093)
      largest = Math.max(largest, length)
    }
  }
  expect(largest).toBeGreaterThan(20_000)
})

test("of two requests at once the one that is answered last wins, as the guide says", async () => {
  const client = new Client(serve((session) => session.update("n", (n = 0) => n + 1).get("n")))
  await client.get("/")
  const answers = await Promise.all([client.get("/"), client.get("/")])
  expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(["2", "2"])
})

describe("Flask", () => {
  test("its recorded cookies are read", async () => {
    vi.useFakeTimers({ now: vectors.now * 1000, toFake: ["Date"] })
    onTestFinished(() => void vi.useRealTimers())
    for (const [secret, value, token] of vectors.flask) {
      const plain = ["_flashes", "user", "n", "list", "id", "odd", "deep", "long", " t"]
      if (!Object.keys(value).every((key) => plain.includes(key))) continue
      expect(await readBy(secret, token)).toEqual(value)
    }
  })

  test("its messages are messages here", async () => {
    vi.useFakeTimers({ now: vectors.now * 1000, toFake: ["Date"] })
    onTestFinished(() => void vi.useRealTimers())
    const [, , token] = vectors.flask.find(([, value]) => "_flashes" in value) as (typeof vectors.flask)[number]
    const client = new Client(serve((session) => session.takeFlashes()))
    client.setCookie("session", token, { secure: true })
    expect(JSON.parse(await (await client.get("/")).text())).toEqual([
      { category: "message", message: "Hello" },
      { category: "error", message: "naïve" },
    ])
  })

  test.skipIf(pythons.length === 0)("it reads what is written here (skipped without python3-flask)", async () => {
    vi.useFakeTimers({ now: vectors.now * 1000, toFake: ["Date"] })
    onTestFinished(() => void vi.useRealTimers())
    const client = new Client(
      serve((session) => {
        session.permanent = true
        session.set("user", "ada").set("at", new Date(0)).set("long", "é".repeat(500)).flash("Hello", "info")
      }),
    )
    await client.get("/")
    const token = client.getCookie("session")?.value as string
    for (const python of pythons) {
      expect(readWith(python, [["flask", SECRET, {}, token]])).toEqual([
        {
          value: {
            _permanent: true,
            user: "ada",
            at: { date: "1970-01-01T00:00:00.000Z" },
            long: "é".repeat(500),
            _flashes: [["info", "Hello"]],
          },
        },
      ])
    }
  })
})
