// Whether time grows with the size of an input, and not with the square of it. Clocks lie on a machine that has other things
// to do, so the sizes lie far apart, only the fastest runs count, and what looks bad is measured again.

import { expect } from "vitest"

const FACTOR = 8
/** What is linear takes 8 times as long, what is quadratic 64 times. */
const LIMIT = 24
const ROUNDS = 40
/** Milliseconds below which a clock tells nothing. */
const LEAST = 0.05

/**
 * Fails when an input 8 times as large takes far more than 8 times as long.
 *
 * @param prepare makes an input of that size, and gives the work with it
 */
export async function expectLinear(
  prepare: (size: number) => () => unknown,
  size: number,
  what: string = "work",
): Promise<void> {
  const [small, large] = [prepare(size), prepare(size * FACTOR)]
  let [short, long] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const ratio = () => Math.max(long, LEAST) / Math.max(short, LEAST)
  for (let round = 0; round < ROUNDS; round++) {
    short = Math.min(short, await millisecondsOf(small))
    long = Math.min(long, await millisecondsOf(large))
    if (round > 1 && ratio() < LIMIT) return
  }
  expect(ratio(), `${what}: times as long for ${FACTOR} times the size`).toBeLessThan(LIMIT)
}

async function millisecondsOf(work: () => unknown): Promise<number> {
  const start = performance.now()
  try {
    const result = work()
    if (result instanceof Promise) await result
  } catch {
    // The time counts, whatever comes of it.
  }
  return performance.now() - start
}
