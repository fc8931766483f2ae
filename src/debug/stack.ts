// The text of an error's stack, taken apart. V8 writes it, Node puts the places of the sources in where it knows them, and
// the program that makes the message may write lines that look like frames: the message is cut off first, by what it is.

/** One line of a stack. Line and column count from 1; neither is there for native code. */
export interface StackFrame {
  /** Empty for code outside of a function, or in one without a name. */
  readonly functionName: string
  /** A URL or a path; empty for native code. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** The function was waiting for a promise: it is no longer on the stack. */
  readonly isAsync: boolean
}

const PLACE = /^(.+):(\d{1,9}):(\d{1,9})$/

/**
 * The frames of a stack, the innermost first.
 *
 * @param header the name and message of the error, where they are known
 * @example
 * parseStack("Error: x\n    at f (file:///a.js:1:2)\n    at async g (/b.ts:3:4)", "Error: x").length // => 2
 * parseStack("Error: x\n    at f (file:///a.js:1:2)")[0] // => { functionName: "f", file: "file:///a.js", line: 1, column: 2, isAsync: false }
 * parseStack("Error: \n    at evil (/etc/passwd:1:1)", "Error: \n    at evil (/etc/passwd:1:1)") // => []
 */
export function parseStack(stack: string, header?: string): StackFrame[] {
  const text = header !== undefined && stack.startsWith(header) ? stack.slice(header.length) : stack
  const lines = text.split("\n")
  // Frames stand at the end, in one piece.
  let first = lines.length
  while (first > 0 && /^\s+at \S/.test(lines[first - 1] as string)) first--
  return lines.slice(first).map(parseLine)
}

function parseLine(line: string): StackFrame {
  let rest = line.trim().slice("at ".length)
  const isAsync = rest.startsWith("async ")
  if (isAsync) rest = rest.slice("async ".length)
  rest = rest.replace(/^<anonymous> \(/, "(")
  if (rest.startsWith("(")) rest = rest.slice(1, -1)
  const opening = rest.indexOf(" (")
  const hasName = opening !== -1 && rest.endsWith(")")
  const place = hasName ? rest.slice(opening + 2, -1) : rest
  const match = PLACE.exec(place)
  // Code from eval names the place of the eval, and then its own.
  if (match === null || place.startsWith("eval at ") || place.startsWith("<anonymous>"))
    return { functionName: hasName ? rest.slice(0, opening) : match ? "" : rest, file: "", line: 0, column: 0, isAsync }
  return {
    functionName: hasName ? rest.slice(0, opening) : "",
    file: match[1] as string,
    line: Number(match[2]),
    column: Number(match[3]),
    isAsync,
  }
}
