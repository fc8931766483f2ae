// Properties of one's own on Request and Response, without decorators: an object that computes a value for any request or
// response and keeps it, to be used in a getter.

/** Reads and writes one value of an object. */
export interface Property<Owner extends object, Value> {
  get(owner: Owner): Value
  set(owner: Owner, value: Value): void
  /** Removes the value; the next `get` computes it again. */
  delete(owner: Owner): void
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
