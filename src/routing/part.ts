// One step of a rule: what has to match one segment of the path, or all the rest of it where a placeholder takes slashes.
// A segment with one placeholder is tested as it stands. Where several share it, one pass backwards marks from where the
// rest can match, and one pass forwards takes the marks: linear in the length of the text, with no end tried in vain.

import type { Language, Reach } from "./language.ts"

/** Literal text, or what a placeholder takes. */
export type PartPiece = string | Language

/**
 * What decides which of several parts is tried first: more and longer static text, then more placeholders, then
 * lighter ones.
 */
export interface Weight {
  /** The lengths of the static texts, in order. */
  readonly statics: readonly number[]
  /** The weights of the converters, in order. */
  readonly converters: readonly number[]
}

/** Negative when the first goes first. */
export function compareWeights(a: Weight, b: Weight): number {
  return (
    b.statics.length - a.statics.length ||
    compareLists(b.statics, a.statics) ||
    b.converters.length - a.converters.length ||
    compareLists(a.converters, b.converters)
  )
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Where values begin and end in the text: two numbers each. */
export type Captures = number[]

/** A part with at least one placeholder. */
export class RulePart {
  /** Literals and languages; no two literals side by side. */
  readonly pieces: readonly PartPiece[]
  readonly weight: Weight
  /** Whether it takes all the rest of the path. */
  readonly final: boolean
  /** Whether a slash may follow, which is looked at apart from what the part takes. */
  readonly suffixed: boolean
  /** How many values it takes. */
  readonly size: number
  /** Whether it takes any segment that is not empty, so that nothing need be looked at. */
  readonly takesAny: boolean
  readonly #prefix: string
  readonly #suffix: string
  readonly #only: Language | undefined

  constructor(pieces: readonly PartPiece[], weight: Weight, final: boolean, suffixed: boolean) {
    this.pieces = pieces
    this.weight = weight
    this.final = final
    this.suffixed = suffixed
    const languages = pieces.filter((piece) => typeof piece !== "string")
    const [first, last] = [pieces[0], pieces.at(-1)]
    this.size = languages.length
    this.#prefix = typeof first === "string" ? first : ""
    this.#suffix = typeof last === "string" ? last : ""
    this.#only = languages.length === 1 ? languages[0] : undefined
    this.takesAny = pieces.length === 1 && this.#only !== undefined && this.#only.anySegment && !final
  }

  /** Whether the part takes exactly the text between the positions; if so, the captures have the values from `at` on. */
  match(text: string, from: number, to: number, captures: Captures, at: number): boolean {
    const start = from + this.#prefix.length
    const end = to - this.#suffix.length
    if (end < start) return false
    if (this.#prefix !== "" && !text.startsWith(this.#prefix, from)) return false
    if (this.#suffix !== "" && !text.startsWith(this.#suffix, end)) return false
    const only = this.#only
    if (only === undefined) return matchPieces(this.pieces, text, from, to, captures, at)
    if (this.takesAny ? end === start : !only.test(text, start, end)) return false
    captures[at] = start
    captures[at + 1] = end
    return true
  }
}

// Marks live from one call of matchPieces to its end only, so all share the memory.
let memory = new Uint8Array(1024)

function matchPieces(
  pieces: readonly PartPiece[],
  text: string,
  from: number,
  to: number,
  captures: Captures,
  at: number,
): boolean {
  const width = to - from + 1
  const needed = width * (pieces.length + 1)
  if (memory.length < needed) memory = new Uint8Array(needed * 2)
  // Row i: from where the pieces from the i-th on fit up to the end.
  const row = (index: number): Reach => ({ bytes: memory, base: index * width - from })
  memory.fill(0, pieces.length * width, needed)
  memory[pieces.length * width + width - 1] = 1
  for (let index = pieces.length - 1; index >= 0; index--) {
    const piece = pieces[index] as PartPiece
    if (typeof piece === "string") literalReachBack(piece, text, from, to, row(index + 1), row(index))
    else piece.reachBack(text, from, to, row(index + 1), row(index))
  }
  if (memory[0] !== 1) return false

  let position = from
  let capture = at
  for (const [index, piece] of pieces.entries()) {
    if (typeof piece === "string") {
      position += piece.length
      continue
    }
    captures[capture++] = position
    position = piece.end(text, position, to, row(index + 1))
    captures[capture++] = position
  }
  return true
}

function literalReachBack(literal: string, text: string, from: number, to: number, after: Reach, marks: Reach): void {
  for (let position = from; position <= to; position++) {
    const next = position + literal.length
    const fits = next <= to && after.bytes[after.base + next] === 1 && text.startsWith(literal, position)
    marks.bytes[marks.base + position] = fits ? 1 : 0
  }
}
