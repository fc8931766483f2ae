import { describe, expect, test } from "vitest"
import { complete } from "../../src/debug/completion.ts"
import { Console } from "../../src/debug/console.ts"
import { IncompleteCode, prepare } from "../../src/debug/console-code.ts"

const valueIn = async (console: Console, code: string) => {
  const outcome = await console.eval(code)
  return outcome.kind === "value" ? outcome.value : outcome
}

describe("code", () => {
  test.each<[code: string, gives: string, names: string[]]>([
    ["1 + 1", "value", []],
    ["if (a) { let b = 1 }", "value", []],
    ["let a = 1", "pair", ["a"]],
    ["const { a, b: [c, ...d], ...e } = x, f = 2", "pair", ["a", "c", "d", "e", "f"]],
    ["var g; function h() {} class I {}", "pair", ["g", "h", "I"]],
    ["await x", "promise", []],
    ["for await (const y of z) y", "promise", []],
    ["async () => { await x }", "value", []],
    ["let j = await x", "promise", ["j"]],
    ["let k = (m = 5) => m", "pair", ["k"]],
    ["{ a: 1, b: 2 }", "value", []],
    ["this.#private", "value", []],
  ])("%s", (code, gives, names) => {
    expect(prepare(code)).toMatchObject({ gives, names })
  })

  test.each(["f(", "[1,", "`a", "/* a", "{ a: 1,", "function f() {", "x =>", "if (a)", "a +"])(
    "%s asks for more",
    (code) => {
      expect(() => prepare(code)).toThrow(IncompleteCode)
    },
  )

  test.each(["f)", "let let", "'a", "a b", "1 +* 2", "@"])("%s does not: it is wrong", (code) => {
    expect(prepare(code).gives).toBe("value")
  })
})

describe("a console", () => {
  test("keeps what is declared, and functions see later changes and earlier names", async () => {
    const console = new Console({ base: 10 })
    await console.eval("let count = 1")
    await console.eval("const next = () => ++count + base")
    expect(await valueIn(console, "next(); next()")).toBe(13)
    expect(await valueIn(console, "count")).toBe(3)
    await console.eval("let count = 100")
    expect(await valueIn(console, "count")).toBe(100)
    expect(await valueIn(console, "next(); count")).toBe(100)
    expect(console.names).toEqual(["base", "count", "next", "count"])
  })

  test("_ is the last value, unless the program has one of its own", async () => {
    const console = new Console()
    await console.eval("5")
    await console.eval("undefined")
    expect(await valueIn(console, "_ + 1")).toBe(6)
    expect(await valueIn(new Console({ _: "lodash" }), "1; _")).toBe("lodash")
  })

  test("shows a promise that is not awaited, and waits for one that is awaited", async () => {
    const console = new Console()
    const shown = await console.eval("Promise.resolve(1)")
    expect(shown.kind === "value" && shown.value).toBeInstanceOf(Promise)
    expect(await valueIn(console, "await Promise.resolve(2) // comment")).toBe(2)
    expect(await new Console({}, { awaitMs: 10 }).eval("await new Promise(() => {})")).toMatchObject({
      kind: "error",
      text: "Error: not settled after 0.01 seconds",
    })
  })

  test("ends what does not end, and goes on", async () => {
    const console = new Console({}, { timeoutMs: 300 })
    expect(await console.eval("for (;;) {}")).toMatchObject({
      kind: "error",
      text: expect.stringContaining("timed out") as string,
    })
    expect(await valueIn(console, "1")).toBe(1)
  })

  test("collects what is written meanwhile, behind awaits too, and nothing of others", async () => {
    const console = new Console()
    const slow = console.eval(
      "process.stdout.write('one\\n'); await new Promise((r) => setTimeout(r, 30)); process.stderr.write('two\\n'); 3",
    )
    process.stdout.write("")
    expect(await slow).toMatchObject({ kind: "value", value: 3, output: "one\ntwo\n" })
    expect(await console.eval("process.stdout.write(new Uint8Array([104, 105])), 1")).toMatchObject({ output: "hi" })
  })

  test("puts its wrappers around each evaluation, the first one outermost", async () => {
    const seen: string[] = []
    const wrap =
      (name: string) =>
      <T>(run: () => T): T => {
        seen.push(name)
        return run()
      }
    await new Console({}, { wrappers: [wrap("a"), wrap("b")] }).eval("1")
    expect(seen).toEqual(["a", "b"])
  })

  test("is refused names that are none", () => {
    expect(() => new Console({ "a b": 1 })).toThrow(TypeError)
  })
})

describe("completion", () => {
  const value = {
    list: [1],
    get boom(): never {
      throw new Error("ran")
    },
    "two words": 1,
    nested: { deep: "text" },
  }
  const scope = { names: ["value", "valid"], read: (name: string) => (name === "value" ? value : undefined) }

  test.each<[text: string, start: number, names: string[]]>([
    ["val", 0, ["value", "valid"]],
    ["1 + val", 4, ["value", "valid"]],
    ["value.li", 6, ["list"]],
    ["value?.nes", 7, ["nested"]],
    ["f(value.nested.de", 15, ["deep"]],
    ["value.nested.deep.toUpperC", 18, ["toUpperCase"]],
    ["value.boom.x", 11, []],
    ["value.list[0].to", 16, []],
    ["unknown.x", 8, []],
    ["'val", 4, []],
    ["value.two", 6, []],
    ["awai", 0, ["await"]],
  ])("%s", (text, start, names) => {
    expect(complete(text, scope)).toEqual({ start, names })
  })

  test("of a proxy tells nothing", () => {
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("trap")
        },
      },
    )
    expect(complete("p.", { names: [], read: () => proxy }).names).toEqual([])
  })
})
