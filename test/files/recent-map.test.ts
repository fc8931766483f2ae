import { expect, onTestFinished, test, vi } from "vitest"
import { RecentMap } from "../../src/files/recent-map.ts"

function clock() {
  let now = 0
  vi.spyOn(performance, "now").mockImplementation(() => now)
  onTestFinished(() => void vi.restoreAllMocks())
  return (ms: number) => {
    now += ms
  }
}

function setUp(maxEntries = 10) {
  const dropped: string[] = []
  return { map: new RecentMap<string>(1000, maxEntries, (value) => void dropped.push(value)), dropped, pass: clock() }
}

test("a value is there for its time, however often it is asked for", () => {
  const { map, pass } = setUp()
  map.set("a", "1")
  for (let i = 0; i < 9; i++) {
    pass(100)
    expect(map.get("a")).toBe("1")
  }
  pass(100)
  expect(map.get("a")).toBeUndefined()
  expect(map.get("__proto__")).toBeUndefined()
})

test("a value that is set anew has its time anew, and the one before goes", () => {
  const { map, dropped, pass } = setUp()
  map.set("a", "1")
  pass(900)
  map.set("a", "2")
  pass(900)
  expect([map.get("a"), dropped]).toEqual(["2", ["1"]])
})

test("the oldest go when there are too many", () => {
  const { map, dropped } = setUp(2)
  for (const key of ["a", "b", "a", "c"]) map.set(key, key)
  expect([map.size, dropped, map.get("a"), map.get("c")]).toEqual([2, ["a", "b"], "a", "c"])
})

test("each value goes once: by its time, by name, if it is the one that is meant, or all at once", () => {
  const { map, dropped, pass } = setUp()
  map.set("a", "1")
  map.delete("a", "2")
  expect(map.get("a")).toBe("1")
  map.delete("a", "1")
  map.delete("a")
  map.set("b", "3")
  pass(500)
  map.set("c", "4")
  pass(600)
  map.sweep()
  expect([map.size, dropped]).toEqual([1, ["1", "3"]])
  map.clear()
  map.clear()
  expect([map.size, dropped]).toEqual([0, ["1", "3", "4"]])
})
