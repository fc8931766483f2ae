import { expect, test } from "vitest"
import { UpstreamGroup } from "../../src/proxy/upstreams.ts"

function group(count: number) {
  let now = 0
  const members = Array.from({ length: count }, (_, index) => ({ name: "abc"[index] as string, downUntil: 0 }))
  const own = new UpstreamGroup(members, 100, () => now)
  const names = () =>
    own
      .order()
      .map(({ name }) => name)
      .join("")
  return {
    own,
    names,
    member: (index: number) => own.members[index] as (typeof members)[0],
    pass: (ms: number) => (now += ms),
  }
}

test("all take turns", () => {
  const { names } = group(3)
  expect([names(), names(), names(), names()]).toEqual(["abc", "bca", "cab", "abc"])
})

test("one that failed comes last, until its time is over", () => {
  const { own, names, member, pass } = group(3)
  own.failed(member(1))
  expect([names(), names(), names()]).toEqual(["acb", "cab", "cab"])
  pass(100)
  expect([names(), names()]).toEqual(["abc", "bca"])
})

test("one that answers is asked again at once", () => {
  const { own, names, member } = group(2)
  own.failed(member(0))
  expect(names()).toBe("ba")
  own.answered(member(0))
  names()
  expect(names()).toBe("ab")
})

test("when all have failed, all are asked", () => {
  const { own, names, member } = group(2)
  own.failed(member(0))
  own.failed(member(1))
  expect(names()).toBe("ab")
})

test("a single one is asked, also after failures", () => {
  const { own, names, member } = group(1)
  own.failed(member(0))
  expect(names()).toBe("a")
})
