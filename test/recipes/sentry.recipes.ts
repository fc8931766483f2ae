// docs/recipes/sentry.md, with a server that takes what the SDK sends in the place of Sentry.

import { expect, test } from "vitest"
import { Request, Response } from "../../src/wrappers/index.ts"
import { serve as serveHere } from "../support/server.ts"
import { recipe } from "./recipe.ts"

const { commands, serve } = recipe("sentry")
const command = commands.find((each) => each.startsWith("node")) as string

interface ErrorEvent {
  exception: { values: { type: string; value: string; stacktrace: { frames: { filename?: string }[] } }[] }
  user?: { id?: string }
  breadcrumbs?: { category?: string; message?: string }[]
  contexts: Record<string, unknown>
}

test("an error is sent with its own request, user and notes, also when the program ends right after it", async () => {
  const events: ErrorEvent[] = []
  const sentry = await serveHere(
    Request.application(async (request) => {
      // An envelope has a line for itself, and two for each item: its head and its content.
      const lines = (await request.text()).split("\n").slice(1)
      for (let index = 0; index + 1 < lines.length; index += 2)
        if ((JSON.parse(lines[index] as string) as { type: string }).type === "event")
          events.push(JSON.parse(lines[index + 1] as string) as ErrorEvent)
      return Response.json({})
    }),
  )
  const { url, stop, stderr } = await serve(command, { PORT: "0", SENTRY_DSN: `http://key@127.0.0.1:${sentry.port}/1` })
  const pay = (user: string, amount: string) =>
    fetch(`${url}/pay`, { method: "POST", body: new URLSearchParams({ user, amount }) })
  const answers = await Promise.all([pay("ada", "500"), pay("bob", "700"), pay("cyd", "5"), fetch(`${url}/none`)])
  expect(answers.map(({ status }) => status)).toEqual([500, 500, 200, 404])
  expect(await stop(), stderr()).toBe(0)

  expect(events.map(({ user }) => user?.id).sort()).toEqual(["ada", "bob"])
  const event = events.find(({ user }) => user?.id === "ada") as ErrorEvent
  expect(event.exception.values[0]).toMatchObject({ type: "Error", value: "the bank does not take 500" })
  const [error] = event.exception.values
  expect(error?.stacktrace.frames.some(({ filename }) => filename?.endsWith("app.ts"))).toBe(true)
  expect(event.contexts["http"]).toEqual({ method: "POST", path: "/pay" })
  const notes = event.breadcrumbs?.filter(({ category }) => category === "payment")
  expect(notes?.map(({ message }) => message)).toEqual(["pays 500"])
})
