import { describe, expect, test } from "vitest"
import type { Application, Body } from "../../src/gateway.ts"
import { runInMemory } from "../../src/running/memory-exchange.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (chunks: Iterable<Uint8Array>) => [...chunks].map((chunk) => new TextDecoder().decode(chunk)).join("")

/** Two chunks, and what is done with them. */
function streaming(steps: string[]): Application {
  return (_environ, startResponse) => {
    startResponse("200 OK", [["X-A", "1"]])
    async function* generate() {
      try {
        for (const text of ["a", "b", "c"]) {
          steps.push(text)
          yield encode(text)
        }
      } finally {
        steps.push("returned")
      }
    }
    return Object.assign(generate(), { close: () => void steps.push("closed") })
  }
}

describe("runInMemory", () => {
  test("pulls no chunk before it is asked for", async () => {
    const steps: string[] = []
    const { status, headers, body } = await runInMemory(streaming(steps), createEnviron("/"))
    expect([status, headers]).toEqual(["200 OK", [["X-A", "1"]]])
    expect(steps).toEqual(["a"])
    const iterator = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    await iterator.next()
    expect(steps).toEqual(["a"])
    await iterator.next()
    expect(steps).toEqual(["a", "b"])
    await body.close?.()
    expect(steps).toEqual(["a", "b", "returned", "closed"])
  })

  test("gives all of a body that is wanted at once, closed", async () => {
    const steps: string[] = []
    const { body } = await runInMemory(streaming(steps), createEnviron("/"), { buffered: true })
    expect(decode(body as Uint8Array[])).toBe("abc")
    expect(steps).toEqual(["a", "b", "c", "returned", "closed"])
  })

  test("ends a stream whose response has no content", async () => {
    const steps: string[] = []
    const { body } = await runInMemory(streaming(steps), createEnviron("/", { method: "HEAD" }))
    expect(body).toEqual([])
    expect(steps).toEqual(["a", "returned", "closed"])
  })

  test.each([
    ["call", true],
    ["step", false],
  ])("throws what the application throws in its %s, once its body is closed", async (_where, atOnce) => {
    const failure = new Error("on purpose")
    let closed = 0
    const app: Application = (_environ, startResponse) => {
      startResponse("200 OK", [])
      if (atOnce) throw failure
      // biome-ignore lint/correctness/useYield: it fails before
      async function* generate(): AsyncGenerator<Uint8Array> {
        throw failure
      }
      return Object.assign(generate(), { close: () => void closed++ })
    }
    await expect(runInMemory(app, createEnviron("/"))).rejects.toBe(failure)
    expect(closed).toBe(atOnce ? 0 : 1)
  })

  test("throws a late error to the reader", async () => {
    const failure = new Error("late")
    const app: Application = (_environ, startResponse) => {
      startResponse("200 OK", [])
      return (async function* () {
        yield encode("a")
        throw failure
      })()
    }
    const { body } = await runInMemory(app, createEnviron("/"))
    const read = async () => {
      for await (const _chunk of body);
    }
    await expect(read()).rejects.toBe(failure)
  })

  test("throws what close() throws", async () => {
    const app: Application = (_environ, startResponse) => {
      startResponse("200 OK", [])
      return Object.assign([encode("a")] as Body, {
        close: () => {
          throw new Error("close failed")
        },
      })
    }
    await expect(runInMemory(app, createEnviron("/"))).rejects.toThrow("close failed")
  })
})
