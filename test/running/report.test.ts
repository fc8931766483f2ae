import { describe, expect, test } from "vitest"
import type { Environ } from "../../src/gateway.ts"
import { rateLimit } from "../../src/middleware/rate-limit.ts"
import { display, report, reportError } from "../../src/running/report.ts"
import { encode, get, serveUnlinted } from "../support/server.ts"

const stream = (lines: string[]) => ({ write: (text: string) => void lines.push(text), writeLines() {}, flush() {} })

describe("onError", () => {
  test("gets each error that driver and middleware report, with the environ of its request", async () => {
    const seen: [message: string, path: string | undefined][] = []
    const failing = {
      get: async () => undefined,
      set: async () => {},
      delete: async () => {},
      increment: async () => {
        throw new Error("store gone")
      },
    }
    const { port, errors } = await serveUnlinted(
      rateLimit(
        (environ, startResponse) => {
          environ["wsgi.response_finished"]?.push(() => {
            throw new Error("in a callback")
          })
          if (environ.PATH_INFO === "/throws") throw new Error("in the application")
          startResponse("200 OK", [["Content-Type", "text/plain"]])
          return Object.assign([encode("a")], {
            close: () => {
              throw new Error("in close")
            },
          })
        },
        { limit: 10, windowSeconds: 60, store: failing, onStoreError: "allow" } as never,
      ),
      { onError: (error, environ) => void seen.push([error.message, environ?.PATH_INFO]) },
    )
    await get(port, "/throws")
    await get(port, "/closes")
    expect(seen).toEqual([
      ["store gone", "/throws"],
      ["in the application", "/throws"],
      ["in a callback", "/throws"],
      ["store gone", "/closes"],
      ["in close", "/closes"],
      ["in a callback", "/closes"],
    ])
    expect(errors).toHaveLength(6)
  })

  test("that throws itself is reported, and the request goes on", async () => {
    const { port, errors } = await serveUnlinted(
      () => {
        throw new Error("in the application")
      },
      {
        onError: () => {
          throw new Error("in onError")
        },
      },
    )
    expect((await get(port, "/")).status).toMatch(/ 500 /)
    expect(errors.join("")).toContain("in onError")
  })

  test("gets an Error for a message without one, and for what is thrown instead of one", () => {
    const seen: Error[] = []
    const log = { errors: stream([]), onError: (error: Error) => void seen.push(error) }
    report(log, undefined, "only words")
    report(log, undefined, "a text was thrown", "text")
    expect(seen.map(({ message, cause }) => [message, cause])).toEqual([
      ["only words", undefined],
      ["a text was thrown", "text"],
    ])
  })
})

describe("reports", () => {
  test("go to the stream of the server when that of the request fails", () => {
    const lines: string[] = []
    const broken = {
      write: () => {
        throw new Error("closed")
      },
      writeLines() {},
      flush() {},
    }
    report({ errors: stream(lines) }, { "wsgi.errors": broken } as unknown as Environ, "something")
    expect(lines).toEqual(["something\n"])
  })

  test("never throw, for any report", () => {
    const hostile = {
      get stack(): string {
        throw new Error("no stack")
      },
      [Symbol.for("nodejs.util.inspect.custom")]: () => {
        throw new Error("no inspection")
      },
    }
    expect(display(hostile)).toBeTypeOf("string")
    expect(() => reportError({} as Environ, "no stream", hostile)).not.toThrow()
  })
})
