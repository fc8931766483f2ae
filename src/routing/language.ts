// Which texts a placeholder takes, and where it ends when it shares its segment with others.
// The common languages are recognised by their expression and tested directly; all others run as automata.
// Every method is linear in the length of the text: nothing here tries one end after the other.

import { Automaton, DEAD } from "./automaton.ts"

/**
 * For each position of a text whether the rest of a pattern fits from there, one byte each.
 * The byte of position `p` is at `base + p`.
 */
export interface Reach {
  readonly bytes: Uint8Array
  readonly base: number
}

const ANY_PATH = "[^/].*?"

/** A set of texts, by the regular expression that describes it. */
export class Language {
  /** The expression. */
  readonly source: string
  /** Whether the shortest text is taken where several would fit; otherwise the longest. */
  readonly lazy: boolean
  /** Whether any text of a segment is in the language, so that there is nothing to test. */
  readonly anySegment: boolean
  /** Whether any text that does not start with a slash is in the language. */
  readonly anyPath: boolean
  #forwards: Automaton | undefined
  #backwards: Automaton | undefined

  /** @throws TypeError for an expression that is malformed or not regular */
  constructor(source: string) {
    this.source = source
    this.anySegment = source === "[^/]+"
    this.anyPath = source === ANY_PATH
    this.lazy = /[*+?}]\?$/.test(source)
  }

  /** Compiles the expression, so that its faults show at once. */
  compile(): void {
    this.#forwards ??= new Automaton(this.source, false)
  }

  /** Whether the text between the two positions is in the language. */
  test(text: string, from: number, to: number): boolean {
    this.#forwards ??= new Automaton(this.source, false)
    const automaton = this.#forwards
    let state = automaton.seed(DEAD)
    for (let position = from; position < to && state !== DEAD; ) {
      const codePoint = text.codePointAt(position) as number
      state = automaton.step(state, codePoint)
      position += codePoint > 0xffff ? 2 : 1
    }
    return automaton.accepts(state)
  }

  /**
   * Marks every position from which a text of the language leads to a position marked in `after`.
   * Goes through the text once, backwards, with all ends at the same time.
   */
  reachBack(text: string, from: number, to: number, after: Reach, marks: Reach): void {
    this.#backwards ??= new Automaton(this.source, true)
    const automaton = this.#backwards
    let state = DEAD
    for (let position = to; position >= from; ) {
      if (after.bytes[after.base + position] === 1) state = automaton.seed(state)
      marks.bytes[marks.base + position] = automaton.accepts(state) ? 1 : 0
      if (position === from) break
      const codePoint = codePointBefore(text, position, from)
      state = automaton.step(state, codePoint)
      position--
      if (codePoint > 0xffff) marks.bytes[marks.base + position--] = 0
    }
  }

  /** The end to take for a text that starts at `from`, among those marked in `after`. One is known to be there. */
  end(text: string, from: number, to: number, after: Reach): number {
    this.#forwards ??= new Automaton(this.source, false)
    const automaton = this.#forwards
    let state = automaton.seed(DEAD)
    let found = from
    for (let position = from; state !== DEAD; ) {
      if (after.bytes[after.base + position] === 1 && automaton.accepts(state)) {
        found = position
        if (this.lazy) break
      }
      if (position >= to) break
      const codePoint = text.codePointAt(position) as number
      state = automaton.step(state, codePoint)
      position += codePoint > 0xffff ? 2 : 1
    }
    return found
  }
}

function codePointBefore(text: string, position: number, from: number): number {
  const low = text.charCodeAt(position - 1)
  if (low < 0xdc00 || low > 0xdfff || position - 2 < from) return low
  const codePoint = text.codePointAt(position - 2) as number
  return codePoint > 0xffff ? codePoint : low
}

/** Text without a slash, of a length between two bounds. */
class SegmentLanguage extends Language {
  readonly #min: number
  readonly #max: number

  constructor(source: string, min: number, max: number) {
    super(source)
    this.#min = min
    this.#max = max
  }

  override test(text: string, from: number, to: number): boolean {
    let length = to - from
    if (length < this.#min) return false
    for (let position = from; position < to; position++) {
      const code = text.charCodeAt(position)
      if (code === 0x2f) return false
      // The first half of a pair: both halves are one character.
      if (code >= 0xd800 && code <= 0xdbff && (text.codePointAt(position) as number) > 0xffff && position + 1 < to)
        length--
    }
    return length >= this.#min && length <= this.#max
  }
}

/** Any text that does not start with a slash. */
class PathLanguage extends Language {
  override test(text: string, from: number, to: number): boolean {
    return to > from && text.charCodeAt(from) !== 0x2f
  }
}

/** ASCII digits. */
class DigitsLanguage extends Language {
  override test(text: string, from: number, to: number): boolean {
    for (let position = from; position < to; position++) {
      const code = text.charCodeAt(position)
      if (code < 0x30 || code > 0x39) return false
    }
    return to > from
  }
}

const SEGMENT = /^\[\^\/\](?:\+|\{([0-9]+)(?:(,)([0-9]+)?)?\})$/

/**
 * The language that an expression describes.
 *
 * @throws TypeError for an expression that is malformed or not regular, RangeError for one that is too large
 * @example
 * languageOf("[0-9]{4}").test("/2026/", 1, 5) // => true
 */
export function languageOf(source: string): Language {
  const segment = SEGMENT.exec(source)
  if (segment) {
    const min = Number(segment[1] ?? 1)
    const bounded = segment[1] !== undefined && (segment[2] === undefined || segment[3] !== undefined)
    return new SegmentLanguage(source, min, bounded ? Number(segment[3] ?? min) : Number.POSITIVE_INFINITY)
  }
  if (source === ANY_PATH) return new PathLanguage(source)
  if (source === "[0-9]+") return new DigitsLanguage(source)
  const language = new Language(source)
  language.compile()
  return language
}
