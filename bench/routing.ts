// Routers side by side: maps of 10 to 10 000 rules, static paths, parameters, deep paths, misses; setting up; building URLs.
// Routers take turns in short rounds, and the best round of each counts. Ours converts its values: every `id` is an integer.
// Run: `node --import tsx bench/routing.ts`. Environment: ROUNDS, MICROS (length of a round), SIZES (comma-separated).

import { spawnSync } from "node:child_process"
import { env } from "node:process"
import findMyWay from "find-my-way"
import { RegExpRouter } from "hono/router/reg-exp-router"
import { SmartRouter } from "hono/router/smart-router"
import { TrieRouter } from "hono/router/trie-router"
import { compile, match as pathMatcher } from "path-to-regexp"
import { addRoute, createRouter, findRoute } from "rou3"
import { RuleMap, rule } from "../dist/routing/index.js"
import { table, target } from "./harness.ts"

const ROUNDS = Number(env["ROUNDS"] ?? 15)
const MICROS = Number(env["MICROS"] ?? 2000)
/** For the compiler to make up its mind. */
const WARM_UP_MS = 60
const SIZES = (env["SIZES"] ?? "10,100,1000,10000").split(",").map(Number)

/** A rule as segments; a name in front of a colon is a parameter, `:id` an integer. */
type Route = string

/** Routes of five kinds in equal parts, under as many first segments as there are groups of five. */
function routes(size: number): Route[] {
  const made: Route[] = []
  for (let index = 0; made.length < size; index++) {
    const name = `resource${index}`
    made.push(
      `/${name}`,
      `/${name}/:id`,
      `/${name}s/:id/comments/:comment`,
      `/${name}/:id/:section/:slug`,
      `/api/v1/teams/${name}/projects/settings/members/list`,
    )
  }
  return made.slice(0, size)
}

/** Paths to ask for, spread over a map of this size. */
function paths(size: number, kind: string): string[] {
  const groups = Math.max(1, Math.floor(size / 5))
  return Array.from({ length: 64 }, (_, index) => {
    const name = `resource${(index * 7919) % groups}`
    switch (kind) {
      case "static":
        return `/${name}`
      case "1 param":
        return `/${name}/${1000 + index}`
      case "3 params":
        return `/${name}/${1000 + index}/section${index}/some-slug-${index}`
      case "deep":
        return `/api/v1/teams/${name}/projects/settings/members/list`
      default:
        return `/${name}/x${index}/nothing/like/this`
    }
  })
}
const KINDS = ["static", "1 param", "3 params", "deep", "miss"]

interface Router {
  name: string
  /** The most rules that it is worth asking for: some slow down so much that a run would take minutes. */
  most: number
  setUp(routes: readonly Route[], kind: string): (path: string) => unknown
}

const ours: Router = {
  name: "werkstatt",
  most: Number.POSITIVE_INFINITY,
  setUp(routes, kind) {
    const text = (route: Route) => route.replace(/:(\w+)/g, (_, name) => (name === "id" ? "<int:id>" : `<${name}>`))
    const urls = new RuleMap(routes.map((route, index) => rule(text(route), index, { methods: ["GET"] })))
    const at = urls.bind("localhost")
    const { matcher } = urls
    // A miss throws in `match`, as it should; the others give null, so the matcher is asked there.
    return kind === "miss" ? (path) => matcher.match("", path, "GET", false) : (path) => at.match(path)
  },
}

