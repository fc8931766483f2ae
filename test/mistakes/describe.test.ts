import { createServer } from "node:http"
import { expect, test } from "vitest"
import { describe } from "../../src/mistakes/describe.ts"

class Own {}
const anonymous = (() => class {})()

test.each<[value: unknown, words: string]>([
  [undefined, "undefined"],
  [null, "null"],
  [5, "5"],
  [5n, "5"],
  [Symbol("a"), "Symbol(a)"],
  ["text", '"text"'],
  ["x".repeat(50), `"${"x".repeat(40)}…"`],
  [[], "an array"],
  [{}, "a plain object"],
  [Object.create(null), "a plain object"],
  [{ constructor: 5 }, "a plain object"],
  [new Map(), "an instance of Map"],
  [new Own(), "an instance of Own"],
  [Own, "the class Own"],
  [anonymous, "a class"],
  [function view() {}, "the function view"],
  [(() => () => {})(), "a function"],
  [Promise.resolve(), "a promise"],
  // biome-ignore lint/suspicious/noThenProperty: that is what it is about
  [{ then() {} }, "a promise"],
  [new Response(), "the platform's Response"],
  [new Request("http://localhost"), "the platform's Request"],
  [new Headers(), "the platform's Headers"],
  [new Date(0), "an instance of Date"],
  [{ fetch() {} }, "an application for the platform's fetch"],
  [createServer(), "a server of Node"],
])("%o is described as %s", (value, words) => {
  expect(describe(value)).toBe(words)
})
