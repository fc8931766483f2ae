// `headers["X-A"] = "1"` and `headers["x-a"]`: what plain objects of other frameworks allow would do nothing here, in silence.
// A prototype behind that of the class catches such a property when nothing else has it. What is right never comes here.

const FIELD_NAME = /^[A-Z]|-/

/**
 * The prototype for a class whose entries are no properties. Names of header fields throw, which have a hyphen or a capital in
 * front; other properties may be added, as subclasses do.
 *
 * @param name what objects of the class are called in programs
 * @param isClosed whether an object of this class has no other property at all
 * @example
 * class Fields {}
 * Object.setPrototypeOf(Fields.prototype, withoutKeys("fields", () => true))
 * new Fields()["X-A"] // throws TypeError
 */
export function withoutKeys(name: string, isClosed: (type: unknown) => boolean): object {
  return new Proxy({} as object, {
    get(target, key, receiver) {
      if (typeof key === "string" && key.includes("-")) {
        throw new TypeError(`${name}[${JSON.stringify(key)}] reads nothing. Write: ${name}.get(${JSON.stringify(key)})`)
      }
      return Reflect.get(target, key, receiver)
    },
    set(_target, key, value, receiver: object) {
      const type = (receiver as { constructor?: unknown }).constructor
      if (typeof key === "string" && (FIELD_NAME.test(key) || isClosed(type))) {
        const hint = "set" in receiver ? `Write: ${name}.set(${JSON.stringify(key)}, …)` : "They cannot be changed."
        throw new TypeError(`${name}[${JSON.stringify(key)}] = … sets nothing. ${hint}`)
      }
      return Reflect.defineProperty(receiver, key, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      })
    },
  })
}
