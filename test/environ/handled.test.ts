// Promises whose failure waits: an unhandled one would fail the run of the tests.

import { expect, test } from "vitest"
import { settled } from "../../src/environ/handled.ts"

test("what is computed at once, later or not at all is a promise, whose failure waits", async () => {
  const failing = [
    settled(() => {
      throw new Error("now")
    }),
    settled(() => Promise.reject(new Error("later"))),
    // biome-ignore lint/suspicious/noThenProperty: such objects are promises too
    settled(() => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error("elsewhere")) }) as never),
  ]
  await new Promise((resolve) => setImmediate(resolve))
  for (const [index, message] of ["now", "later", "elsewhere"].entries()) {
    await expect(failing[index]).rejects.toThrow(message)
  }
  expect(await settled(() => 1)).toBe(1)
  expect(await settled(() => Promise.resolve(2))).toBe(2)
})
