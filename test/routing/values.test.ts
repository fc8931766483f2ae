import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import fc from "fast-check"
import { expect, test } from "vitest"
import { loopOver, REFUSED, type Reader, readDigits, readText, readValuesOf } from "../../src/routing/values.ts"

const odd: Reader = (text, from, to) => (to - from > 3 ? REFUSED : { text: text.slice(from, to) })

test("the function written for names and readers does what the loop does", () => {
  const name = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "__proto__",
      "constructor",
      "toString",
      "this",
      "v0",
      "text",
      "",
      "0",
      "a\u2028b",
      "\ud800",
      '"]=0;//',
      "`",
    ),
  )
  const place = fc.record({
    name,
    reader: fc.constantFrom(readText, readDigits, odd),
    from: fc.nat(30),
    size: fc.nat(30),
  })
  fc.assert(
    fc.property(fc.uniqueArray(place, { maxLength: 6, selector: (each) => each.name }), (places) => {
      const names = places.map((each) => each.name)
      const readers = places.map(({ reader }) => reader)
      const captures = places.flatMap(({ from, size }) => [from, from + size])
      const text = "0123456789".repeat(6)
      const values = readValuesOf(names, readers)(text, captures, readers)
      expect(values).toEqual(loopOver(names)(text, captures, readers))
      if (values === undefined) return
      expect(Reflect.ownKeys(values).sort()).toEqual([...names].sort())
      expect("toString" in values).toBe(names.includes("toString"))
    }),
  )
})

test("a name is never taken for code", () => {
  const name = '"]; globalThis.injected = true; this["'
  const values = readValuesOf([name], [readText])("abc", [0, 3], [readText])
  expect(values?.[name]).toBe("abc")
  expect("injected" in globalThis).toBe(false)
})

test("rules of the same names have their own converters", () => {
  const upper: Reader = (text, from, to) => text.slice(from, to).toUpperCase()
  const double: Reader = (text, from, to) => text.slice(from, to).repeat(2)
  for (const [reader, x] of [
    [upper, "AB"],
    [double, "abab"],
    [upper, "AB"],
  ] as const) {
    expect({ ...readValuesOf(["x"], [reader])("ab", [0, 2], [reader]) }).toEqual({ x })
  }
})

test("where code may not be made from text, matching is the same", () => {
  const door = new URL("../../src/routing/index.ts", import.meta.url).href
  const program = `
    import { RuleMap, rule } from ${JSON.stringify(door)}
    let forbidden = false
    try { new Function("") } catch { forbidden = true }
    const at = new RuleMap([rule("/<int:year>/<slug>", "article")]).bind("h")
    const { values } = at.match("/2026/spring")
    console.log(JSON.stringify([forbidden, values, Object.getPrototypeOf(Object.getPrototypeOf(values))]))`
  const flags = ["--disallow-code-generation-from-strings", "--import", "tsx", "--input-type=module", "-e", program]
  const { stdout, stderr } = spawnSync(process.execPath, flags, {
    encoding: "utf8",
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
  })
  expect(stdout.trim(), stderr).toBe('[true,{"year":2026,"slug":"spring"},null]')
})
