import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parseStack } from "../../src/debug/stack.ts"

describe("a stack", () => {
  test.each<[line: string, name: string, file: string, line: number, column: number, isAsync: boolean]>([
    ["at f (file:///a.js:1:2)", "f", "file:///a.js", 1, 2, false],
    ["at async f (file:///a.js:1:2)", "f", "file:///a.js", 1, 2, true],
    ["at file:///a.js:1:2", "", "file:///a.js", 1, 2, false],
    ["at async file:///a.js:1:2", "", "file:///a.js", 1, 2, true],
    ["at <anonymous> (/a.ts:1:2)", "", "/a.ts", 1, 2, false],
    ["at new Foo (/a b (c)/x.js:10:20)", "new Foo", "/a b (c)/x.js", 10, 20, false],
    ["at Object.g [as h] (C:\\x\\a.js:3:4)", "Object.g [as h]", "C:\\x\\a.js", 3, 4, false],
    ["at JSON.parse (<anonymous>)", "JSON.parse", "", 0, 0, false],
    ["at async Promise.all (index 0)", "Promise.all", "", 0, 0, true],
    ["at eval (eval at f (file:///a.js:2:45), <anonymous>:1:28)", "eval", "", 0, 0, false],
    [
      "at process.processTicksAndRejections (node:internal/process/task_queues:105:5)",
      "process.processTicksAndRejections",
      "node:internal/process/task_queues",
      105,
      5,
      false,
    ],
  ])("%s", (line, functionName, file, number, column, isAsync) => {
    expect(parseStack(`Error: x\n    ${line}`)).toEqual([{ functionName, file, line: number, column, isAsync }])
  })

  test("ends where its frames end; what looks like one in the message is none", () => {
    const message = "x\n    at evil (/etc/passwd:1:1)"
    expect(parseStack(`Error: ${message}\nmore\n    at f (/a.js:1:1)`, `Error: ${message}`)).toHaveLength(1)
    expect(parseStack(`Error: ${message}\n    at f (/a.js:1:1)`, `Error: ${message}`)).toHaveLength(1)
    expect(parseStack("")).toEqual([])
    expect(parseStack("no frames")).toEqual([])
  })

  test("of any text at all gives frames, and takes linear time", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseStack(`Error\n    at ${text}`)))
    const began = performance.now()
    parseStack(`Error\n    at ${"(:1 ".repeat(50_000)}`)
    parseStack(`Error${"\n    at f (a:1:1)".repeat(50_000)}`)
    expect(performance.now() - began).toBeLessThan(5000)
  })
})
