import { expect, test } from "vitest"
import { ClosingIterator, collectBody } from "../../src/environ/body.ts"
import type { Body } from "../../src/gateway.ts"

const chunk = (value: number) => Uint8Array.of(value)

function logged(log: string[], values: number[], failure?: Error): Body {
  return {
    *[Symbol.iterator]() {
      log.push("start")
      try {
        for (const value of values) yield chunk(value)
        if (failure) throw failure
      } finally {
        log.push("iterator over")
      }
    },
    close() {
      log.push("close")
    },
  }
}

test("gives the chunks of the body, and nothing is called before the end", async () => {
  const log: string[] = []
  const body = new ClosingIterator(logged(log, [1, 2]), [() => void log.push("one"), async () => void log.push("two")])
  const seen: number[] = []
  for await (const [value] of body) seen.push(value as number)
  expect(seen).toEqual([1, 2])
  expect(log).toEqual(["start", "iterator over"])
  await body.close()
  expect(log.slice(2)).toEqual(["close", "one", "two"])
})

test("closes the iterable, not its iterator, when iteration never began", async () => {
  const log: string[] = []
  const body = new ClosingIterator(logged(log, [1]), () => void log.push("callback"))
  await body.close()
  expect(log).toEqual(["close", "callback"])
  expect(await body.next()).toEqual({ done: true, value: undefined })
})

test("leaving early ends the iterator, then closes, once", async () => {
  const log: string[] = []
  const body = new ClosingIterator(logged(log, [1, 2, 3]), () => void log.push("callback"))
  for await (const _ of body) break
  await body.close()
  await body.return()
  expect(log).toEqual(["start", "iterator over", "close", "callback"])
})

test("an error of the body passes, and closing still works", async () => {
  const log: string[] = []
  const body = new ClosingIterator(logged(log, [1], new Error("body")), () => void log.push("callback"))
  await expect(collectBody(body)).rejects.toThrow("body")
  expect(log).toEqual(["start", "iterator over", "close", "callback"])
})

test("a callback that fails does not keep the others from running", async () => {
  const log: string[] = []
  const failing = () => {
    throw new Error("first")
  }
  const body = new ClosingIterator([], [failing, () => void log.push("second")])
  await expect(body.close()).rejects.toThrow("first")
  expect(log).toEqual(["second"])
  const twice = new ClosingIterator([], [failing, failing])
  await expect(twice.close()).rejects.toBeInstanceOf(AggregateError)
})

test("a sync and an async body are wrapped alike, and an await using closes", async () => {
  const log: string[] = []
  async function* chunks() {
    yield chunk(7)
  }
  {
    await using body = new ClosingIterator(chunks(), () => void log.push("callback"))
    expect((await body.next()).value).toEqual(chunk(7))
  }
  expect(log).toEqual(["callback"])
})

test("return() that hangs does not keep close() from running", async () => {
  const log: string[] = []
  async function* hanging(): AsyncGenerator<Uint8Array> {
    yield chunk(1)
    await new Promise(() => {})
  }
  const body = new ClosingIterator(hanging(), () => void log.push("callback"))
  await body.next()
  body.next()
  body.return()
  await body.close()
  expect(log).toEqual(["callback"])
})
