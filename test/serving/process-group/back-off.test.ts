// How long what fails again and again has to wait.

import { expect, test } from "vitest"
import { BackOff } from "../../../src/serving/process-group/back-off.ts"

test("sixteen crashes in a row take minutes, not seconds", () => {
  const backOff = new BackOff({ firstMs: 500, mostMs: 30_000, heldMs: 10_000 })
  const waits = Array.from({ length: 16 }, () => backOff.after(100))
  expect(waits.slice(0, 4)).toEqual([0, 500, 1000, 2000])
  expect(Math.max(...waits)).toBe(30_000)
  expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(240_000)
})

test("what has held for long enough is tried again at once", () => {
  const backOff = new BackOff({ firstMs: 500, mostMs: 30_000, heldMs: 10_000 })
  for (let i = 0; i < 10; i++) backOff.after(0)
  expect([backOff.after(10_000), backOff.after(0)]).toEqual([0, 500])
})
