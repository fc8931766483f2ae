// The rule that the programmer may have meant: for the message of a BuildError. Only for people, so it need not be exact,
// but it looks at every rule of a map and should not take long.

import { similarity } from "../mistakes/similarity.ts"
import { endpointName, type Rule } from "./rule.ts"

/** The rule whose endpoint reads most like this one; among alike, one that takes the values and has the method. */
export function closestRule(
  rules: Iterable<Rule>,
  endpoint: unknown,
  names: Iterable<string>,
  method: string | undefined,
): Rule | undefined {
  const wanted = endpointName(endpoint)
  const given = [...names]
  let best: Rule | undefined
  let bestScore = -1
  for (const rule of rules) {
    const name = endpointName(rule.endpoint)
    let bonus = 0
    if (given.every((key) => rule.arguments.has(key))) bonus += 0.01
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
