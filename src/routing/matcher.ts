// From path to rule: a trie whose steps are segments of the path. At each node static text comes first, then the parts
// with placeholders in the order of their weights; what does not lead to a rule is left again for the next.
// A node stands for one way of reading the path, so each is visited at most once: matching is linear in the path's length.
// Rules are added segment by segment; for matching, the static text of a node is drawn together into a tree over
// characters, which skips the nodes where nothing else happens. Knows no URL and throws nothing.

import type { BoundRule, Step } from "./bound-rule.ts"
import { type Captures, compareWeights, type RulePart } from "./part.ts"
import { StaticTree } from "./static-tree.ts"
import type { Values } from "./values.ts"

/** A rule that matched, and the values of its placeholders and defaults. */
export interface Found {
  readonly rule: BoundRule
  readonly values: Values
}

/** Why no rule matched. */
export class Miss {
  /** Stands for a miss, and tells it from what was found. */
  readonly rule: undefined = undefined
  /** The path that would match: with a slash at its end, or with single slashes. */
  readonly redirect: string | undefined
  /** Methods that would match. */
  readonly methods: ReadonlySet<string>
  /** Whether a rule would match if the request were a WebSocket handshake, or if it were not one. */
  readonly websocketMismatch: boolean

  constructor(redirect: string | undefined, methods: ReadonlySet<string>, websocketMismatch: boolean) {
    this.redirect = redirect
    this.methods = methods
    this.websocketMismatch = websocketMismatch
  }
}

const NO_METHODS: ReadonlySet<string> = new Set()
const NOTHING = new Miss(undefined, NO_METHODS, false)

/**
 * A place in the trie: what may come next, and the rules that end here. What matching looks at stands first, and the
 * nodes behind placeholders are a list through the nodes themselves: fewer places in memory to go to in a large map.
 */
class Node {
  /** The first rule that ends here; those for other methods follow it. */
  rule: BoundRule | undefined = undefined
  statics: Map<string, Node> | undefined = undefined
  /** The node behind the first part that may follow. */
  child: Node | undefined = undefined
  /** The part in front of this node; not there behind static text. */
  readonly part: RulePart | undefined
  /** The node behind the next part that may follow where this one's does. */
  sibling: Node | undefined = undefined
  /** The static text that may follow, drawn together. Not there when a rule was added since that leads through here. */
  tree: StaticTree<Node> | undefined = undefined
  /** The node behind a slash, if there is one. */
  slash: Node | undefined = undefined
  readonly key: string

  constructor(part: RulePart | undefined, key: string) {
    this.part = part
    this.key = key
  }

  growTree(): StaticTree<Node> {
    this.tree = new StaticTree(this.#texts("", []))
    return this.tree
  }

  /** Static texts from here to the next nodes where there is more to do than to go on. */
  #texts(prefix: string, found: [string, Node][]): [string, Node][] {
    if (this.statics === undefined) return found
    for (const [segment, node] of this.statics) {
      const text = `${prefix}${segment}`
      if (node.child !== undefined || node.rule !== undefined || node.slash !== undefined) found.push([text, node])
      else node.#texts(`${text}/`, found)
    }
    return found
  }

  /** The node behind static text, made if it is not there. */
  behindText(text: string): Node {
    this.statics ??= new Map()
    let node = this.statics.get(text)
    if (node === undefined) {
      node = new Node(undefined, "")
      this.statics.set(text, node)
      if (text === "") this.slash = node
    }
    return node
  }

  /** The node behind a part, made if it is not there. */
  behindPart(part: RulePart, key: string): Node {
    let before: Node | undefined
    for (let each = this.child; each !== undefined; each = each.sibling) {
      if (each.key === key) return each
      // Behind those of the same weight: what was added first is tried first.
      if (compareWeights(part.weight, (each.part as RulePart).weight) >= 0) before = each
    }
    const node = new Node(part, key)
    if (before === undefined) {
      node.sibling = this.child
      this.child = node
    } else {
      node.sibling = before.sibling
      before.sibling = node
    }
    return node
  }
}

interface DomainEdge {
  readonly part: RulePart
  readonly key: string
  readonly root: Node
}

