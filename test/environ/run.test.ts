import { describe, expect, test } from "vitest"
import { collectBody } from "../../src/environ/body.ts"
import { runApplication } from "../../src/environ/run.ts"
import type { Application, Body, Environ, StartResponse } from "../../src/gateway.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (chunks: Iterable<Uint8Array>) => [...chunks].map((chunk) => new TextDecoder().decode(chunk))
const environ = { REQUEST_METHOD: "GET" } as Environ
const start = (startResponse: StartResponse) => startResponse("200 OK", [["Content-Type", "text/plain"]])

const applications: [string, Application][] = [
  [
    "an array",
    (_, startResponse) => {
      start(startResponse)
      return [bytes("a"), bytes("b")]
    },
  ],
  [
    "an async function",
    async (_, startResponse) => {
      await undefined
      start(startResponse)
      return [bytes("a"), bytes("b")]
    },
  ],
  [
    "a generator that starts late",
    function* (_, startResponse) {
      yield bytes("a")
      start(startResponse)
      yield bytes("b")
    },
  ],
  [
    "an async generator that starts before its first chunk",
    async function* (_, startResponse) {
      start(startResponse)
      yield bytes("a")
      yield bytes("b")
    },
  ],
  [
    "a writer",
    async (_, startResponse) => {
      await start(startResponse)(bytes("a"))
      return [bytes("b")]
    },
  ],
]

describe.each(applications)("%s", (_, app) => {
  test.each([true, false])("gives status, headers and body, buffered: %s", async (buffered) => {
    const { status, headers, body } = await runApplication(app, environ, { buffered })
    expect(status).toBe("200 OK")
    expect(headers.toList()).toEqual([["Content-Type", "text/plain"]])
    if (buffered) expect(Array.isArray(body)).toBe(true)
    expect(text(await collectBody(body))).toEqual(["a", "b"])
  })
})

function closable(log: string[], chunks: () => Iterator<Uint8Array>): Body {
  return { [Symbol.iterator]: chunks, close: () => void log.push("close") }
}

test("the body keeps its close, which was not called yet", async () => {
  const log: string[] = []
  const { body } = await runApplication(
    (_, startResponse) =>
      closable(log, function* () {
        start(startResponse)
        yield bytes("a")
      }),
    environ,
  )
  expect(log).toEqual([])
  await body.close?.()
  expect(log).toEqual(["close"])
})

test("buffered, the body was closed", async () => {
  const log: string[] = []
  const app: Application = (_, startResponse) => {
    start(startResponse)
    return closable(log, () => [bytes("a")].values())
  }
  await runApplication(app, environ, { buffered: true })
  expect(log).toEqual(["close"])
})

test("stopping early ends the application's own iterator", async () => {
  const log: string[] = []
  const { body } = await runApplication(function* (_, startResponse) {
    try {
      start(startResponse)
      yield bytes("a")
      yield bytes("b")
    } finally {
      log.push("over")
    }
  }, environ)
  for await (const _ of body) break
  expect(log).toEqual(["over"])
})

test("an application that never starts its response is an error, and closed", async () => {
  const log: string[] = []
  const app: Application = () => closable(log, () => [bytes("a")].values())
  await expect(runApplication(app, environ)).rejects.toThrow("did not call startResponse")
  expect(log).toEqual(["close"])
})

test("errors pass, and the body is closed", async () => {
  const log: string[] = []
  const failing = () =>
    closable(log, () => {
      throw new Error("inside")
    })
  await expect(runApplication(failing, environ)).rejects.toThrow("inside")
  expect(log).toEqual(["close"])
  await expect(
    runApplication(() => {
      throw new Error("outside")
    }, environ),
  ).rejects.toThrow("outside")
})

test("the response may be started again with an error as long as nothing came of it, and only so", async () => {
  const app: Application = (_, startResponse) => {
    start(startResponse)
    startResponse("500 Oops", [], new Error("change of mind"))
    return []
  }
  expect((await runApplication(app, environ)).status).toBe("500 Oops")
  const twice: Application = (_, startResponse) => {
    start(startResponse)
    start(startResponse)
    return []
  }
  await expect(runApplication(twice, environ)).rejects.toThrow("a second time")
  const late: Application = function* (_, startResponse) {
    start(startResponse)
    yield bytes("a")
    startResponse("500 Oops", [], new Error("too late"))
  }
  const { body } = await runApplication(late, environ)
  await expect(collectBody(body)).rejects.toThrow("too late")
})

test("a list of headers that is edited afterwards changes nothing", async () => {
  const app: Application = (_, startResponse) => {
    const headers: [string, string][] = [["A", "1"]]
    startResponse("200 OK", headers)
    headers.push(["B", "2"])
    return []
  }
  expect((await runApplication(app, environ)).headers.toList()).toEqual([["A", "1"]])
})
