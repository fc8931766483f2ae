// docs/recipes/email-form.md, with an SMTP server that keeps what it is sent.

import { createRequire } from "node:module"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { pagesFolder, recipe } from "./recipe.ts"

/** What the tests need of the package smtp-server, which is installed for the pages only. */
interface SMTPServer {
  server: { address(): { port: number } }
  listen(port: number, host: string, listening: () => void): void
  close(closed: () => void): void
}
interface Session {
  envelope: { mailFrom: { address: string }; rcptTo: { address: string }[] }
}
interface Options {
  disabledCommands: string[]
  onData(stream: Readable, session: Session, done: (error?: Error) => void): void
}
const { SMTPServer } = createRequire(join(pagesFolder, "package.json"))("smtp-server") as {
  SMTPServer: new (options: Options) => SMTPServer
}

const { commands, serve, serveForAll } = recipe("email-form")
const command = commands.find((each) => each.startsWith("npx werkstatt run")) as string

interface Mail {
  from: string
  to: string[]
  text: string
}

interface MailServer {
  url: string
  mails: Mail[]
  stop(): Promise<void>
}

async function startMailServer(takes = true): Promise<MailServer> {
  const mails: Mail[] = []
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    async onData(stream, { envelope }, done) {
      let text = ""
      for await (const chunk of stream) text += String(chunk)
      mails.push({ from: envelope.mailFrom.address, to: envelope.rcptTo.map(({ address }) => address), text })
      done(takes ? undefined : new Error("no room"))
    },
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const stop = () => new Promise<void>((resolve) => server.close(resolve))
  return { url: `smtp://127.0.0.1:${server.server.address().port}`, mails, stop }
}

/** One for a single test. */
async function mailServer(takes = true): Promise<MailServer> {
  const server = await startMailServer(takes)
  onTestFinished(server.stop)
  return server
}

const good = { name: "Ada", address: "ada@example.com", text: "Hello,\nare you open?", website: "" }
const post = (url: string, fields: Record<string, string>, site = "same-origin") =>
  fetch(url, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { "Sec-Fetch-Site": site },
    redirect: "manual",
  })

test("what is written arrives, from our address, and an answer goes to the writer", async () => {
  const { url: SMTP_URL, mails } = await mailServer()
  const { url } = await serve(command, { SMTP_URL })
  expect(await (await fetch(url)).text()).toContain('<input name="address" type="email"')
  const answer = await post(url, good)
  expect([answer.status, answer.headers.get("location")]).toEqual([303, "/sent"])
  expect(mails).toHaveLength(1)
  expect(mails[0]).toMatchObject({ from: "form@shop.example", to: ["office@shop.example"] })
  expect(mails[0]?.text).toMatch(/^Reply-To: Ada <ada@example\.com>\r$/m)
  expect(mails[0]?.text).toMatch(/^Subject: Message from Ada\r$/m)
  expect(mails[0]?.text).toMatch(/\r\n\r\nHello,\r\nare you open\?/)
})

describe("what sends nothing", () => {
  let server: MailServer
  beforeAll(async () => {
    server = await startMailServer()
  })
  afterAll(() => server.stop())
  const app = serveForAll(command, () => ({ SMTP_URL: server.url }))

  test.each<[string, Record<string, string>, number]>([
    ["a header in the name", { name: "Ada\r\nBcc: eve@example.com" }, 400],
    ["a header in the address", { address: "ada@example.com\r\nBcc:eve@example.com" }, 400],
    ["two addresses", { address: "ada@example.com,eve@example.com" }, 400],
    ["no address", { address: "ada" }, 400],
    ["no message", { text: " " }, 400],
    ["more than a message", { text: "x".repeat(20_000) }, 400],
    ["far more", { text: "x".repeat(200_000) }, 413],
    ["a robot", { website: "http://spam.example" }, 303],
  ])("%s", async (_, change, status) => {
    expect((await post(app().url, { ...good, ...change })).status).toBe(status)
    expect(server.mails).toEqual([])
  })
})

test("a page of another site sends nothing, and a visitor that sends too much has to wait", async () => {
  const { url: SMTP_URL, mails } = await mailServer()
  const { url } = await serve(command, { SMTP_URL })
  expect((await post(url, good, "cross-site")).status).toBe(403)
  const statuses = []
  for (let count = 0; count < 31; count++) statuses.push((await post(url, { ...good, text: "" })).status)
  expect(statuses.at(-1)).toBe(429)
  expect(mails).toEqual([])
})

test("a mail server that refuses, or is not there, is a 503", async () => {
  const { url: SMTP_URL } = await mailServer(false)
  const refusing = await serve(command, { SMTP_URL })
  const answer = await post(refusing.url, good)
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "300"])
  const alone = await serve(command, { SMTP_URL: "smtp://127.0.0.1:1" })
  expect((await post(alone.url, good)).status).toBe(503)
})
