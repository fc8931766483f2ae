// The static text that may follow at a place in a rule, as a tree over its characters: what several texts begin with is
// compared once, and where they part one look at the next character decides. A text ends where a segment does.
// On the way of every request, and large in large maps, so the tree lies in one array of numbers: a step through it
// costs one or two places in memory, where a step through objects costs five.

// A branch in the array, by its offset:
//   +0  the index of its leaf, or NONE
//   +1  the length of its label
//   +2  the first character that may follow, and +3 how many there are from that on; then their branches, 0 for none
//   ... the label: a short one as its characters from the second on, since the first was looked up to get here;
//       otherwise the index of its text
const LEAF = 0
const LENGTH = 1
const FIRST = 2
const COUNT = 3
const TABLE = 4
const NONE = -1

// How the engine compares fastest, by the length of the text (measured on V8): a loop; a copy, which up to 12 characters
// is cheap; a search, which nearly always ends where it starts.
const SHORT = 3
const MEDIUM = 12
const SLASH = 0x2f

type Entry<Leaf> = readonly [text: string, leaf: Leaf]

/**
 * Texts, each with what it leads to.
 *
 * @example
 * const tree = new StaticTree([["users", 1], ["users/new", 2]])
 * [tree.find("/users/new", 1), tree.end] // => [1, 6]
 * tree.find("/user", 1) // => undefined
 */
export class StaticTree<Leaf> {
  /** Where the text ended that was found last. */
  end = 0
  readonly #cells: Int32Array
  readonly #leaves: readonly Leaf[]
  readonly #labels: readonly string[]
  /** Branches for characters that would make a table too large, by the offset of their parent and the character. */
  readonly #others: ReadonlyMap<number, number>

  constructor(entries: Iterable<Entry<Leaf>>) {
    const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    const plan = new Plan(sorted)
    this.#cells = Int32Array.from(plan.cells)
    this.#leaves = sorted.map(([, leaf]) => leaf)
    this.#labels = plan.labels
    this.#others = plan.others
  }

  /** What the shortest text leads to that stands at this position and ends with its segment. */
  find(path: string, position: number): Leaf | undefined {
    const cells = this.#cells
    const { length } = path
    let branch = 0
    let at = position
    for (;;) {
      const code = at < length ? path.charCodeAt(at) : SLASH
      if (code === SLASH) {
        const leaf = cells[branch + LEAF] as number
        if (leaf !== NONE) {
          this.end = at
          return this.#leaves[leaf]
        }
        if (at >= length) return undefined
      }
      const place = code - (cells[branch + FIRST] as number)
      if (place >= 0 && place < (cells[branch + COUNT] as number)) branch = cells[branch + TABLE + place] as number
      else branch = code < 128 ? 0 : (this.#others.get(otherKey(branch, code)) ?? 0)
      if (branch === 0) return undefined

      const size = cells[branch + LENGTH] as number
      // Apart from the rest, since the processor then need not wait for the length to look at the next character.
      if (size === 1) at++
      else {
        const end = at + size
        if (end > length) return undefined
        const label = branch + TABLE + (cells[branch + COUNT] as number)
        if (size > SHORT) {
          const text = this.#labels[cells[label] as number] as string
          if (size > MEDIUM ? path.indexOf(text, at) !== at : path.slice(at, end) !== text) return undefined
        } else {
          for (let index = 1; index < size; index++) {
            if (path.charCodeAt(at + index) !== cells[label + index - 1]) return undefined
          }
        }
        at = end
      }
    }
  }
}

function otherKey(branch: number, code: number): number {
  return branch * 0x10000 + code
}

/** A tree while it is laid out. */
class Plan<Leaf> {
  readonly cells: number[] = []
  readonly labels: string[] = []
  readonly others: Map<number, number> = new Map()
  readonly #entries: readonly Entry<Leaf>[]
  readonly #numbers: Map<string, number> = new Map()

  constructor(entries: readonly Entry<Leaf>[]) {
    this.#entries = entries
    this.#lay(0, entries.length, 0, 0)
  }

  /** Lays the branch for a run of texts that are alike up to `depth`; its label begins at `from`. */
  #lay(start: number, stop: number, from: number, depth: number): number {
    const { cells } = this
    const offset = cells.length
    const [text] = this.#entries[start] ?? [""]
    const ends = start < stop && text.length === depth
    const groups = this.#groups(ends ? start + 1 : start, stop, depth)
    const ascii = groups.filter(({ code }) => code < 128)
    const first = ascii[0]?.code ?? 0
    const count = ascii.length === 0 ? 0 : (ascii.at(-1) as Group).code - first + 1
    cells.push(ends ? start : NONE, depth - from, first, count)
    for (let index = 0; index < count; index++) cells.push(0)
    const label = text.slice(from, depth)
    if (label.length > SHORT) cells.push(this.#number(label))
    else for (let index = 1; index < label.length; index++) cells.push(label.charCodeAt(index))
    for (const group of groups) {
      const branch = this.#lay(group.start, group.stop, depth, group.depth)
      if (group.code < 128) cells[offset + TABLE + group.code - first] = branch
      else this.others.set(otherKey(offset, group.code), branch)
    }
    return offset
  }

  /** Runs of texts that go on with the same character, and up to where all of a run are alike. */
  #groups(from: number, to: number, depth: number): Group[] {
    const groups: Group[] = []
    let start = from
    while (start < to) {
      const first = this.#text(start)
      const code = first.charCodeAt(depth)
      let stop = start + 1
      while (stop < to && this.#text(stop).charCodeAt(depth) === code) stop++
      // What the first and the last have in common, all in between have.
      const last = this.#text(stop - 1)
      let common = depth + 1
      while (common < first.length && first.charCodeAt(common) === last.charCodeAt(common)) common++
      groups.push({ code, start, stop, depth: common })
      start = stop
    }
    return groups
  }

  #number(label: string): number {
    let number = this.#numbers.get(label)
    if (number === undefined) {
      number = this.labels.push(label) - 1
      this.#numbers.set(label, number)
    }
    return number
  }

  #text(index: number): string {
    return (this.#entries[index] as Entry<Leaf>)[0]
  }
}

interface Group {
  readonly code: number
  readonly start: number
  readonly stop: number
  readonly depth: number
}
