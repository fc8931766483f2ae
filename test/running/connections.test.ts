// The connections of a server: the one look at all of them now and then.

import { expect, test } from "vitest"
import { Connections, NEVER_SILENT, type Peer } from "../../src/running/connections.ts"

const limits = { ...NEVER_SILENT, keepAliveMs: 40 }
const peerOf = (sweep: () => void = () => {}): Peer => ({ sweep, retire() {}, destroy() {} })

/** Counts the timers that are set and those that are cleared while `work` runs. */
async function counting(work: (timers: { set: number; cleared: number }) => Promise<void>): Promise<void> {
  const { setInterval, clearInterval } = globalThis
  const timers = { set: 0, cleared: 0 }
  const own = new Set<unknown>()
  globalThis.setInterval = ((callback: () => void, ms: number) => {
    const timer = setInterval(callback, ms)
    if (ms === 10) {
      own.add(timer)
      timers.set++
    }
    return timer
  }) as typeof setInterval
  globalThis.clearInterval = ((timer) => {
    if (own.delete(timer)) timers.cleared++
    clearInterval(timer)
  }) as typeof clearInterval
  try {
    await work(timers)
  } finally {
    Object.assign(globalThis, { setInterval, clearInterval })
  }
}

test("connections that come and go have one timer, not one each", async () => {
  const connections = new Connections(limits)
  await counting(async (timers) => {
    for (let i = 0; i < 5; i++) {
      const peer = peerOf()
      connections.add(peer)
      connections.delete(peer)
    }
    expect(timers.set).toBe(1)
  })
})

test("the timer ends where there is no connection to look at, and the next one gets another", async () => {
  const connections = new Connections(limits)
  const first = peerOf()
  await counting(async (timers) => {
    connections.add(first)
    connections.delete(first)
    await expect.poll(() => timers).toEqual({ set: 1, cleared: 1 })
    await new Promise<void>((resolve) => {
      const second = peerOf(() => {
        connections.delete(second)
        resolve()
      })
      connections.add(second)
    })
    await expect.poll(() => timers).toEqual({ set: 2, cleared: 2 })
  })
})
