// How these objects look in a console. Their content is private, so that without this a log would show empty braces.
// The symbol is the one that Node, Bun and Deno ask for; nothing of Node is imported.

/** The method that `console.log` and assertion messages look for. */
const inspectSymbol: symbol = Symbol.for("nodejs.util.inspect.custom")

/** `util.inspect`, as it hands itself to the method. */
export type Inspect = (value: unknown, options?: object) => string

/** The name of the object's class, and what stands for its content. */
export function inspectAs(object: object, content: unknown, options: object, inspect: Inspect): string {
  return `${object.constructor.name} ${inspect(content, options)}`
}

/**
 * Sets `inspection` as the way in which objects with this prototype are shown. Called from a static block, where it may see
 * what is private; a method of that name could not be declared without inferring types (isolatedDeclarations).
 */
export function setInspection<T extends object>(
  prototype: T,
  inspection: (this: T, depth: number, options: object, inspect: Inspect) => unknown,
): void {
  Object.defineProperty(prototype, inspectSymbol, { value: inspection, writable: true, configurable: true })
}
