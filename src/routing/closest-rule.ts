// The rule that somebody may have meant: for the message of a BuildError. Only for people, so it need not be exact,
// but it looks at every rule of a map and should not take long.

import { endpointName, type Rule } from "./rule.ts"

/** The rule whose endpoint reads most like this one; among alike, one that takes the values and has the method. */
export function closestRule(
  rules: Iterable<Rule>,
  endpoint: unknown,
  values: ReadonlyMap<string, unknown>,
  method: string | undefined,
): Rule | undefined {
  const wanted = endpointName(endpoint)
  let best: Rule | undefined
  let bestScore = -1
  for (const rule of rules) {
    const name = endpointName(rule.endpoint)
    let bonus = 0
    if ([...values.keys()].every((key) => rule.arguments.has(key))) bonus += 0.01
    if (method !== undefined && rule.methods?.has(method)) bonus += 0.01
    if (0.98 * mostPossible(name, wanted) + bonus <= bestScore) continue
    const score = 0.98 * similarity(name, wanted) + bonus
    if (score > bestScore) [best, bestScore] = [rule, score]
  }
  return best
}

/** What the similarity cannot exceed, by the lengths alone. */
function mostPossible(a: string, b: string): number {
  return a.length + b.length === 0 ? 1 : (2 * Math.min(a.length, b.length)) / (a.length + b.length)
}

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
