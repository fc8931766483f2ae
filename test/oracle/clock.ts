// A clock that stands still. The corpus was recorded at one instant, which shows in `Date` and in `Expires`.

/** Runs the function while `new Date()` and `Date.now()` give this instant. Timers run on. */
export async function frozenAt<T>(instant: Date, run: () => Promise<T>): Promise<T> {
  const RealDate = Date
  const now = instant.getTime()
  class FrozenDate extends RealDate {
    constructor(...args: unknown[]) {
      super(...((args.length === 0 ? [now] : args) as [number]))
    }
    static override now(): number {
      return now
    }
  }
  globalThis.Date = FrozenDate as DateConstructor
  try {
    return await run()
  } finally {
    globalThis.Date = RealDate
  }
}