const SLASH = 0x2f
/** What a walk gives when the path lacks a slash at its end. */
const SLASH_REQUIRED = Symbol("slash required")

/**
 * One path on its way through the trie. On the way of every request, so nothing here is private: a private method costs
 * a check at each call, which is a tenth of the time of a match.
 */
class Walk {
  path = ""
  method = ""
  websocket = false
  domain = ""
  domainCaptures: Captures = []
  captures: Captures = []
  /** Whether a rule for the path was passed by: it is for other methods, or for the other kind of request. */
  passedBy = false
  /** Whether this is the second walk, which finds nothing again and tells why. */
  explains = false
  methods: Set<string> | undefined = undefined
  websocketMismatch = false
  /** The rule that made the walk end with SLASH_REQUIRED. */
  slashRule: BoundRule | undefined = undefined

  /**
   * What the rest of the path leads to.
   *
   * @param start where to begin
   * @param first where the next segment begins; beyond the end of the path when there is none
   * @param captured how many captures there are
   */
  from(start: Node, first: number, captured: number): Found | typeof SLASH_REQUIRED | undefined {
    const { path } = this
    const { length } = path
    let [node, position, size] = [start, first, captured]
    // Where there is only one way left, no call is needed: the walk will not come back.
    onward: while (position <= length) {
      const first = node.child
      const hasMore = position === length
      if (node.statics !== undefined) {
        const tree = node.tree ?? node.growTree()
        const next = tree.find(path, position)
        if (next !== undefined) {
          if (first === undefined && !hasMore) {
            node = next
            position = tree.end + 1
            continue
          }
          const found = this.from(next, tree.end + 1, size)
          if (found !== undefined) return found
        }
      }
      if (first !== undefined) {
        const slash = path.indexOf("/", position)
        const end = slash === -1 ? length : slash
        for (let next: Node | undefined = first; next !== undefined; next = next.sibling) {
          const part = next.part as RulePart
          const behind = this.through(part, position, end, size)
          if (behind === -1) continue
          if (next.sibling === undefined && !hasMore) {
            node = next
            position = behind
            size += part.size * 2
            continue onward
          }
          const found = this.from(next, behind, size + part.size * 2)
          if (found !== undefined) return found
        }
      }
      return hasMore ? this.withoutSlash(node) : undefined
    }
    return this.end(node)
  }

  /** Where the path goes on behind a part; -1 when the part does not match. */
  through(part: RulePart, position: number, end: number, size: number): number {
    if (part.takesAny) {
      if (end === position) return -1
      this.captures[size] = position
      this.captures[size + 1] = end
      return end + 1
    }
    if (!part.final) return part.match(this.path, position, end, this.captures, size) ? end + 1 : -1
    // All the rest of the path, but for the slash at its end where that is looked at apart.
    const { path } = this
    let to = path.length
    let behind = to + 1
    if (part.suffixed) {
      if (position < to && path.charCodeAt(to - 1) === SLASH) behind = to--
      if (path.charCodeAt(to - 1) === SLASH) return -1
    }
    return part.match(path, position, to, this.captures, size) ? behind : -1
  }

  /** Only a slash is left, which some rules do not mind. */
  withoutSlash(node: Node): Found | undefined {
    for (let { rule } = node; rule !== undefined; rule = rule.next) {
      if (rule.strictSlashes) continue
      const found = this.attempt(rule)
      if (found !== undefined) return found
    }
    return undefined
  }

  end(node: Node): Found | typeof SLASH_REQUIRED | undefined {
    for (let { rule } = node; rule !== undefined; rule = rule.next) {
      const found = this.attempt(rule)
      if (found !== undefined) return found
    }
    if (node.slash === undefined) return undefined
    for (let { rule } = node.slash; rule !== undefined; rule = rule.next) {
      if (!rule.accepts(this.method, this.websocket)) continue
      if (rule.strictSlashes) {
        this.slashRule = rule
        return SLASH_REQUIRED
      }
      const found = this.convert(rule)
      if (found !== undefined) return found
    }
    return undefined
  }

