import { describe, expect, test } from "vitest"
import { checkOptions } from "../../src/mistakes/options.ts"

const KNOWN = { origins: true, methods: true, maxAgeSeconds: true } as const

describe("options", () => {
  test.each<[unknown]>([[undefined], [{}], [{ origins: "*" }], [{ methods: undefined }], [Object.create({})]])(
    "%o are taken",
    (options) => {
      expect(() => checkOptions("cors", options, KNOWN)).not.toThrow()
    },
  )

  test.each<[options: unknown, message: string]>([
    [{ origin: "*" }, 'cors has no option "origin". Did you mean "origins"?'],
    [{ maxAge: 5 }, 'cors has no option "maxAge". Did you mean "maxAgeSeconds"?'],
    [{ xyz: 5 }, 'cors has no option "xyz". It has: origins, methods, maxAgeSeconds'],
    [{ toString: 5 }, 'cors has no option "toString". It has: origins, methods, maxAgeSeconds'],
    [JSON.parse('{"__proto__": 5}'), 'cors has no option "__proto__". It has: origins, methods, maxAgeSeconds'],
    ["*", 'cors takes its options as an object, not "*"'],
    [null, "cors takes its options as an object, not null"],
    [404, "cors takes its options as an object, not 404"],
    [["*"], "cors takes its options as an object, not an array"],
  ])("%o are refused", (options, message) => {
    expect(() => checkOptions("cors", options, KNOWN)).toThrow(new TypeError(message))
  })
})
