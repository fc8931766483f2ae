import { describe, expect, test } from "vitest"
import { failureText } from "../../src/cli/failure-text.ts"

function failure(name: string, code: string | undefined, stack: string): Error {
  const error = Object.assign(new Error("x"), code === undefined ? {} : { code })
  Object.defineProperty(error, "name", { value: name })
  error.stack = stack
  return error
}

describe("what is shown of an error", () => {
  test("of TypeScript that Node cannot parse is its place and its message", () => {
    const stack = `file:///site/main.ts:1
export const app = (a: string => 5
                                 ^

SyntaxError [ERR_INVALID_TYPESCRIPT_SYNTAX]: Expected ',', got '<eof>'
    at parseTypeScript (node:internal/modules/typescript:68:40)
    at processTypeScriptCode (node:internal/modules/typescript:146:42)`
    expect(failureText(failure("SyntaxError", "ERR_INVALID_TYPESCRIPT_SYNTAX", stack))).toBe(
      `${stack.split("\n    at")[0]}\n`,
    )
  })

  test("of TypeScript that esbuild cannot parse, too", () => {
    const stack = `Error: Transform failed with 1 error:
/site/main.ts:1:30: ERROR: Expected ")" but found "=>"
    at failureErrorWithLog (/site/node_modules/esbuild/lib/main.js:1752:15)
    at /site/node_modules/esbuild/lib/main.js:1020:50`
    expect(failureText(failure("TransformError", undefined, stack))).toBe(`${stack.split("\n    at")[0]}\n`)
  })

  test("keeps the user's own frames", () => {
    const stack = `TypeError [ERR_INVALID_ARG_TYPE]: The "path" argument must be of type string
    at open (node:fs:573:3)
    at view (file:///site/main.js:3:5)`
    expect(failureText(failure("TypeError", "ERR_INVALID_ARG_TYPE", stack))).toBe(
      `TypeError [ERR_INVALID_ARG_TYPE]: The "path" argument must be of type string\n    at view (file:///site/main.js:3:5)\n`,
    )
  })

  test.each([[new Error("mine")], [new SyntaxError("theirs")]])("is left to Node for %s", (error) => {
    expect(failureText(error)).toBeUndefined()
  })

  test.each([["text"], [undefined], [5]])("of %o, which is no Error, says so", (thrown) => {
    expect(failureText(thrown)).toMatch(/^The application failed: it threw .*, which is no Error .*\n$/)
  })
})
