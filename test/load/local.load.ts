import { expect, test } from "vitest"
import { isolation } from "./isolation.ts"

test("no request sees a value of another: 256 connections for 30 s", { timeout: 120_000 }, async () => {
  const { answered, aborted, looks, wrong } = await isolation(256, 30_000)
  console.log(`${answered} requests answered, ${aborted} broken off, ${looks} looks`)
  expect(wrong).toEqual([])
  expect(answered).toBeGreaterThan(1000)
  expect(aborted).toBeGreaterThan(0)
})
