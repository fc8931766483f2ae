import { expect, test } from "vitest"
import { CallbackDict } from "../../src/datastructures/callback-dict.ts"

const actions: [string, calls: number, (dict: CallbackDict) => unknown][] = [
  ["set", 1, (dict) => dict.set("a", "9")],
  ["set to the same value", 1, (dict) => dict.set("a", "1")],
  ["delete", 1, (dict) => dict.delete("a")],
  ["delete of a missing key", 0, (dict) => dict.delete("z")],
  ["pop", 1, (dict) => dict.pop("a")],
  ["pop of a missing key with a default", 0, (dict) => dict.pop("z", { default: "" })],
  ["popItem", 1, (dict) => dict.popItem()],
  ["setDefault of a present key", 0, (dict) => dict.setDefault("a", "x")],
  ["setDefault of a missing key", 1, (dict) => dict.setDefault("z", "x")],
  ["clear", 1, (dict) => dict.clear()],
  ["update", 1, (dict) => dict.update({ y: "1", z: "2" })],
  ["update with nothing", 1, (dict) => dict.update({})],
  ["reading", 0, (dict) => [dict.get("a"), dict.has("a"), dict.size, ...dict, dict.copy().set("b", "")]],
]

test.each(actions)("%s calls back %i times", (_, calls, act) => {
  const seen: unknown[] = []
  const dict = new CallbackDict({ a: "1", b: "2" }, (changed) => seen.push(changed))
  act(dict)
  expect(seen).toHaveLength(calls)
  expect(seen.every((changed) => changed === dict)).toBe(true)
})

test("what fails calls back nothing", () => {
  let calls = 0
  const dict = new CallbackDict({}, () => calls++)
  expect(() => dict.pop("z")).toThrow(RangeError)
  expect(() => dict.popItem()).toThrow(RangeError)
  expect(calls).toBe(0)
})

test("the callback can be given and taken later", () => {
  let calls = 0
  const dict = new CallbackDict({ a: "1" })
  dict.set("a", "2")
  dict.onUpdate = () => calls++
  dict.set("a", "3")
  dict.onUpdate = undefined
  dict.set("a", "4")
  expect(calls).toBe(1)
})
