import { describe, expect, test } from "vitest"
import type { Body } from "../../src/gateway.ts"
import { canLend, type LendingBody } from "../../src/running/lending.ts"
import { type BodyHooks, closingAfter, wrapBody } from "../../src/running/wrap-body.ts"

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const upper = (chunk: Uint8Array) => encode(decode(chunk).toUpperCase())

/** The three kinds of body with the same chunks; `closed` counts. */
function bodies(counter: { closed: number }): [kind: string, body: Body][] {
  const close = () => void counter.closed++
  const chunks = () => [encode("a"), encode("b")]
  return [
    ["array", Object.assign(chunks(), { close })],
    ["sync", { [Symbol.iterator]: () => chunks()[Symbol.iterator](), close }],
    [
      "async",
      {
        async *[Symbol.asyncIterator]() {
          yield* chunks()
        },
        close,
      },
    ],
  ]
}

async function read(body: Body): Promise<string> {
  let text = ""
  for await (const chunk of body) text += decode(chunk)
  await body.close?.()
  return text
}

describe("wrapBody", () => {
  test.each(["array", "sync", "async"])(
    "%s: maps, adds at the end, tells when it is over, closes once",
    async (kind) => {
      const counter = { closed: 0 }
      const told: string[] = []
      const hooks: BodyHooks = {
        chunk: upper,
        sent: (chunk) => void told.push(decode(chunk)),
        end: () => encode("!"),
        close: (isComplete) => void told.push(`closed ${isComplete}, the body ${counter.closed} times`),
      }
      const [, body] = bodies(counter).find(([name]) => name === kind) as [string, Body]
      const wrapped = wrapBody(body, hooks)
      expect(await read(wrapped)).toBe("AB!")
      await wrapped.close?.()
      expect(told).toEqual(["A", "B", "!", "closed true, the body 1 times"])
      expect(counter.closed).toBe(1)
    },
  )

  test("what is not changed stays of its kind", () => {
    const [array, sync, async] = bodies({ closed: 0 }).map(([, body]) => wrapBody(body, { sent: () => {} }))
    expect(Array.isArray(array)).toBe(true)
    expect(Symbol.iterator in (sync as object) && !(Symbol.asyncIterator in (sync as object))).toBe(true)
    expect(Symbol.asyncIterator in (async as object)).toBe(true)
  })

  test.each(["sync", "async"])("%s: one that is left early is returned, and not complete", async (kind) => {
    const steps: string[] = []
    const generator =
      kind === "sync"
        ? (function* () {
            try {
              yield encode("a")
              yield encode("b")
            } finally {
              steps.push("returned")
            }
          })()
        : (async function* () {
            try {
              yield encode("a")
              yield encode("b")
            } finally {
              steps.push("returned")
            }
          })()
    const wrapped = wrapBody(generator as Body, { close: (isComplete) => void steps.push(`complete ${isComplete}`) })
    for await (const _chunk of wrapped) break
    await wrapped.close?.()
    expect(steps).toEqual(["returned", "complete false"])
  })

  test("an error passes, and the body is closed", async () => {
    const steps: string[] = []
    const body: Body = {
      // biome-ignore lint/correctness/useYield: it fails before
      async *[Symbol.asyncIterator]() {
        throw new Error("on purpose")
      },
      close: () => {
        steps.push("closed")
        throw new Error("close failed")
      },
    }
    const wrapped = wrapBody(body, { close: (isComplete) => void steps.push(`complete ${isComplete}`) })
    await expect(read(wrapped)).rejects.toThrow("on purpose")
    await expect(async () => wrapped.close?.()).rejects.toThrow("close failed")
    expect(steps).toEqual(["closed", "complete false"])
  })

  test("a body that can lend its memory still can, unless its chunks are changed", () => {
    let lent = 0
    const body = Object.assign(bodies({ closed: 0 })[2]?.[1] as Body, { lend: () => void lent++ })
    const counted = wrapBody(body, { sent: () => {} })
    expect(canLend(counted)).toBe(true)
    if (canLend(counted)) counted.lend()
    expect(lent).toBe(1)
    expect(canLend(wrapBody(body, { chunk: upper }))).toBe(false)
  })

  test("an array's chunks must not be waited for", () => {
    expect(() => wrapBody([encode("a")], { chunk: async (chunk) => chunk })).toThrow(TypeError)
  })
})

describe("a body that is only closed with something", () => {
  const closed = async (body: Body) => {
    const steps: string[] = []
    const wrapped = closingAfter(Object.assign(body, { close: () => void steps.push("body") }), () => {
      steps.push("hook")
    })
    await wrapped.close?.()
    await wrapped.close?.()
    return steps
  }

  test("is iterated by its own iterator, of the kind that it has", () => {
    const source = (function* () {})()
    const wrapped = closingAfter(source, () => {}) as Iterable<Uint8Array>
    expect(wrapped[Symbol.iterator]()).toBe(source)
    const later = (async function* () {})()
    const wrappedLater = closingAfter(later, () => {}) as AsyncIterable<Uint8Array>
    expect(wrappedLater[Symbol.asyncIterator]()).toBe(later)
    expect(Symbol.asyncIterator in wrapped).toBe(false)
  })

  test("closes the body first, and both once, also when the body's close fails", async () => {
    const source = () => (async function* () {})()
    expect(await closed(source())).toEqual(["body", "hook"])
    let hooks = 0
    const failing = Object.assign(source(), { close: () => Promise.reject(new Error("x")) })
    const wrapped = closingAfter(failing, () => void hooks++)
    await expect(Promise.resolve(wrapped.close?.())).rejects.toThrow("x")
    expect(hooks).toBe(1)
  })

  test("lends its memory if the body can, and an array stays one", () => {
    let lent = 0
    const wrapped = closingAfter(Object.assign((async function* () {})(), { lend: () => void lent++ }), () => {})
    ;(wrapped as unknown as LendingBody).lend()
    expect(lent).toBe(1)
    expect(Array.isArray(closingAfter([Uint8Array.of(1)], () => {}))).toBe(true)
  })
})

describe("a body that takes a WebSocket", () => {
  const body = (): Body => ({
    async *[Symbol.asyncIterator]() {},
    websocket: async (socket) => socket.send("hi"),
    websocketLimits: { maxMessageBytes: 7 },
  })

  test.each([
    ["wrapBody", (inner: Body) => wrapBody(inner, {})],
    ["closingAfter", (inner: Body) => closingAfter(inner, () => {})],
  ])("still does behind %s, with its limits", async (_, wrap) => {
    const sent: unknown[] = []
    const wrapped = wrap(body())
    await wrapped.websocket?.({ send: async (message: unknown) => void sent.push(message) } as never)
    expect(sent).toEqual(["hi"])
    expect(wrapped.websocketLimits).toEqual({ maxMessageBytes: 7 })
  })

  test("is complete when the handler is through, and not when it fails", async () => {
    const complete: boolean[] = []
    const close = (isComplete: boolean) => void complete.push(isComplete)
    const socket = { send: async () => {} } as never
    const good = wrapBody(body(), { close })
    await good.websocket?.(socket)
    await good.close?.()
    const bad = wrapBody({ ...body(), websocket: () => Promise.reject(new Error("broken")) }, { close })
    await expect(bad.websocket?.(socket)).rejects.toThrow("broken")
    await bad.close?.()
    expect(complete).toEqual([true, false])
  })
})
