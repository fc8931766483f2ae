// The language of a converter: which texts it accepts, said by a regular expression but run without backtracking.
// The expression becomes an automaton whose states are made as they are needed (a lazy DFA), so each character costs one look-up
// for any expression. It also runs backwards, which is how several placeholders share a segment.
// Only what is regular can be said: no look-around, no back-references, no word boundaries.

type Node =
  | { kind: "empty" }
  | { kind: "character"; test: CharacterTest }
  | { kind: "sequence"; nodes: Node[] }
  | { kind: "choice"; nodes: Node[] }
  | { kind: "repeat"; node: Node; min: number; max: number }

/** Whether a character, given by its code point, is in a class. */
type CharacterTest = (codePoint: number) => boolean

const MAX_STATES = 5000
const MAX_CACHE = 2000
/** The state from which nothing is accepted any more. */
export const DEAD = -1

// What a single character can be, in the notation of JavaScript; the platform decides what is in the class.
const ATOM =
  /\\(?:[dDwWsStrnvf0]|c[a-zA-Z]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}|[pP]\{[^}]*\}|[^a-zA-Z0-9])|\[(?:\\[\s\S]|[^\]\\])*\]|[^\\[\](){}*+?|^$]/uy
const COUNT = /\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\}/y
const GROUP = /\((?:\?:|\?<[a-zA-Z_]\w*>)?(?!\?)/y

class ExpressionParser {
  readonly #source: string
  #position = 0

  constructor(source: string) {
    this.#source = source
  }

  parse(): Node {
    const node = this.#choice()
    if (this.#position < this.#source.length) throw this.#refusal()
    return node
  }

  #read(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position
    const found = pattern.exec(this.#source)
    if (found === null) return undefined
    this.#position += found[0].length
    return found
  }

  #take(character: string): boolean {
    if (this.#source[this.#position] !== character) return false
    this.#position++
    return true
  }

  #choice(): Node {
    const nodes = [this.#sequence()]
    while (this.#take("|")) nodes.push(this.#sequence())
    return nodes.length === 1 ? (nodes[0] as Node) : { kind: "choice", nodes }
  }

  #sequence(): Node {
    const nodes: Node[] = []
    while (this.#position < this.#source.length && !"|)".includes(this.#source[this.#position] as string)) {
      nodes.push(this.#repeated(this.#atom()))
    }
    return nodes.length === 0
      ? { kind: "empty" }
      : nodes.length === 1
        ? (nodes[0] as Node)
        : { kind: "sequence", nodes }
  }

  #atom(): Node {
    if (this.#read(GROUP)) {
      const node = this.#choice()
      if (!this.#take(")")) throw this.#refusal()
      return node
    }
    const found = this.#read(ATOM)
    if (found === undefined) throw this.#refusal()
    return { kind: "character", test: characterTest(found[0]) }
  }

  #repeated(node: Node): Node {
    let [min, max] = [1, 1]
    const count = this.#read(COUNT)
    if (count) {
      min = Number(count[1])
      max = count[2] === undefined ? min : count[3] === undefined ? Number.POSITIVE_INFINITY : Number(count[3])
      if (max < min) throw this.#refusal()
    } else if (this.#take("*")) [min, max] = [0, Number.POSITIVE_INFINITY]
    else if (this.#take("+")) [min, max] = [1, Number.POSITIVE_INFINITY]
    else if (this.#take("?")) [min, max] = [0, 1]
    else return node
    // Lazy or not is the same language.
    this.#take("?")
    return this.#repeated({ kind: "repeat", node, min, max })
  }

  #refusal(): TypeError {
    const rest = JSON.stringify(this.#source.slice(this.#position))
    return new TypeError(
      `Cannot use the expression ${JSON.stringify(this.#source)} in a rule: ${rest} is malformed, or not regular ` +
        "(no look-around, back-references or anchors); check what it cannot say in toValue",
    )
  }
}

function characterTest(atom: string): CharacterTest {
  // A newline is a character like any other in a path.
  if (atom === ".") return () => true
  if (!/^[[\\]/.test(atom)) {
    const only = atom.codePointAt(0) as number
    return (codePoint) => codePoint === only
  }
  const pattern = new RegExp(`^${atom}$`, "u")
  const ascii = Uint8Array.from({ length: 128 }, (_, code) => (pattern.test(String.fromCharCode(code)) ? 1 : 0))
  return (codePoint) => (codePoint < 128 ? ascii[codePoint] === 1 : pattern.test(String.fromCodePoint(codePoint)))
}

/** A state of the automaton as the expression gives it: it waits for a character, or goes on to others at once. */
interface Step {
  test: CharacterTest | undefined
  next: number[]
}

/** The steps of an expression; the last one accepts. With `backwards`, those of its mirror image. */
function stepsOf(root: Node, backwards: boolean): { steps: Step[]; start: number; accept: number } {
  const steps: Step[] = []
  const add = (test: CharacterTest | undefined, next: number[]): number => {
    if (steps.length >= MAX_STATES) throw new RangeError(`An expression in a rule is too large: ${MAX_STATES} states`)
    return steps.push({ test, next }) - 1
  }
  // Each node is laid before what follows it, so `next` is always known.
  const lay = (node: Node, next: number): number => {
    switch (node.kind) {
      case "empty":
        return next
      case "character":
        return add(node.test, [next])
      case "sequence": {
        const nodes = backwards ? node.nodes : node.nodes.toReversed()
        return nodes.reduce((after, each) => lay(each, after), next)
      }
      case "choice":
        return add(
          undefined,
          node.nodes.map((each) => lay(each, next)),
        )
      case "repeat": {
        let after = next
        if (node.max === Number.POSITIVE_INFINITY) {
          after = add(undefined, [next])
          const again = lay(node.node, after)
          ;(steps[after] as Step).next.push(again)
        } else {
          for (let count = node.min; count < node.max; count++) after = add(undefined, [next, lay(node.node, after)])
        }
        for (let count = 0; count < node.min; count++) after = lay(node.node, after)
        return after
      }
    }
  }
  const accept = add(undefined, [])
  return { steps, start: lay(root, accept), accept }
}

/** A set of steps in which the automaton may be at once, with where characters lead from here. */
interface State {
  readonly members: readonly number[]
  readonly accepts: boolean
  /** State by ASCII code: 0 is not known yet. */
  readonly ascii: Int32Array
  readonly others: Map<number, number>
  /** The state with the start added, or 0 when not known yet. */
  seeded: number
}

/**
 * An automaton that runs in one direction. Its states are numbers, good until the next call; a dead end is -1.
 *
 * @example
 * const automaton = new Automaton("[0-9]+", false)
 * automaton.accepts(automaton.step(automaton.seed(DEAD), 0x37)) // => true
 */
export class Automaton {
  readonly #steps: readonly Step[]
  readonly #start: number
  readonly #accept: number
  #states: State[] = []
  readonly #known: Map<string, number> = new Map()

  /**
   * @param source the expression, in JavaScript's notation
   * @param backwards whether texts are read from their end
   * @throws TypeError for an expression that is malformed or not regular, RangeError for one that is too large
   */
  constructor(source: string, backwards: boolean) {
    const { steps, start, accept } = stepsOf(new ExpressionParser(source).parse(), backwards)
    this.#steps = steps
    this.#start = start
    this.#accept = accept
    this.#forget()
  }

  /** The state as if the automaton were also at its start; from a dead end, the start itself. */
  seed(state: number): number {
    if (state === DEAD) return this.#state([this.#start])
    const from = this.#states[state] as State
    if (from.seeded === 0) from.seeded = this.#state([...from.members, this.#start])
    return from.seeded
  }

  /** Whether the text so far is in the language. */
  accepts(state: number): boolean {
    return state !== DEAD && (this.#states[state] as State).accepts
  }

  /** Where a character leads. */
  step(state: number, codePoint: number): number {
    if (state === DEAD) return DEAD
    const from = this.#states[state] as State
    const known = codePoint < 128 ? (from.ascii[codePoint] as number) : (from.others.get(codePoint) ?? 0)
    if (known !== 0) return known
    const reached: number[] = []
    for (const member of from.members) {
      const { test, next } = this.#steps[member] as Step
      if (test?.(codePoint)) reached.push(...next)
    }
    const to = reached.length === 0 ? DEAD : this.#state(reached)
    if (codePoint < 128) from.ascii[codePoint] = to
    else if (from.others.size < 256) from.others.set(codePoint, to)
    return to
  }

  #state(reached: readonly number[]): number {
    const seen = new Set(reached)
    for (const member of seen) {
      const { test, next } = this.#steps[member] as Step
      if (test === undefined) for (const each of next) seen.add(each)
    }
    const members = [...seen].filter((member) => member === this.#accept || (this.#steps[member] as Step).test)
    members.sort((a, b) => a - b)
    const key = members.join()
    const known = this.#known.get(key)
    if (known !== undefined) return known
    // The states are a cache. A caller that walks them keeps one number only, which is the one returned here.
    if (this.#states.length > MAX_CACHE) this.#forget()
    const accepts = members[0] === this.#accept
    const state = this.#states.push({ members, accepts, ascii: new Int32Array(128), others: new Map(), seeded: 0 }) - 1
    this.#known.set(key, state)
    return state
  }

  #forget(): void {
    // Number 0 is taken, since it means "not known yet".
    this.#states = [{ members: [], accepts: false, ascii: new Int32Array(0), others: new Map(), seeded: 0 }]
    this.#known.clear()
  }
}
