// The static text that may follow at a place in a rule, as a tree over its characters: what several texts begin with is
// compared once, and where they part one look at the next character decides. A text ends where a segment does.
// On the way of every request, so it takes no piece of the path out to look at it, unless that is the faster comparison.

// How the engine compares fastest, by the length of the text (measured on V8): a loop; a copy, which up to 12 characters
// is cheap; a search, which nearly always ends where it starts.
const SHORT = 3
const MEDIUM = 12
const SLASH = 0x2f

class Branch<Leaf> {
  label: string
  leaf: Leaf | undefined = undefined
  /** Where there is only one way on. */
  only: Branch<Leaf> | undefined = undefined
  /** Otherwise by the first character of the label, counted from `first`. */
  table: (Branch<Leaf> | undefined)[] | undefined = undefined
  first = 0
  /** The same for characters that would make the table too large. */
  others: Map<number, Branch<Leaf>> | undefined = undefined

  constructor(label: string) {
    this.label = label
  }

  /** The branch whose label starts with this character. */
  next(code: number): Branch<Leaf> | undefined {
    if (this.only !== undefined) return this.only.label.charCodeAt(0) === code ? this.only : undefined
    return this.table?.[code - this.first] ?? this.others?.get(code)
  }

  /** Sets the branches that follow. */
  grow(branches: Branch<Leaf>[]): void {
    this.only = branches.length === 1 ? branches[0] : undefined
    if (branches.length < 2) return
    const codes = branches.map(({ label }) => label.charCodeAt(0))
    const [ascii, others] = [codes.filter((code) => code < 128), codes.filter((code) => code >= 128)]
    this.first = ascii.length === 0 ? 0 : Math.min(...ascii)
    this.table = new Array(ascii.length === 0 ? 0 : Math.max(...ascii) - this.first + 1).fill(undefined)
    if (others.length > 0) this.others = new Map()
    for (const branch of branches) {
      const code = branch.label.charCodeAt(0)
      if (code < 128) this.table[code - this.first] = branch
      else this.others?.set(code, branch)
    }
  }
}

/**
 * Texts, each with what it leads to.
 *
 * @example
 * const tree = new StaticTree([["users", 1], ["users/new", 2]])
 * [tree.find("/users/new", 1), tree.end] // => [1, 6]
 * tree.find("/user", 1) // => undefined
 */
export class StaticTree<Leaf> {
  readonly #root: Branch<Leaf>
  /** Where the text ended that was found last. */
  end = 0

  constructor(entries: Iterable<readonly [text: string, leaf: Leaf]>) {
    const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    this.#root = branchOf("", sorted, 0, sorted.length, 0)
  }

  /** What the shortest text leads to that stands at this position and ends with its segment. */
  find(path: string, position: number): Leaf | undefined {
    const { length } = path
    let branch = this.#root
    let at = position
    for (;;) {
      if (at === length || path.charCodeAt(at) === SLASH) {
        if (branch.leaf !== undefined) {
          this.end = at
          return branch.leaf
        }
        if (at === length) return undefined
      }
      const next = branch.next(path.charCodeAt(at))
      if (next === undefined || !standsAt(next.label, path, at)) return undefined
      at += next.label.length
      branch = next
    }
  }
}

/** Whether the label stands in the path; its first character is known to. */
function standsAt(label: string, path: string, position: number): boolean {
  const { length } = label
  const end = position + length
  if (end > path.length) return false
  if (length > MEDIUM) return path.indexOf(label, position) === position
  if (length > SHORT) return path.slice(position, end) === label
  for (let index = 1; index < length; index++) {
    if (path.charCodeAt(position + index) !== label.charCodeAt(index)) return false
  }
  return true
}

/** The branch for a run of sorted texts that are alike up to `depth`. */
function branchOf<Leaf>(
  label: string,
  entries: readonly (readonly [text: string, leaf: Leaf])[],
  from: number,
  to: number,
  depth: number,
): Branch<Leaf> {
  const branch = new Branch<Leaf>(label)
  const branches: Branch<Leaf>[] = []
  let start = from
  const [text, leaf] = entries[start] ?? ["", undefined]
  if (start < to && text.length === depth) {
    branch.leaf = leaf
    start++
  }
  while (start < to) {
    const [first] = entries[start] as readonly [string, Leaf]
    let stop = start + 1
    while (stop < to && entries[stop]?.[0].charCodeAt(depth) === first.charCodeAt(depth)) stop++
    // What the first and the last have in common, all in between have.
    const [last] = entries[stop - 1] as readonly [string, Leaf]
    let common = depth + 1
    while (common < first.length && first.charCodeAt(common) === last.charCodeAt(common)) common++
    branches.push(branchOf(first.slice(depth, common), entries, start, stop, common))
    start = stop
  }
  branch.grow(branches)
  return branch
}
