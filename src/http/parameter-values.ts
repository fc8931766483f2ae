// Parameters that may come more than once, in parts, or in another charset (RFC 2231, RFC 8187), put together: which of them
// count does not depend on their order. Knows no quotes and no header: values are handed in as what stands inside the quotes.

import { knowsCharset, parseExtendedValue } from "./extended-values.ts"

// From the least to the best. RFC 6266 section 4.3: `filename*` goes before `filename`.
/** An extended value that cannot be read, and is kept as it stands. */
const UNREADABLE = 0
const PLAIN = 1
/** Put together of `name*0`, `name*1`, ... */
const IN_PARTS = 2
const EXTENDED = 3

/** Takes parameters in their order, and gives one value for each name. Of equal ones the last counts. */
export class ParameterValues {
  readonly #values: Map<string, string>
  /** The first name with an asterisk, which is nearly always the only one, and its kind. */
  #first: string | undefined = undefined
  #kindOfFirst = PLAIN
  /** The kinds of other names since then. Those that are in neither are plain. */
  #kinds: Map<string, number> | undefined = undefined
  /** The last charset that was named, and the parameter that named it: its parts need not name it again. */
  #charset = ""
  #charsetOf = ""

  /** @param values plain ones that came before, to which all others are added */
  constructor(values: Map<string, string> = new Map()) {
    this.#values = values
  }

  /** The values by name, asterisks taken off. */
  get values(): Map<string, string> {
    return this.#values
  }

  /** @param name in lower case, with its asterisks */
  add(name: string, value: string): void {
    const star = name.indexOf("*")
    if (star === -1) {
      this.#set(name, PLAIN, value)
      return
    }
    let key = name
    let text = value
    let kind = PLAIN
    if (name.endsWith("*")) {
      key = name.slice(0, -1)
      if (key === "") return
      const base = name.slice(0, star)
      const extended = parseExtendedValue(value, this.#charsetOf === base ? this.#charset : "")
      if (extended !== undefined) {
        this.#charset = extended.charset
        this.#charsetOf = base
        text = extended.value
      }
      kind = extended !== undefined && knowsCharset(extended.charset) ? EXTENDED : UNREADABLE
    }
    const part = partStart(key)
    if (part !== -1) {
      const base = key.slice(0, part)
      const before = this.#kindOf(base) === IN_PARTS ? this.#values.get(base) : ""
      this.#set(base, IN_PARTS, `${before}${text}`)
    } else {
      this.#set(key, kind, text)
    }
  }

  #set(name: string, kind: number, value: string): void {
    if (kind !== PLAIN || this.#first !== undefined) {
      if (this.#kindOf(name) > kind) return
      this.#first ??= name
      if (this.#first === name) this.#kindOfFirst = kind
      else {
        this.#kinds ??= new Map()
        this.#kinds.set(name, kind)
      }
    }
    this.#values.set(name, value)
  }

  #kindOf(name: string): number {
    if (this.#first === name) return this.#kindOfFirst
    return this.#kinds?.get(name) ?? (this.#values.has(name) ? PLAIN : UNREADABLE)
  }
}

/** Where `*0`, `*1`, ... begins at the end of a parameter's name (RFC 2231 section 3), or -1. */
function partStart(key: string): number {
  let index = key.length
  while (index > 0 && isDigit(key.charCodeAt(index - 1))) index--
  return index < key.length && key.charCodeAt(index - 1) === 0x2a ? index - 1 : -1
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}
