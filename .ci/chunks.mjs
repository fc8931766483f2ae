// Which modules of src/ are loaded together. A file costs time to open, and a line that a door does not need costs time to parse,
// so a chunk is neither one module nor all of them. Modules that the same doors need are one chunk from the start; then the
// two chunks whose union saves most are made one, as long as that saves anything. A part of Node, or a package, counts as what
// it takes to load.

import { readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"

/** Microseconds, as measured on Node 20; what matters is how they compare. */
const PER_FILE = 1000
const PER_BYTE = 0.06
const PER_BUILTIN = 1_000_000

/** How often a door is what a program waits for, beside all others. */
const WEIGHTS = new Map([
  ["index", 8],
  ["wrappers/index", 6],
  ["routing/index", 10],
  ["middleware/index", 3],
  ["adapters/node", 4],
  ["cli/main", 10],
])
const WEIGHT_OF_LATE = 0.3

const IMPORT = /^(?:import|export)\s+(?!type\b)[^"'`;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"/gm
const LATE_IMPORT = /\bawait import\("(\.[^"]+)"\)|= import\("(\.[^"]+)"\)/g
/** What not every runtime has counts as a part of Node: Workers have no URL for a module, and perhaps no process. */
const OF_A_RUNTIME = /\bimport\.meta\b|\bprocess\.(?!env\b)/
const COMMENT = /\/\*\*[\s\S]*?\*\/|^\s*\/\/[^\n]*$/gm

function readModule(file) {
  const text = readFileSync(file, "utf8")
  const imports = new Set()
  const builtins = new Set()
  for (const [statement, from, alone] of text.matchAll(IMPORT)) {
    // Where every name is a type nothing is loaded.
    const names = /\{([^}]*)\}/
      .exec(statement)?.[1]
      ?.split(",")
      .map((name) => name.trim())
      .filter(Boolean)
    if (names?.every((name) => name.startsWith("type "))) continue
    const id = from ?? alone
    if (id.startsWith(".")) imports.add(resolve(dirname(file), id))
    else builtins.add(id)
  }
  const late = [...text.matchAll(LATE_IMPORT)].map(([, awaited, kept]) => resolve(dirname(file), awaited ?? kept))
  const code = text.replace(COMMENT, "")
  if (OF_A_RUNTIME.test(code)) builtins.add("node:process")
  return { imports, builtins, late, bytes: code.length }
}

/** All that is reached from a start along the edges, the start among it. */
function reachedFrom(start, edgesOf) {
  const found = new Set([start])
  for (const each of found) for (const next of edgesOf(each)) found.add(next)
  return found
}

/** What modules take to load together, for the doors that load them: a set of bits, a bit for each door. */
class Chunk {
  constructor(files, modules, users) {
    this.files = files
    this.users = users
    this.imports = new Set(files.flatMap((file) => [...modules.get(file).imports]))
    this.builtins = new Set(files.flatMap((file) => [...modules.get(file).builtins]))
    this.bytes = files.reduce((sum, file) => sum + modules.get(file).bytes, 0)
  }
}

/** Groups for the bundler, of the modules that the doors (names of files in `sources`, without their ending) lead to. */
export function chunksOf(sources, doorNames) {
  const modules = new Map()
  for (const name of readdirSync(sources, { recursive: true })) {
    if (name.endsWith(".ts")) modules.set(join(sources, name), readModule(join(sources, name)))
  }
  const doors = new Map(doorNames.map((name) => [join(sources, `${name}.ts`), WEIGHTS.get(name) ?? 1]))
  const late = [...modules.values()].flatMap((module) => module.late)
  for (const file of late) if (!doors.has(file)) doors.set(file, WEIGHT_OF_LATE)
  const needed = [...doors.keys()].map((door) => reachedFrom(door, (file) => modules.get(file).imports))

  const together = new Map()
  for (const file of modules.keys()) {
    let users = 0n
    for (const [index, files] of needed.entries()) if (files.has(file)) users |= 1n << BigInt(index)
    const isShared = (users & (users - 1n)) !== 0n
    if (isShared && !doors.has(file)) together.set(users, [...(together.get(users) ?? []), file])
  }
  const chunks = [...together].map(([users, files]) => new Chunk(files, modules, users))
  const house = { modules, weightOf: weigher([...doors.values()]) }
  return united(chunks, house).map(({ files, builtins }) => {
    const own = new Set(files)
    // A package that is taken in goes where it is used.
    const packages = [...builtins].filter((id) => !id.startsWith("node:")).map((id) => `/node_modules/${id}/`)
    const isTakenIn = (id) => packages.some((path) => id.includes(path))
    const largest = files.reduce((one, other) => (modules.get(other).bytes > modules.get(one).bytes ? other : one))
    return { name: basename(largest, ".ts"), test: (id) => own.has(id) || isTakenIn(id) }
  })
}

/** Sums the weights of the doors of a set. */
function weigher(weights) {
  const known = new Map([[0n, 0]])
  return function weightOf(users) {
    if (!known.has(users)) {
      known.set(
        users,
        weights.reduce((sum, weight, index) => ((users >> BigInt(index)) & 1n ? sum + weight : sum), 0),
      )
    }
    return known.get(users)
  }
}

/** The chunks when no union of two of them saves anything more. */
function united(chunks, house) {
  let now = chunks
  let cost = costOf(now, house)
  for (;;) {
    let best
    for (const { one, other, atMost } of candidates(now, house)) {
      if (best !== undefined && atMost <= cost - best.cost) break
      const union = new Chunk([...one.files, ...other.files], house.modules, one.users | other.users)
      const rest = now.filter((chunk) => chunk !== one && chunk !== other)
      const next = { chunks: [...rest, union], cost: costOf([...rest, union], house) }
      if (next.cost < (best?.cost ?? cost)) best = next
    }
    if (best === undefined) return now
    now = best.chunks
    cost = best.cost
  }
}

/** The pairs that may be worth a union, with what it saves at most: other chunks may have to be loaded with it. */
function candidates(chunks, { weightOf }) {
  const pairs = []
  for (const [index, one] of chunks.entries()) {
    for (const other of chunks.slice(index + 1)) {
      const saved = PER_FILE * weightOf(one.users & other.users)
      const wasted = other.bytes * weightOf(one.users & ~other.users) + one.bytes * weightOf(other.users & ~one.users)
      const atMost = saved - wasted * PER_BYTE
      if (atMost > 0) pairs.push({ one, other, atMost })
    }
  }
  return pairs.sort((a, b) => b.atMost - a.atMost)
}

/** What all doors take to load, each by its weight; endless where chunks would import each other. */
function costOf(chunks, { weightOf }) {
  const chunkOf = new Map(chunks.flatMap((chunk) => chunk.files.map((file) => [file, chunk])))
  const importsOf = new Map(
    chunks.map((chunk) => {
      const imports = new Set([...chunk.imports].map((file) => chunkOf.get(file)))
      imports.delete(undefined)
      imports.delete(chunk)
      return [chunk, imports]
    }),
  )
  const users = new Map(chunks.map((chunk) => [chunk, chunk.users]))
  const usersOfBuiltins = new Map()
  let cost = 0
  // A chunk that no other imports comes first: what it imports is loaded with it.
  const importers = new Map(chunks.map((chunk) => [chunk, 0]))
  for (const imports of importsOf.values()) for (const each of imports) importers.set(each, importers.get(each) + 1)
  const ready = chunks.filter((chunk) => importers.get(chunk) === 0)
  for (const chunk of ready) {
    const own = users.get(chunk)
    cost += (PER_FILE + chunk.bytes * PER_BYTE) * weightOf(own)
    for (const id of chunk.builtins) usersOfBuiltins.set(id, (usersOfBuiltins.get(id) ?? 0n) | own)
    for (const each of importsOf.get(chunk)) {
      users.set(each, users.get(each) | own)
      importers.set(each, importers.get(each) - 1)
      if (importers.get(each) === 0) ready.push(each)
    }
  }
  if (ready.length < chunks.length) return Number.POSITIVE_INFINITY
  for (const own of usersOfBuiltins.values()) cost += PER_BUILTIN * weightOf(own)
  return cost
}
