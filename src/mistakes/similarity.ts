// How alike two names are: for messages that say which name was meant. Only for people, so it need not be exact.

/**
 * How alike two texts are, from 0 to 1: twice the characters they share, by their length. What they share is the longest
 * common piece, and the same again to its left and to its right (Ratcliff and Obershelp, 1988).
 *
 * @example
 * similarity("item", "items") // => 8 / 9
 */
export function similarity(a: string, b: string): number {
  if (a === b) return 1
  return (2 * shared(a.slice(0, 200), b.slice(0, 200))) / (a.length + b.length)
}

function shared(a: string, b: string): number {
  const [startA, startB, length] = longestCommon(a, b)
  if (length === 0) return 0
  return (
    length + shared(a.slice(0, startA), b.slice(0, startB)) + shared(a.slice(startA + length), b.slice(startB + length))
  )
}

function longestCommon(a: string, b: string): [startA: number, startB: number, length: number] {
  let best: [number, number, number] = [0, 0, 0]
  let previous = new Uint16Array(b.length + 1)
  for (let i = 0; i < a.length; i++) {
    const current = new Uint16Array(b.length + 1)
    for (let j = 0; j < b.length; j++) {
      if (a[i] !== b[j]) continue
      const length = (previous[j] as number) + 1
      current[j + 1] = length
      if (length > best[2]) best = [i + 1 - length, j + 1 - length, length]
    }
    previous = current
  }
  return best
}

/**
 * The known name that is closest to an unknown one; `undefined` when no name is close.
 *
 * @example
 * closest("origin", ["origins", "methods"]) // => "origins"
 * closest("colour", ["origins", "methods"]) // => undefined
 */
export function closest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestScore = 0.6
  for (const candidate of known) {
    const score = similarity(name.toLowerCase(), candidate.toLowerCase())
    if (score > bestScore) [best, bestScore] = [candidate, score]
  }
  return best
}
