// The methods of datastructures/ by their recorded names. Where Python has syntax or a second name, a table says what it is
// here; every other name is the same in camelCase.

import { Accept } from "../../src/datastructures/accept.ts"
import { ETags } from "../../src/datastructures/etags.ts"
import { FileStorage } from "../../src/datastructures/file-storage.ts"
import { HeaderSet } from "../../src/datastructures/header-set.ts"
import { type Headers, ReadonlyHeaders } from "../../src/datastructures/headers.ts"
import { CombinedMultiDict, ReadonlyMultiDict } from "../../src/datastructures/multi-dict.ts"
import { ContentRange } from "../../src/datastructures/range.ts"
import { construct, describe, recordFile } from "./objects.ts"
import { type Operation, performByName, runOperations } from "./operations.ts"
import type { Adapter } from "./runner.ts"
import { type Json, read, readOptions, record, Slice } from "./values.ts"

// biome-ignore lint/suspicious/noExplicitAny: which class it is depends on the case
type Meaning = (object: any, args: any[], options: Record<string, any>) => unknown
type Table = Record<string, Meaning>

/** Whatever was given by keyword, as a mapping. */
const given = (args: unknown[], options: object) => args[0] ?? new Map(Object.entries(options))

/** A result that Python does not have. */
const silently =
  (meaning: Meaning): Meaning =>
  (object, args, options) =>
    void meaning(object, args, options)

const COMMON: Table = {
  __bool__: (object) => object.size > 0,
  __contains__: (object, [key]) => object.has(key),
  __delitem__: silently((object, [key]) => object.delete(key)),
  __eq__: (object, [other]) => object.equals(other),
  __getitem__: (object, [key]) => object.get(key),
  __ior__: silently((object, [other]) => object.update(other)),
  __iter__: (object) => [...object],
  __len__: (object) => object.size,
  __ne__: (object, [other]) => !object.equals(other),
  __or__: (object, [other]) => object.merge(other),
  __setitem__: silently((object, [key, value]) => object.set(key, value)),
  __str__: (object) => String(object),
  deepcopy: (object) => object.deepCopy(),
  get: (object, [key, fallback], options) => object.get(key, { default: fallback, ...options }),
  getlist: (object, [key], options) => object.getAll(key, options),
  items: (object) => object.entries(),
  pop: (object, [key, ...rest]) => object.pop(key, ...rest.map((fallback) => ({ default: fallback }))),
  popitem: (object) => object.popItem(),
  setdefault: (object, [key, value]) => object.setDefault(key, value),
  setlist: (object, [key, values]) => object.setList(key, values),
  setlistdefault: (object, [key, values]) => object.setListDefault(key, values),
  update: (object, args, options) => object.update(given(args, options)),
}

const MULTI_DICT: Table = {
  __delitem__: silently((object, [key]) => object.pop(key)),
  __getitem__: (object, [key]) => object.getOrThrow(key),
  __iter__: (object) => object.keys(),
  add: (object, [key, value]) => object.append(key, value),
  items: (object, _, { multi = false }) => object.entries({ multi }),
  listvalues: (object) => object.listValues(),
  popitemlist: (object) => object.popItemList(),
  poplist: (object, [key]) => object.popList(key),
  to_dict: (object, [flat], options) => new Map(Object.entries(object.toDict({ flat, ...options }))),
  values: (object) => object.values({ multi: false }),
}

/** Their order is recorded as open. */
const COMBINED: Table = {
  ...MULTI_DICT,
  __iter__: (object) => new Set(object.keys()),
  keys: (object) => new Set(object.keys()),
}

/** Names of parameters as they were recorded; the reader made them camelCase. */
const parameters = (options: object) =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  )

const span = (headers: Headers, key: number | Slice): [start: number, count: number] => {
  if (key instanceof Slice) return [key.start ?? 0, (key.stop ?? headers.size) - (key.start ?? 0)]
  if (headers.at(key) === undefined) throw new RangeError(`Nothing at ${key}`)
  return [key, 1]
}

