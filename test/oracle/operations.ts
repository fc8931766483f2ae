// Lists of operations, as several suites have them: `["method", arg, ...]`, `["@get", "name"]`, `["@set", "name", value]`,
// `["@del", "name"]`, each with a result of its own. What an operation means on an object is the adapter's table; here
// they are taken apart, run in order, and their results kept. A failure is a result too, and the script goes on.

import { type Construct, camel, type Json, read, readOptions } from "./values.ts"

export interface Operation {
  /** The recorded name, without the path before it: `__getitem__`, `best_match`, `username`. */
  name: string
  kind: "call" | "get" | "set" | "del"
  /** Properties to walk before that, in camelCase: `vary.add` is `add` on what `["vary"]` leads to. */
  path: string[]
  /** Arguments of a call; the new value of a set. */
  args: unknown[]
  /** Keyword arguments in camelCase. */
  options: Record<string, unknown>
}

export function parseOperation(json: Json, construct?: Construct): Operation {
  const [first, ...rest] = json as [string, ...Json[]]
  const kind =
    first === "@get" || first === "@set" || first === "@del" ? (first.slice(1) as "get" | "set" | "del") : "call"
  const words = String(kind === "call" ? first : rest.shift()).split(".")
  const name = words.pop() as string
  const last = rest.at(-1)
  const keywords = isKeywords(last) ? (rest.pop() as { $kw: Json }).$kw : undefined
  return {
    kind,
    name,
    path: words.map(camel),
    args: rest.map((argument) => read(argument, construct)),
    options: readOptions(keywords, construct),
  }
}

function isKeywords(json: Json | undefined): boolean {
  return json !== null && typeof json === "object" && "$kw" in json
}

/**
 * The results of the operations, in order. `perform` does one on the object that its path leads to; what it gives is
 * awaited, what it throws is kept, and an iterator is read to its end before the next operation changes what it runs over.
 */
export async function runOperations(
  target: object,
  operations: Json | undefined,
  perform: (target: object, operation: Operation) => unknown,
  construct?: Construct,
): Promise<unknown[]> {
  const results: unknown[] = []
  for (const json of (operations ?? []) as Json[]) {
    try {
      const operation = parseOperation(json, construct)
      const result = await perform(await walk(target, operation.path), operation)
      results.push(operation.kind === "set" || operation.kind === "del" ? undefined : settled(result))
    } catch (error) {
      results.push(error)
    }
  }
  return results
}

async function walk(target: object, path: string[]): Promise<object> {
  let object = target
  for (const name of path) {
    const value: unknown = (object as Record<string, unknown>)[name]
    object = (await (typeof value === "function" ? value.call(object) : value)) as object
  }
  return object
}

function settled(result: unknown): unknown {
  const isIterator = typeof result === "object" && result !== null && "next" in result && Symbol.iterator in result
  return isIterator ? Array.from(result as Iterable<unknown>) : result
}

/** What an operation means where the library has a method or property of the recorded name in camelCase. */
export function performByName(target: object, { kind, name, args, options }: Operation): unknown {
  const object = target as Record<string, unknown>
  const property = camel(name)
  if (kind === "get") return object[property]
  if (kind === "set") {
    object[property] = args[0]
    return undefined
  }
  if (kind === "del") {
    if (!(property in object)) throw new Error(`There is no ${property} to delete`)
    object[property] = undefined
    return undefined
  }
  const method = object[property]
  if (typeof method !== "function") throw new Error(`There is no method ${property}`)
  return method.call(object, ...args, ...(Object.keys(options).length > 0 ? [options] : []))
}