const peers: Router[] = [
  {
    name: "find-my-way",
    most: Number.POSITIVE_INFINITY,
    setUp(routes) {
      const router = findMyWay()
      for (const route of routes) router.on("GET", route, () => route)
      return (path) => router.find("GET", path)
    },
  },
  {
    name: "rou3",
    most: Number.POSITIVE_INFINITY,
    setUp(routes) {
      const router = createRouter()
      for (const route of routes) addRoute(router, "GET", route, route)
      return (path) => findRoute(router, "GET", path)
    },
  },
  {
    name: "hono RegExp",
    most: 1000,
    setUp(routes) {
      const router = new RegExpRouter<string>()
      for (const route of routes) router.add("GET", route, route)
      return (path) => router.match("GET", path)
    },
  },
  {
    name: "hono Smart",
    most: 1000,
    setUp(routes) {
      const router = new SmartRouter<string>({ routers: [new RegExpRouter(), new TrieRouter()] })
      for (const route of routes) router.add("GET", route, route)
      return (path) => router.match("GET", path)
    },
  },
  {
    name: "path-to-regexp",
    most: 1000,
    setUp(routes) {
      // As Express does it: one expression after the other.
      const matchers = routes.map((route) => pathMatcher(route))
      return (path) => {
        for (const matcher of matchers) {
          const found = matcher(path)
          if (found) return found
        }
        return null
      }
    },
  },
]

/** Keeps results from being optimised away. */
export let sink: unknown

/** Nanoseconds for a call of each function, the best of rounds that take turns. */
function measure(functions: readonly (() => unknown)[]): number[] {
  const calls = functions.map((call) => {
    const end = performance.now() + WARM_UP_MS
    while (performance.now() < end) for (let index = 0; index < 100; index++) sink = call()
    // The most calls of several tries: one in which the machine was busy would make for rounds too short to be timed.
    return Math.max(...[1, 2, 3, 4, 5].map(() => callsInRound(call)))
  })
  const best = functions.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, call] of functions.entries()) {
      const count = calls[index] as number
      const start = performance.now()
      for (let each = 0; each < count; each++) sink = call()
      best[index] = Math.min(best[index] as number, ((performance.now() - start) * 1e6) / count)
    }
  }
  return best
}

function callsInRound(call: () => unknown): number {
  for (let count = 1; ; count *= 2) {
    const start = performance.now()
    for (let index = 0; index < count; index++) sink = call()
    const micros = (performance.now() - start) * 1000
    if (micros > MICROS) return Math.max(1, Math.round((count * MICROS) / micros))
  }
}

/** Asks for the paths in turn. Every path is a new string, as in a request: nobody has seen its hash yet. */
function asking(find: (path: string) => unknown, given: readonly string[]): () => unknown {
  const targets = given.map((path) => `http://localhost${path}?q`)
  let next = 0
  return () => {
    next = (next + 1) & 63
    return find((targets[next] as string).slice(16, -2))
  }
}

const rows: string[][] = []
const times = new Map<string, number>()
const routers = [ours, ...peers]
for (const size of SIZES) {
  const made = routes(size)
  const able = routers.filter(({ most }) => size <= most)
  for (const kind of KINDS) {
    const ready = able.map((router) => router.setUp(made, kind))
    const given = paths(size, kind)
    const found = measure(ready.map((find) => asking(find, given)))
    const [own, theirs] = found as [number, number]
    times.set(`${kind} ${size}`, own)
    times.set(`find-my-way ${kind} ${size}`, theirs)
    const cells = routers.map((router) => {
      const index = able.indexOf(router)
      return index === -1 ? "" : `${(found[index] as number).toFixed(0)}`
    })
    rows.push([`${kind}, ${size} rules`, ...cells, (theirs / own).toFixed(2)])
  }
}
console.log("nanoseconds for a match, and how many times faster than find-my-way")
table(["", ...routers.map(({ name }) => name), "x"], rows)

console.log()
const largest = Math.max(...SIZES)
const made = routes(largest)
let best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
for (let round = 0; round < 5; round++) {
  best = [ours, peers[0] as Router].map((router, index) => {
    const start = performance.now()
    sink = router.setUp(made, "static")
    return Math.min(best[index] as number, performance.now() - start)
  })
}
const [ownSetUp, theirSetUp] = best as [number, number]
console.log(`set-up of ${largest} rules: ${ownSetUp.toFixed(0)} ms, find-my-way ${theirSetUp.toFixed(0)} ms`)

