// The headers of a request, read from its environ at each call: nothing is copied, and a variable that middleware changes is a
// header changed. Names are put together from variables, so that `X-Foo` and `X_Foo` are one.
// Must not know anything else of the environ.

import type { Environ, HeaderList } from "../gateway.ts"
import { ReadonlyHeaders } from "./headers.ts"

// Both translations are made for the same few names all day. Bounded, since clients may make up names.
const variables = new Map<string, string>()
const names = new Map<string, string>()
const MAX_KNOWN = 500
const MAX_KNOWN_LENGTH = 64

function remember(known: Map<string, string>, from: string, to: string): string {
  if (known.size < MAX_KNOWN && from.length <= MAX_KNOWN_LENGTH) known.set(from, to)
  return to
}

/** `content-type` to `CONTENT_TYPE`, `x-foo` to `HTTP_X_FOO`. */
function variableOf(name: string): string {
  const known = variables.get(name)
  if (known !== undefined) return known
  const upper = String(name)
    .replaceAll("-", "_")
    .replace(/[a-z]+/g, (letters) => letters.toUpperCase())
  return remember(variables, name, upper === "CONTENT_TYPE" || upper === "CONTENT_LENGTH" ? upper : `HTTP_${upper}`)
}

/** `HTTP_X_FOO` to `X-Foo`; `undefined` for a variable that is no header. */
function nameOf(variable: string): string | undefined {
  const known = names.get(variable)
  if (known !== undefined) return known
  let rest = variable
  if (variable.startsWith("HTTP_")) {
    rest = variable.slice("HTTP_".length)
    // Some servers give these two twice.
    if (rest === "CONTENT_TYPE" || rest === "CONTENT_LENGTH") return undefined
  } else if (variable !== "CONTENT_TYPE" && variable !== "CONTENT_LENGTH") return undefined
  const words = rest.split("_").map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())
  return remember(names, variable, words.join("-"))
}

/**
 * The headers of an environ, in the order of its variables and with names in title case. They can't be changed here;
 * they follow the environ. A header that came in several lines is one, as the server joined it. An empty `CONTENT_TYPE` or
 * `CONTENT_LENGTH` is no header. Calls that ask for one value may spell the name as that of a variable, `X_FOO`; lists hold names
 * of headers only.
 *
 * @example
 * const headers = new EnvironHeaders({ HTTP_X_FOO: "bar", CONTENT_TYPE: "text/html", SERVER_NAME: "localhost" })
 * headers.get("x-foo") // => "bar"
 * [...headers] // => [["X-Foo", "bar"], ["Content-Type", "text/html"]]
 * headers.set // => undefined
 */
export class EnvironHeaders extends ReadonlyHeaders {
  /** Where the headers are read from. */
  readonly environ: Readonly<Record<string, unknown>>

  constructor(environ: Environ | Readonly<Record<string, unknown>>) {
    super()
    this.environ = environ
  }

  protected override first(name: string): string | undefined {
    return this.#read(variableOf(name))
  }

  protected override all(name: string): string[] {
    const value = String(name).includes("_") ? undefined : this.first(name)
    return value === undefined ? [] : [value]
  }

  override toList(): HeaderList {
    const list: HeaderList = []
    for (const variable of Object.keys(this.environ)) {
      const name = nameOf(variable)
      const value = name === undefined ? undefined : this.#read(variable)
      if (name !== undefined && value !== undefined) list.push([name, value])
    }
    return list
  }

  #read(variable: string): string | undefined {
    const value = this.environ[variable]
    if (typeof value !== "string") return undefined
    return value === "" && !variable.startsWith("HTTP_") ? undefined : value
  }
}
