import { expect, test } from "vitest"
import { expectLinear } from "./growth.ts"

/** Something to do for each pair of so many. */
function pairs(outer: number, inner: number): number {
  let sum = 0
  for (let i = 0; i < outer; i++) for (let j = 0; j < inner; j++) sum = (sum + i * j) | 0
  return sum
}

test("what is linear passes, what is quadratic does not", async () => {
  await expectLinear((size) => () => pairs(size, 100), 2000)
  await expectLinear((size) => async () => pairs(size, 100), 2000)
  await expect(expectLinear((size) => () => pairs(size, size), 500)).rejects.toThrow("8 times the size")
})

test("an error ends the work and no more", async () => {
  await expectLinear(
    () => () => {
      throw new Error("as some inputs do")
    },
    10,
  )
})
