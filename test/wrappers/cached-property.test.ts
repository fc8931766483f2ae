import { describe, expect, test } from "vitest"
import { cachedProperty } from "../../src/wrappers/cached-property.ts"
import { Request } from "../../src/wrappers/request.ts"
import { environOf } from "../support/requests.ts"

describe("a cached property", () => {
  test("is computed once for each object, until it is deleted", () => {
    let computed = 0
    const segments = cachedProperty((request: Request) => {
      computed++
      return request.path.split("/")
    })
    class Mine extends Request {
      get segments(): string[] {
        return segments.get(this)
      }
      set segments(value: string[]) {
        segments.set(this, value)
      }
    }
    const [one, other] = [new Mine(environOf("/a/b")), new Mine(environOf("/c"))]
    expect(computed).toBe(0)
    expect([one.segments, one.segments, other.segments]).toEqual([
      ["", "a", "b"],
      ["", "a", "b"],
      ["", "c"],
    ])
    expect(computed).toBe(2)
    one.segments = ["x"]
    expect([one.segments, other.segments, computed]).toEqual([["x"], ["", "c"], 2])
    segments.delete(one)
    expect([one.segments, computed]).toEqual([["", "a", "b"], 3])
  })

  test("keeps undefined, and keeps nothing of what throws", () => {
    let computed = 0
    const nothing = cachedProperty(() => void computed++)
    const owner = {}
    expect([nothing.get(owner), nothing.get(owner), computed]).toEqual([undefined, undefined, 1])
    const failing = cachedProperty(() => {
      throw new Error(`${computed++}`)
    })
    expect(() => failing.get(owner)).toThrow("1")
    expect(() => failing.get(owner)).toThrow("2")
  })
})
