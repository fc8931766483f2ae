// The text of a rule, read once: `/<int:year>/<slug>` becomes static text, slashes and placeholders.
// Written by the programmer, so a malformed rule throws, and the error shows the rule.
// Knows no converter, only how one is called.

/** A value among a converter's arguments: `int(4, signed=True)` has 4 and true. */
export type ConverterArgument = string | number | boolean | undefined

/** What stands between the parentheses behind a converter's name. */
export interface ConverterArguments {
  /** Those without a name, in order. */
  readonly positional: readonly ConverterArgument[]
  /** Those with a name. */
  readonly named: ReadonlyMap<string, ConverterArgument>
  /** Those without a name as they were written, for converters that take words. */
  readonly words: readonly string[]
}

/** A placeholder: `<name>`, `<converter:name>` or `<converter(arguments):name>`. */
export interface Placeholder {
  readonly name: string
  readonly converter: string
  /** The text between the parentheses. */
  readonly arguments: string
}

/** A rule's text in pieces. Slashes are pieces of their own, since matching goes from one to the next. */
export type PatternPiece =
  | { readonly kind: "slash" }
  | { readonly kind: "static"; readonly text: string }
  | { readonly kind: "placeholder"; readonly placeholder: Placeholder }

//   rule        = *( "/" / static / placeholder )
//   static      = 1*<any character but "/" and "<">
//   placeholder = "<" [ name [ "(" arguments ")" ] ":" ] name ">"
//   name        = ( ALPHA / "_" ) *( ALPHA / DIGIT / "_" )
const STATIC = /[^</]+/y
const NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y

/**
 * The pieces of a rule.
 *
 * @throws TypeError where a placeholder is not closed or not well-formed
 * @example
 * parsePattern("/x/<y>").length // => 4
 * parsePattern("/<x") // throws TypeError
 */
export function parsePattern(text: string): PatternPiece[] {
  const pieces: PatternPiece[] = []
  let position = 0
  while (position < text.length) {
    const character = text[position]
    if (character === "/") {
      pieces.push({ kind: "slash" })
      position++
    } else if (character === "<") {
      const [placeholder, end] = parsePlaceholder(text, position)
      pieces.push({ kind: "placeholder", placeholder })
      position = end
    } else {
      const found = read(STATIC, text, position) as string
      pieces.push({ kind: "static", text: found })
      position += found.length
    }
  }
  return pieces
}

function read(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position
  return pattern.exec(text)?.[0]
}

function parsePlaceholder(text: string, start: number): [placeholder: Placeholder, end: number] {
  const first = read(NAME, text, start + 1)
  if (first === undefined) throw malformed(text, start)
  let position = start + 1 + first.length
  if (text[position] === ">") return [{ name: first, converter: "default", arguments: "" }, position + 1]

  let args = ""
  if (text[position] === "(") {
    const end = endOfArguments(text, position + 1)
    if (end === -1) throw malformed(text, start)
    args = text.slice(position + 1, end)
    position = end + 1
  }
  const name = text[position] === ":" ? read(NAME, text, position + 1) : undefined
  const end = position + 1 + (name?.length ?? 0)
  if (name === undefined || text[end] !== ">") throw malformed(text, start)
  return [{ name, converter: first, arguments: args }, end + 1]
}

/** Where the parenthesis closes; one inside quotes does not count. */
function endOfArguments(text: string, start: number): number {
  let quote = ""
  for (let position = start; position < text.length; position++) {
    const character = text[position] as string
    if (quote !== "") quote = character === quote ? "" : quote
    else if (character === ")") return position
    else if (character === '"' || character === "'") quote = character
  }
  return -1
}

function malformed(text: string, position: number): TypeError {
  const end = text.indexOf(">", position)
  const why = end === -1 ? 'there is no ">"' : "write <name>, <converter:name> or <converter(arguments):name>"
  return new TypeError(
    `Malformed placeholder in the rule ${JSON.stringify(text)} at ${JSON.stringify(text.slice(position))}: ${why}`,
  )
}

// What a placeholder is in most other routers: a segment that begins with ":name".
const FOREIGN = /(?<=\/):([a-zA-Z_]\w*)/g

/**
 * Refuses what is no text of a rule, or was written for a router of another kind.
 *
 * @throws TypeError that shows what was probably meant
 */
export function checkText(text: unknown): asserts text is string {
  if (typeof text !== "string") throw new TypeError(`A rule is a text such as "/user/<name>", not ${String(text)}`)
  if (!text.startsWith("/")) {
    throw new TypeError(
      `A rule starts with a slash: ${JSON.stringify(text)}. Did you mean ${JSON.stringify(`/${text}`)}?`,
    )
  }
  const meant = text.replace(FOREIGN, "<$1>")
  if (meant !== text) {
    throw new TypeError(
      `A placeholder is written <name> in a rule: ${JSON.stringify(text)}. Did you mean ${JSON.stringify(meant)}?`,
    )
  }
}

//   arguments = [ argument *( "," argument ) [ "," ] ]
//   argument  = [ name "=" ] ( number / word / quoted )      white space around each is ignored
//   word      = 1*( letter / digit / "_" / "." )
const SPACE = /\s*/y
const ARGUMENT_NAME = /(\w+)\s*=\s*/y
const QUOTED = /"([^"]*)"|'([^']*)'/y
const WORD = /-?[\p{L}\p{N}_.]+/uy
const NUMBER = /^-?[0-9]+(?:\.[0-9]*)?$/
const CONSTANTS = new Map<string, ConverterArgument>([
  ["True", true],
  ["true", true],
  ["False", false],
  ["false", false],
  ["None", undefined],
  ["null", undefined],
])

/**
 * The arguments of a converter.
 *
 * @throws TypeError for what is not a list of arguments
 * @example
 * parseConverterArguments("4, signed=True").positional // => [4]
 * parseConverterArguments("4, signed=True").named.get("signed") // => true
 * parseConverterArguments("min=0;max=500") // throws TypeError
 */
export function parseConverterArguments(text: string): ConverterArguments {
  const positional: ConverterArgument[] = []
  const words: string[] = []
  const named = new Map<string, ConverterArgument>()
  let position = 0
  const skip = (pattern: RegExp): string => {
    const found = read(pattern, text, position) ?? ""
    position += found.length
    return found
  }
  skip(SPACE)
  while (position < text.length) {
    const name = skip(ARGUMENT_NAME).replace(/\W+/g, "")
    const quoted = skip(QUOTED)
    const word = quoted === "" ? skip(WORD) : quoted.slice(1, -1)
    if (quoted === "" && word === "") throw badArguments(text)
    const value = quoted === "" ? argumentValue(word) : word
    if (name === "") {
      positional.push(value)
      words.push(word)
    } else {
      if (named.has(name)) throw badArguments(text)
      named.set(name, value)
    }
    skip(SPACE)
    if (position === text.length) break
    if (text[position] !== ",") throw badArguments(text)
    position++
    skip(SPACE)
  }
  return { positional, named, words }
}

function argumentValue(word: string): ConverterArgument {
  if (CONSTANTS.has(word)) return CONSTANTS.get(word)
  return NUMBER.test(word) ? Number(word) : word
}

function badArguments(text: string): TypeError {
  return new TypeError(`Cannot parse the converter arguments ${JSON.stringify(text)}`)
}
