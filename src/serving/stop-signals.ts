// The signals that ask a process to end: from the keyboard, from a supervisor, from a terminal that goes away.

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/** One press of a key may arrive twice: from the terminal, and passed on by the program that started this one. */
const SAME_MS = 50

/**
 * Calls `onStop` for each request to end, with the count of them so far.
 *
 * @returns ends the listening
 */
export function onStopSignal(onStop: (signal: NodeJS.Signals, count: number) => void): () => void {
  let count = 0
  let last = Number.NEGATIVE_INFINITY
  const listener = (signal: NodeJS.Signals): void => {
    const now = performance.now()
    const isSame = now - last < SAME_MS
    last = now
    if (!isSame) onStop(signal, ++count)
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}