  attempt(rule: BoundRule): Found | undefined {
    const { method } = this
    if ((method === "GET" ? rule.takesGet : rule.takes(method)) && rule.websocket === this.websocket)
      return this.convert(rule)
    this.passedBy = true
    if (this.explains) this.explain(rule)
    return undefined
  }

  /** What a request would need for this rule. Nothing helps where the rule's converters refuse the values. */
  explain(rule: BoundRule): void {
    if (this.convert(rule) === undefined) return
    if (rule.takes(this.method)) this.websocketMismatch = true
    else {
      this.methods ??= new Set()
      for (const each of rule.methods as ReadonlySet<string>) this.methods.add(each)
    }
  }

  convert(rule: BoundRule): Found | undefined {
    const values = rule.convert(this)
    return values && { rule, values }
  }

  get miss(): Miss {
    if (this.methods === undefined && !this.websocketMismatch) return NOTHING
    return new Miss(undefined, this.methods ?? NO_METHODS, this.websocketMismatch)
  }
}

const unused: Captures = []

function fits(part: RulePart, text: string): boolean {
  return part.match(text, 0, text.length, unused, 0)
}

/** Whether a path through these steps may end at a rule at or behind the node; a slash more or less redirects there. */
function mayEnd(node: Node, steps: readonly Step[], index: number): boolean {
  if (index >= steps.length) return node.rule !== undefined || node.slash?.rule !== undefined
  const step = steps[index] as Step
  if (typeof step !== "string" && step.final) return true
  if (typeof step === "string") {
    if (step === "" && node.rule !== undefined) return true
    const next = node.statics?.get(step)
    if (next !== undefined && mayEnd(next, steps, index + 1)) return true
  } else {
    for (const [text, next] of node.statics ?? []) {
      if (text !== "" && fits(step, text) && mayEnd(next, steps, index + 1)) return true
    }
  }
  for (let { child } = node; child !== undefined; child = child.sibling) {
    const part = child.part as RulePart
    if (part.final) return true
    if ((typeof step !== "string" || (step !== "" && fits(part, step))) && mayEnd(child, steps, index + 1)) return true
  }
  return false
}

/**
 * Rules, to be found by host or subdomain, path, method, and whether the request is a WebSocket handshake.
 */
export class Matcher {
  readonly #mergeSlashes: boolean
  readonly #domains: Map<string, Node> = new Map()
  /** The rules without a domain, which in most maps are all. */
  #plain: Node | undefined = undefined
  readonly #domainEdges: DomainEdge[] = []
  readonly #parts: Map<string, RulePart> = new Map()
  /** A walk to be used again; not there while it is on its way, since a converter may match too. */
  #idle: Walk | undefined = new Walk()

  /** Counts the rules that were added, since each may come in the way of others. */
  #version = 0

  /** @param mergeSlashes whether a path with repeated slashes may be redirected to the one without */
  constructor(mergeSlashes: boolean) {
    this.#mergeSlashes = mergeSlashes
  }

  /** Adds a rule, unless it could not be told apart from another, which is returned then. */
  add(rule: BoundRule): BoundRule | undefined {
    this.#version++
    let node = this.#rootOf(rule)
    for (const [index, step] of rule.steps.entries()) {
      const key = rule.keys[index] as string
      node.tree = undefined
      node = typeof step === "string" ? node.behindText(step) : node.behindPart(this.#shared(step, key), key)
    }
    node.tree = undefined
    let last: BoundRule | undefined
    for (let other = node.rule; other !== undefined; other = other.next) {
      if (rule.websocket === other.websocket && rule.sharesMethods(other)) return other
      last = other
    }
    if (last === undefined) node.rule = rule
    else last.next = rule
    return undefined
  }

  /** One part for all of the same key: they match alike, and one stays near at hand. */
  #shared(part: RulePart, key: string): RulePart {
    const known = this.#parts.get(key)
    if (known === undefined) this.#parts.set(key, part)
    return known ?? part
  }

  /**
   * Whether another rule that is tried before this one may take a path that this one builds: `/user/new` before
   * `/user/<name>`. It says yes when in doubt, and then the path has to be matched to know.
   */
  isContested(rule: BoundRule): boolean {
    if (rule.contestedAt !== this.#version) {
      rule.contested = this.#findContest(rule)
      rule.contestedAt = this.#version
    }
    return rule.contested
  }

