// What is typed into a console, made fit for `eval` in a frame: declarations last until the console is closed, `await` works
// at the top, and the last expression is the result. Only text goes in and comes out.
//
// A variable that is declared here must be seen by what is typed later. So code with declarations ends with another closure
// that evaluates inside of their scope, and the next code goes there: names are real variables, and hide older ones.

import { type Node, type Program, parse } from "acorn"

/** Code that is ready to run. */
export interface PreparedCode {
  /** To be evaluated in the frame. */
  readonly code: string
  /**
   * What comes back: `value`, the result itself; `pair`, an array of the result and the closure for what comes next;
   * `promise`, the promise of such an array.
   */
  readonly gives: "value" | "pair" | "promise"
  /** Names that are declared. */
  readonly names: readonly string[]
}

/** The code ends in the middle of something. */
export class IncompleteCode extends SyntaxError {
  override readonly name = "IncompleteCode"
}

/** The name hides the variable of a frame that is called the same: no program does that. */
const CLOSURE = "(__werkstatt_code) => eval(__werkstatt_code)"

/**
 * Prepares what was typed.
 *
 * @throws IncompleteCode when more has to come
 * @example
 * prepare("1 + 1").gives // => "value"
 * prepare("let a = 1").names // => ["a"]
 * prepare("await x").gives // => "promise"
 * prepare("f(") // throws IncompleteCode
 */
export function prepare(typed: string): PreparedCode {
  const code = asExpression(typed) ?? typed
  const program = parsed(code)
  // Too new for the parser, or wrong: the engine tells.
  if (program === undefined) return { code, gives: "value", names: [] }
  const names = program.body.flatMap(declaredNames)
  const isAsync = hasAwait(program)
  if (names.length === 0 && !isAsync) return { code, gives: "value", names }
  const last = program.body.at(-1)
  const isExpression = last?.type === "ExpressionStatement"
  const before = isExpression ? code.slice(0, last.start) : code
  const result = isExpression ? code.slice(last.expression.start, last.expression.end) : "undefined"
  const pair = `[(${result}\n), ${CLOSURE}]`
  return isAsync
    ? { code: `(async () => { ${before}\n;return ${pair} })()`, gives: "promise", names }
    : { code: `${before}\n;${pair}`, gives: "pair", names }
}

/** Braces at the beginning are an object if that makes sense. */
function asExpression(typed: string): string | undefined {
  if (!/^\s*\{/.test(typed) || /;\s*$/.test(typed)) return undefined
  const code = `(${typed}\n)`
  try {
    parse(code, OPTIONS)
    return code
  } catch {
    return undefined
  }
}

const OPTIONS = {
  ecmaVersion: "latest",
  sourceType: "script",
  allowAwaitOutsideFunction: true,
  allowSuperOutsideMethod: true,
  checkPrivateFields: false,
} as const

function parsed(code: string): Program | undefined {
  try {
    return parse(code, OPTIONS)
  } catch (error) {
    const { message, pos = 0 } = error as SyntaxError & { pos?: number }
    // The end itself is what was not expected.
    if (pos >= code.length || /^Unterminated (?:template|comment)/.test(message)) throw new IncompleteCode(message)
    return undefined
  }
}

/** Names that a statement declares at the top. */
function declaredNames(statement: Program["body"][number]): string[] {
  if (statement.type === "VariableDeclaration") return statement.declarations.flatMap(({ id }) => boundNames(id))
  if (statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration") return [statement.id.name]
  return []
}

function boundNames(pattern: Node): string[] {
  const { type, name } = pattern as Node & { name?: string }
  if (type === "Identifier") return [name as string]
  // Of a property the value is bound, and of a default the left side.
  if (type === "Property") return boundNames((pattern as Node & { value: Node }).value)
  if (type === "AssignmentPattern") return boundNames((pattern as Node & { left: Node }).left)
  if (type === "MemberExpression") return []
  return childrenOf(pattern).flatMap(boundNames)
}

/** Whether something is awaited outside of all functions. */
function hasAwait(node: Node): boolean {
  if (node.type === "AwaitExpression") return true
  if (node.type === "ForOfStatement" && (node as Node & { await?: boolean }).await === true) return true
  if (/^(?:Arrow)?Function(?:Declaration|Expression)?$/.test(node.type)) return false
  return childrenOf(node).some(hasAwait)
}

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter((each): each is Node => typeof each === "object" && each !== null && typeof each.type === "string")
}
