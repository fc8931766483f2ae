import { describe, expect, test } from "vitest"
import { type Event, isSent, nextState, type State } from "../../src/running/states.ts"

const EVENTS: Event[] = ["start", "restart", "refuse", "send", "fill", "settle", "abandon", "finish"]
const STATES: State[] = ["silent", "answered", "refused", "sending", "full", "doomed", "settled", "abandoned", "over"]

describe("the life of a response", () => {
  test.each<[State, Event, State]>([
    ["silent", "start", "answered"],
    ["silent", "restart", "answered"],
    ["answered", "restart", "answered"],
    ["answered", "refuse", "refused"],
    ["refused", "restart", "answered"],
    ["answered", "send", "sending"],
    ["sending", "restart", "doomed"],
    ["sending", "fill", "full"],
    ["full", "restart", "doomed"],
    ["doomed", "settle", "settled"],
    ["settled", "finish", "over"],
  ])("%s, %s: %s", (state, event, next) => {
    expect(nextState(state, event)).toBe(next)
  })

  test("a second start without an error is refused in every state but one that is not read any more", () => {
    for (const state of STATES) {
      if (state === "silent" || state === "abandoned") continue
      expect(() => nextState(state, "start")).toThrow(/second time|after the response was over/)
    }
  })

  test("every state but the last leads to an end, and none back to before the head was sent", () => {
    for (const state of STATES) {
      const next = EVENTS.flatMap((event) => {
        try {
          return [nextState(state, event)]
        } catch {
          return []
        }
      })
      if (state !== "over") expect(next.length).toBeGreaterThan(0)
      if (isSent(state)) expect(next.filter((each) => ["silent", "answered", "refused"].includes(each))).toEqual([])
    }
  })
})