  #findContest(rule: BoundRule): boolean {
    if (typeof rule.domain !== "string") return true
    let own = this.#domains.get(rule.domain)
    for (const [index, step] of rule.steps.entries()) {
      if (own === undefined) return false
      if (typeof step === "string") {
        // Static text is tried first, so nothing comes before this.
        own = own.statics?.get(step)
        continue
      }
      for (const [text, node] of own.statics ?? []) {
        // A value is not empty; and the rest of a path goes through anything.
        if (text === "" && node.statics === undefined && node.child === undefined) continue
        if (step.final || (fits(step, text) && mayEnd(node, rule.steps, index + 1))) return true
      }
      const key = rule.keys[index]
      let child: Node | undefined = own.child
      for (; child !== undefined && child.key !== key; child = child.sibling) {
        if ((child.part as RulePart).final || mayEnd(child, rule.steps, index + 1)) return true
      }
      own = child
    }
    return false
  }

  #rootOf(rule: BoundRule): Node {
    const { domain: step, domainKey: key } = rule
    if (typeof step === "string") {
      let root = this.#domains.get(step)
      if (root === undefined) {
        root = new Node(undefined, "")
        this.#domains.set(step, root)
        if (step === "") this.#plain = root
      }
      return root
    }
    const known = this.#domainEdges.find((edge) => edge.key === key)
    if (known !== undefined) return known.root
    const edge: DomainEdge = { part: step, key, root: new Node(undefined, "") }
    const index = this.#domainEdges.findIndex(({ part }) => compareWeights(step.weight, part.weight) < 0)
    this.#domainEdges.splice(index === -1 ? this.#domainEdges.length : index, 0, edge)
    return edge.root
  }

  /**
   * The rule for a request, or why there is none.
   *
   * @param domain the subdomain, or the host in a map that matches hosts
   * @param path decoded, with one slash at its start, or empty
   */
  match(domain: string, path: string, method: string, websocket: boolean): Found | Miss {
    const walk = this.#idle ?? new Walk()
    this.#idle = undefined
    walk.path = path
    walk.method = method
    walk.websocket = websocket
    walk.domain = domain
    walk.passedBy = false
    const found = this.#find(walk)
    const outcome = found === undefined || found === SLASH_REQUIRED ? this.#miss(walk, found) : found
    this.#idle = walk
    return outcome
  }

  #miss(walk: Walk, found: typeof SLASH_REQUIRED | undefined): Miss {
    const { path } = walk
    if (found === SLASH_REQUIRED) return new Miss(`${path}/`, NO_METHODS, false)
    if (!this.#mergeSlashes || !path.includes("//")) return this.#explain(walk, path)

    walk.path = path.replace(/\/{2,}/g, "/")
    const merged = this.#find(walk)
    if (merged === undefined) return this.#explain(walk, path, walk.path)
    const rule = merged === SLASH_REQUIRED ? (walk.slashRule as BoundRule) : merged.rule
    if (!rule.mergeSlashes) return this.#explain(walk, path)
    return new Miss(merged === SLASH_REQUIRED ? `${walk.path}/` : walk.path, NO_METHODS, false)
  }

  /**
   * Walks again, and remembers why no rule matched. Done only where the answer is an error, so that other requests do not pay for
   * it.
   */
  #explain(walk: Walk, ...paths: string[]): Miss {
    if (!walk.passedBy) return NOTHING
    walk.methods = undefined
    walk.websocketMismatch = false
    walk.explains = true
    for (const path of paths) {
      walk.path = path
      this.#find(walk)
    }
    walk.explains = false
    return walk.miss
  }

  #find(walk: Walk): Found | typeof SLASH_REQUIRED | undefined {
    const { domain: name } = walk
    const root = name === "" ? this.#plain : this.#domains.get(name)
    const found = root === undefined ? undefined : walk.from(root, 1, 0)
    if (found !== undefined) return found
    for (const { part, root } of this.#domainEdges) {
      if (!part.match(name, 0, name.length, walk.domainCaptures, 0)) continue
      const found = walk.from(root, 1, 0)
      if (found !== undefined) return found
    }
    return undefined
  }
}