const built = new RuleMap([
  ...routes(1000).map((route, index) => rule(route.replace(/:\w+/g, "x"), index)),
  rule("/<int:year>/<slug>/<path:rest>", "article"),
]).bind("localhost")
const build = built.build.bind(built) as (endpoint: unknown, values: object) => string
// The peer takes texts only and the rest as a list. Without encoding it puts the texts in as they are.
const theirs = compile<{ year: string; slug: string; rest: string[] }>("/:year/:slug/*rest")
const bare = compile<{ year: string; slug: string; rest: string }>("/:year/:slug/*rest", { encode: false })
let turn = 0
const year = (): number => {
  turn = (turn + 1) & 1023
  return 1000 + turn
}
const [plain, peer, peerBare, queried] = measure([
  () => build("article", { year: year(), slug: "some-slug", rest: "a/b" }),
  () => theirs({ year: `${year()}`, slug: "some-slug", rest: ["a", "b"] }),
  () => bare({ year: `${year()}`, slug: "some-slug", rest: "a/b" }),
  () => build("article", { year: year(), slug: "ä b", rest: "a/b", page: 2, q: "x y" }),
]) as [number, number, number, number]
console.log(
  `building a URL: ${plain.toFixed(0)} ns, path-to-regexp ${peer.toFixed(0)} (without encoding ${peerBare.toFixed(0)}); with quoting and a query ${queried.toFixed(0)} ns`,
)

const python = spawnSync("python3", ["-"], { encoding: "utf8", input: pythonProgram(largest) })
if (python.status === 0) console.log(`Werkzeug, ${largest} rules, nanoseconds: ${python.stdout.trim()}`)

console.log()
const time = (name: string): number => times.get(name) as number
for (const size of SIZES) {
  for (const kind of KINDS) {
    const ratio = time(`find-my-way ${kind} ${size}`) / time(`${kind} ${size}`)
    target(`${kind}, ${size} rules: ${ratio.toFixed(2)} times as fast as find-my-way`, ratio >= 1)
  }
}
// What a larger map costs: both maps are asked in turn, so that they find the caches in the same state. Paths spread over
// the larger map are longer too, four digits in place of one or two, and each digit is a step through the tree; the same
// paths in both maps show what is left without that.
if (SIZES.includes(100) && SIZES.includes(10_000)) {
  for (const kind of KINDS) {
    const calls = [ours, peers[0] as Router].flatMap((router) => {
      const [small, large] = [router.setUp(routes(100), kind), router.setUp(routes(10_000), kind)]
      const [few, many] = [paths(100, kind), paths(10_000, kind)]
      return [asking(small, few), asking(large, few), asking(large, many)]
    })
    const found = measure(calls)
    const growth = (large: number, small: number) => (found[large] as number) / (found[small] as number)
    const text = `${growth(2, 0).toFixed(2)} times the time from 100 to 10 000 rules (find-my-way ${growth(5, 3).toFixed(2)}`
    target(`${kind}: ${text}), for the same paths ${growth(1, 0).toFixed(2)}`, growth(2, 0) < 4 / 3)
  }
}
target(`set-up in ${ownSetUp.toFixed(0)} ms`, ownSetUp < 200)
target(`a URL is built in ${(plain / peer).toFixed(2)} times what path-to-regexp takes`, plain <= peer)

/** The same map and paths for Werkzeug, where it is installed. */
function pythonProgram(size: number): string {
  const given = Object.fromEntries(KINDS.slice(0, 4).map((kind) => [kind, paths(size, kind)]))
  return `
import json, re, time
from werkzeug.routing import Map, Rule
routes = json.loads(${JSON.stringify(JSON.stringify(routes(size)))})
given = json.loads(${JSON.stringify(JSON.stringify(given))})
text = lambda r: re.sub(r":(\\w+)", lambda m: "<int:id>" if m[1] == "id" else "<" + m[1] + ">", r)
at = Map([Rule(text(r), endpoint=i, methods=["GET"]) for i, r in enumerate(routes)]).bind("localhost")
out = []
for kind, paths in given.items():
    best = 1e9
    for _ in range(5):
        start = time.perf_counter()
        for path in paths: at.match(path)
        best = min(best, (time.perf_counter() - start) / len(paths))
    out.append(f"{kind} {best * 1e9:.0f}")
print(", ".join(out))
`
}
