import { describe, expect, expectTypeOf, test } from "vitest"
import { int } from "../../src/datastructures/conversion.ts"
import { cachedProperty, environProperty, headerProperty } from "../../src/wrappers/property.ts"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
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

describe("an environ property", () => {
  test("reads, converts and falls back", () => {
    const port = environProperty("REMOTE_PORT", { load: int, default: 0 })
    expectTypeOf(port.get).returns.toEqualTypeOf<number | undefined>()
    const request = (REMOTE_PORT?: string) => new Request(environOf("/", { REMOTE_PORT }))
    expect([port.get(request("5000")), port.get(request()), port.get(request("x"))]).toEqual([5000, 0, 0])
    expect(environProperty("REMOTE_PORT").get(request("1"))).toBe("1")
  })

  test("is read-only, unless it was said that it is not", () => {
    const request = new Request(environOf())
    const fixed = environProperty("X")
    expect(() => fixed.set(request, "1")).toThrow("X is read-only")
    expect(() => fixed.delete(request)).toThrow(TypeError)
    const open = environProperty<number>("X", { readOnly: false, load: Number })
    open.set(request, 5)
    expect([request.environ["X"], open.get(request)]).toEqual(["5", 5])
    open.delete(request)
    expect("X" in request.environ).toBe(false)
  })
})

describe("a header property", () => {
  const priority = headerProperty("X-Priority", {
    load: int,
    default: 0,
    dump: (value: number | undefined) => `${value}`,
  })

  test("reads and writes a response's header, and removes it", () => {
    class Mine extends Response {
      get priority(): number | undefined {
        return priority.get(this)
      }
      set priority(value: number | undefined) {
        priority.set(this, value)
      }
    }
    const response = new Mine("")
    expect(response.priority).toBe(0)
    response.priority = 7
    expect([response.headers.get("X-Priority"), response.priority]).toEqual(["7", 7])
    response.headers.set("X-Priority", "high")
    expect(response.priority).toBe(0)
    response.priority = undefined
    expect(response.headers.has("X-Priority")).toBe(false)
    priority.set(response, 1)
    priority.delete(response)
    expect(response.headers.has("X-Priority")).toBe(false)
  })

  test("reads a request's header, which cannot be written", () => {
    const request = new Request(environOf("/", { HTTP_X_PRIORITY: "3" }))
    expect(priority.get(request)).toBe(3)
    expect(() => priority.set(request, 4)).toThrow(TypeError)
    expect(() => headerProperty("X", { readOnly: true }).set(new Response(), "1")).toThrow("read-only")
  })
})
