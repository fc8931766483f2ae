// Properties of one's own on Request and Response, without decorators: an object that reads and writes a value for any
// request or response, to be used in a getter and a setter. What they have in common is `get`, `set` and `delete`.

import { convert } from "../datastructures/conversion.ts"
import type { Headers, ReadonlyHeaders } from "../datastructures/headers.ts"
import type { Environ } from "../gateway.ts"

/** Reads and writes one value of an object. */
export interface Property<Owner extends object, Value> {
  get(owner: Owner): Value
  /** @throws TypeError when it is read-only */
  set(owner: Owner, value: Value): void
  /** Removes the value. @throws TypeError when it is read-only */
  delete(owner: Owner): void
}

/** How a value is read out of text and written as such. */
export interface PropertyOptions<Value, Default> {
  /** What is read when there is no value, or when it cannot be converted. */
  default?: Default
  /** Makes the value of the text. It may throw, or give `undefined`, for text that it does not know. */
  load?: (text: string) => Value
  /** Makes text of the value; `String` unless given. */
  dump?: (value: Value) => string
  /** Whether `set` and `delete` throw. */
  readOnly?: boolean
}

/**
 * A value that is computed when it is read first, and kept until it is set or deleted.
 *
 * @example
 * const parts = cachedProperty((request) => request.path.split("/"))
 * const request = { path: "/a/b" }
 * parts.get(request) === parts.get(request) // => true
 */
export function cachedProperty<Owner extends object, Value>(compute: (owner: Owner) => Value): Property<Owner, Value> {
  const values = new WeakMap<Owner, { value: Value }>()
  return {
    get(owner) {
      let kept = values.get(owner)
      if (kept === undefined) {
        kept = { value: compute(owner) }
        values.set(owner, kept)
      }
      return kept.value
    },
    set(owner, value) {
      values.set(owner, { value })
    },
    delete(owner) {
      values.delete(owner)
    },
  }
}

/**
 * A key of a request's environ. Read-only unless said otherwise.
 *
 * @example
 * const port = environProperty("REMOTE_PORT", { load: Number, default: 0 })
 * port.get({ environ: { REMOTE_PORT: "5000" } }) // => 5000
 * port.get({ environ: {} }) // => 0
 */
export function environProperty<Value = string, Default = undefined>(
  key: string,
  options: PropertyOptions<Value, Default> = {},
): Property<{ readonly environ: Environ }, Value | Default> {
  return textProperty(
    key,
    { readOnly: true, ...options },
    {
      read: ({ environ }) => environ[key] as string | undefined,
      write: ({ environ }, text) => {
        environ[key] = text
      },
      remove: ({ environ }) => {
        delete environ[key]
      },
    },
  )
}

/**
 * A header of a request or a response. Setting it on a request throws, since its headers cannot be changed.
 *
 * @example
 * const priority = headerProperty("X-Priority", { load: Number, default: 0 })
 * const response = { headers: new Map([["X-Priority", "3"]]) }
 * priority.get(response) // => 3
 */
export function headerProperty<Value = string, Default = undefined>(
  name: string,
  options: PropertyOptions<Value, Default> = {},
): Property<{ readonly headers: ReadonlyHeaders }, Value | Default> {
  return textProperty(name, options, {
    read: ({ headers }) => headers.get(name),
    write: ({ headers }, text) => writable(headers).set(name, text),
    remove: ({ headers }) => {
      writable(headers).delete(name)
    },
  })
}

function writable(headers: ReadonlyHeaders): Headers {
  if ("set" in headers) return headers as Headers
  throw new TypeError("the headers of a request cannot be changed")
}

/** Where the text of a property is. */
interface Place<Owner> {
  read(owner: Owner): string | undefined
  write(owner: Owner, text: string): void
  remove(owner: Owner): void
}

function textProperty<Owner extends object, Value, Default>(
  name: string,
  options: PropertyOptions<Value, Default>,
  place: Place<Owner>,
): Property<Owner, Value | Default> {
  const { load, dump = String, readOnly = false } = options
  const checkWritable = () => {
    if (readOnly) throw new TypeError(`${name} is read-only`)
  }
  return {
    get(owner) {
      const text = place.read(owner)
      if (text === undefined) return options.default as Default
      const value = load === undefined ? (text as unknown as Value) : convert(text, load)
      return value === undefined ? (options.default as Default) : value
    },
    set(owner, value) {
      checkWritable()
      if (value === undefined) place.remove(owner)
      else place.write(owner, dump(value as Value))
    },
    delete(owner) {
      checkWritable()
      place.remove(owner)
    },
  }
}
