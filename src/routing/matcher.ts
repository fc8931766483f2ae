// From path to rule: a trie whose steps are segments of the path. At each node static text comes first, then the parts
// with placeholders in the order of their weights; what does not lead to a rule is left again for the next.
// A node stands for one way of reading the path, so each is visited at most once: matching is linear in the path's length.
// A path without placeholders is found by one look-up before all that. Knows no URL and throws nothing.

import type { BoundRule, Step, Values } from "./bound-rule.ts"
import { type Captures, compareWeights, type RulePart } from "./part.ts"

/** A rule that matched, and the values of its placeholders and defaults. */
export interface Found {
  readonly rule: BoundRule
  readonly values: Values
}

/** Why no rule matched. */
export class Miss {
  /** The path that would match: with a slash at its end, or with single slashes. */
  readonly redirect: string | undefined
  /** Methods that would match. */
  readonly methods: ReadonlySet<string>
  /** Whether a rule would match if the request were a WebSocket handshake, or if it were none. */
  readonly websocketMismatch: boolean

  constructor(redirect: string | undefined, methods: ReadonlySet<string>, websocketMismatch: boolean) {
    this.redirect = redirect
    this.methods = methods
    this.websocketMismatch = websocketMismatch
  }
}

const NO_METHODS: ReadonlySet<string> = new Set()
const NOTHING = new Miss(undefined, NO_METHODS, false)

interface Edge {
  readonly part: RulePart
  readonly key: string
  readonly node: Node
}

/** A place in the trie: what may come next, and the rules that end here. */
class Node {
  statics: Map<string, Node> | undefined = undefined
  edges: Edge[] = []
  rules: BoundRule[] = []

  /** The node behind a step, made if it is not there. */
  behind(step: Step, key: string): Node {
    if (typeof step === "string") {
      this.statics ??= new Map()
      let node = this.statics.get(step)
      if (node === undefined) {
        node = new Node()
        this.statics.set(step, node)
      }
      return node
    }
    const known = this.edges.find((edge) => edge.key === key)
    if (known !== undefined) return known.node
    const edge: Edge = { part: step, key, node: new Node() }
    // Behind those of the same weight: what was added first is tried first.
    const index = this.edges.findIndex(({ part }) => compareWeights(step.weight, part.weight) < 0)
    this.edges.splice(index === -1 ? this.edges.length : index, 0, edge)
    return edge.node
  }
}

/** The rules of one host or subdomain. */
class Domain {
  readonly root: Node = new Node()
  /** The nodes that are reached by static text alone, by their whole path. */
  readonly exact: Map<string, Node> = new Map()

  add(rule: BoundRule): Node {
    let node = this.root
    let isStatic = true
    for (const [index, step] of rule.steps.entries()) {
      node = node.behind(step, rule.keys[index] as string)
      if (typeof step !== "string") isStatic = false
    }
    if (isStatic) this.exact.set(`/${rule.steps.join("/")}`, node)
    return node
  }
}

interface DomainEdge {
  readonly part: RulePart
  readonly key: string
  readonly domain: Domain
}

const SLASH = 0x2f
/** What a walk gives when the path lacks a slash at its end. */
const SLASH_REQUIRED = Symbol("slash required")

/** One path on its way through the trie. */
class Walk {
  path = ""
  method = ""
  websocket = false
  domain = ""
  domainCaptures: Captures = []
  captures: Captures = []
  methods: Set<string> | undefined = undefined
  websocketMismatch = false
  /** The rule that made the walk end with SLASH_REQUIRED. */
  slashRule: BoundRule | undefined = undefined

  /**
   * What the rest of the path leads to.
   *
   * @param position where the next segment begins; beyond the end of the path when there is none
   * @param size how many captures there are
   */
  from(node: Node, position: number, size: number): Found | typeof SLASH_REQUIRED | undefined {
    const { path } = this
    const { length } = path
    if (position > length) return this.#end(node)
    let end = path.indexOf("/", position)
    if (end === -1) end = length
    if (node.statics !== undefined) {
      const next = node.statics.get(path.slice(position, end))
      if (next !== undefined) {
        const found = this.from(next, end + 1, size)
        if (found !== undefined) return found
      }
    }
    const { edges } = node
    for (let index = 0; index < edges.length; index++) {
      const { part, node: next } = edges[index] as Edge
      let [to, behind] = [end, end + 1]
      if (part.final) {
        ;[to, behind] = [length, length + 1]
        if (part.suffixed) {
          if (position < length && path.charCodeAt(length - 1) === SLASH) [to, behind] = [length - 1, length]
          if (path.charCodeAt(to - 1) === SLASH) continue
        }
      }
      if (!part.match(path, position, to, this.captures, size)) continue
      const found = this.from(next, behind, size + part.size * 2)
      if (found !== undefined) return found
    }
    // Only a slash is left, which some rules do not mind.
    if (position === length) {
      for (const rule of node.rules) {
        if (rule.strictSlashes) continue
        const found = this.#try(rule)
        if (found !== undefined) return found
      }
    }
    return undefined
  }

