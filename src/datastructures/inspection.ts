// How these objects look in a console. Their content is private, so that without this a log would show empty braces.
// The symbol is the one that Node, Bun and Deno ask for; nothing of Node is imported.

/** The method that `console.log` and assertion messages look for. */
export const inspectSymbol: unique symbol = Symbol.for("nodejs.util.inspect.custom")

/** `util.inspect`, as it hands itself to the method. */
export type Inspect = (value: unknown, options?: object) => string

/** The name of the object's class, and what stands for its content. */
export function inspectAs(object: object, content: unknown, options: object, inspect: Inspect): string {
  return `${object.constructor.name} ${inspect(content, options)}`
}