const HEADERS: Table = {
  __delitem__: (object, [key]) => {
    if (typeof key === "string") object.delete(key)
    else object.splice(...span(object, key))
  },
  __getitem__: (object, [key]) => {
    if (key instanceof Slice) return object.slice(key.start, key.stop)
    return object.getOrThrow(key)
  },
  __setitem__: (object, [key, value]) => {
    if (typeof key === "string") object.set(key, value)
    else object.splice(...span(object, key), ...(key instanceof Slice ? value : [value]))
  },
  add: (object, [key, value], options) => object.append(key, value, parameters(options)),
  add_header: (object, [key, value], options) => object.append(key, value, parameters(options)),
  extend: (object, args, options) => object.extend(given(args, options)),
  items: (object, [lower], options) => object.entries({ lower, ...options }),
  keys: (object, [lower], options) => object.keys({ lower, ...options }),
  remove: silently((object, [key]) => object.delete(key)),
  set: (object, [key, value], options) => object.set(key, value, parameters(options)),
  to_wsgi_list: (object) => object.toList(),
}

const HEADER_SET: Table = {
  __delitem__: (object, [index]) => object.deleteAt(index),
  __getitem__: (object, [index]) => object.at(index),
  __setitem__: (object, [index, name]) => object.replaceAt(index, name),
  as_set: (object, [preserveCasing]) => object.asSet({ preserveCasing }),
  discard: silently((object, [name]) => object.delete(name)),
}

const ACCEPT: Table = {
  __getitem__: (object, [key]) => (typeof key === "number" ? object.getOrThrow(key) : object.quality(key)),
}

const ETAGS: Table = {
  __bool__: (object) => !object.isEmpty,
  __call__: (object, [tag], options) => object.has(tag, options),
  as_set: (object, [includeWeak]) => object.asSet({ includeWeak }),
}

const CONTENT_RANGE: Table = { __bool__: (object) => object.isSet }
const FILE_STORAGE: Table = { __bool__: (object) => object.hasFile }

function tableOf(object: object): Table {
  if (object instanceof CombinedMultiDict) return COMBINED
  if (object instanceof ReadonlyMultiDict) return MULTI_DICT
  if (object instanceof ReadonlyHeaders) return HEADERS
  if (object instanceof HeaderSet) return HEADER_SET
  if (object instanceof Accept) return ACCEPT
  if (object instanceof ETags) return ETAGS
  if (object instanceof ContentRange) return CONTENT_RANGE
  return object instanceof FileStorage ? FILE_STORAGE : {}
}

/** Does an operation on an object of datastructures/, or by name on any other. */
export function perform(object: object, operation: Operation): unknown {
  const { kind, name, args, options } = operation
  const table = tableOf(object)
  const meaning = Object.hasOwn(table, name) ? table[name] : COMMON[name]
  return kind === "call" && meaning !== undefined ? meaning(object, args, options) : performByName(object, operation)
}

/** The object as it is now. */
async function snapshot(object: object): Promise<Json> {
  return object instanceof FileStorage ? recordFile(object) : record(object, describe)
}

export const adapter: Adapter = {
  outcomes: ["created", "results", "updates", "final"],
  async run({ new: name, args, kwargs, ops }) {
    let object: object | undefined
    try {
      const given = ((args ?? []) as Json[]).map((argument) => read(argument, construct))
      object = construct(name as string, given, readOptions(kwargs, construct)) as object | undefined
    } catch (error) {
      return { created: error, results: [] }
    }
    if (object === undefined) return { created: undefined, results: [] }

    const updates: number[] = []
    let count = 0
    const counts = name === "CallbackDict"
    if (counts) Object.assign(object, { onUpdate: () => count++ })
    const created = await snapshot(object)
    const performed = async (target: object, operation: Operation) => {
      try {
        return await perform(target, operation)
      } finally {
        updates.push(count)
      }
    }
    const results = await runOperations(object, ops, performed, construct)
    return { ...(counts ? { updates } : { created }), results, final: await snapshot(object) }
  },
  describe,
}