  #end(node: Node): Found | typeof SLASH_REQUIRED | undefined {
    for (const rule of node.rules) {
      const found = this.#try(rule)
      if (found !== undefined) return found
    }
    const behindSlash = node.statics?.get("")
    if (behindSlash === undefined) return undefined
    for (const rule of behindSlash.rules) {
      if (!rule.accepts(this.method, this.websocket)) continue
      if (rule.strictSlashes) {
        this.slashRule = rule
        return SLASH_REQUIRED
      }
      const found = this.#convert(rule)
      if (found !== undefined) return found
    }
    return undefined
  }

  #try(rule: BoundRule): Found | undefined {
    if (rule.methods !== undefined && !rule.methods.has(this.method)) {
      this.methods ??= new Set()
      for (const method of rule.methods) this.methods.add(method)
    } else if (rule.websocket !== this.websocket) this.websocketMismatch = true
    else return this.#convert(rule)
    return undefined
  }

  #convert(rule: BoundRule): Found | undefined {
    const values = rule.convert(this.domain, this.domainCaptures, this.path, this.captures)
    return values && { rule, values }
  }

  get miss(): Miss {
    if (this.methods === undefined && !this.websocketMismatch) return NOTHING
    return new Miss(undefined, this.methods ?? NO_METHODS, this.websocketMismatch)
  }
}

/**
 * Rules, to be found by host or subdomain, path, method, and whether the request is a WebSocket handshake.
 *
 * @row MAP-8, MAP-29
 */
export class Matcher {
  readonly #mergeSlashes: boolean
  readonly #domains: Map<string, Domain> = new Map()
  readonly #domainEdges: DomainEdge[] = []
  /** A walk to be used again; not there while it is on its way, since a converter may match too. */
  #idle: Walk | undefined = new Walk()

  /** @param mergeSlashes whether a path with repeated slashes may be redirected to the one without */
  constructor(mergeSlashes: boolean) {
    this.#mergeSlashes = mergeSlashes
  }

  /** Adds a rule, unless it could not be told apart from another, which is returned then. */
  add(rule: BoundRule): BoundRule | undefined {
    const { rules } = this.#domainOf(rule).add(rule)
    const duplicate = rules.find((other) => rule.websocket === other.websocket && rule.sharesMethods(other))
    if (duplicate === undefined) rules.push(rule)
    return duplicate
  }

  #domainOf(rule: BoundRule): Domain {
    const { domain: step, domainKey: key } = rule
    if (typeof step === "string") {
      let domain = this.#domains.get(step)
      if (domain === undefined) {
        domain = new Domain()
        this.#domains.set(step, domain)
      }
      return domain
    }
    const known = this.#domainEdges.find((edge) => edge.key === key)
    if (known !== undefined) return known.domain
    const edge: DomainEdge = { part: step, key, domain: new Domain() }
    const index = this.#domainEdges.findIndex(({ part }) => compareWeights(step.weight, part.weight) < 0)
    this.#domainEdges.splice(index === -1 ? this.#domainEdges.length : index, 0, edge)
    return edge.domain
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
    walk.methods = undefined
    walk.websocketMismatch = false
    const outcome = this.#outcome(walk)
    this.#idle = walk
    return outcome
  }

  #outcome(walk: Walk): Found | Miss {
    const { path } = walk
    const found = this.#find(walk)
    if (found === SLASH_REQUIRED) return new Miss(`${path}/`, NO_METHODS, false)
    if (found !== undefined) return found
    if (!this.#mergeSlashes || !path.includes("//")) return walk.miss

    walk.path = path.replace(/\/{2,}/g, "/")
    const merged = this.#find(walk)
    if (merged === undefined) return walk.miss
    const rule = merged === SLASH_REQUIRED ? (walk.slashRule as BoundRule) : merged.rule
    if (!rule.mergeSlashes) return walk.miss
    return new Miss(merged === SLASH_REQUIRED ? `${walk.path}/` : walk.path, NO_METHODS, false)
  }

  #find(walk: Walk): Found | typeof SLASH_REQUIRED | undefined {
    const { domain: name, path, method, websocket } = walk
    const domain = this.#domains.get(name)
    if (domain !== undefined) {
      walk.domainCaptures.length = 0
      const node = domain.exact.get(path)
      if (node !== undefined) {
        for (const rule of node.rules) {
          if (!rule.accepts(method, websocket)) continue
          const values = rule.convert(name, walk.domainCaptures, path, walk.captures)
          if (values !== undefined) return { rule, values }
        }
      }
      const found = walk.from(domain.root, 1, 0)
      if (found !== undefined) return found
    }
    for (const { part, domain } of this.#domainEdges) {
      walk.domainCaptures.length = 0
      if (!part.match(name, 0, name.length, walk.domainCaptures, 0)) continue
      const found = walk.from(domain.root, 1, 0)
      if (found !== undefined) return found
    }
    return undefined
  }
}
