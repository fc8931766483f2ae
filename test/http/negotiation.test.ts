import fc from "fast-check"
import { expect, test } from "vitest"
import { dumpAccept, parseAccept } from "../../src/http/negotiation.ts"

test.each<[string | undefined, [string, number][]]>([
  [undefined, []],
  ["", []],
  ["text/html", [["text/html", 1]]],
  [
    "text/html, */*;q=0.8",
    [
      ["text/html", 1],
      ["*/*", 0.8],
    ],
  ],
  [
    "a;q=0, b ; q=1.000 , c;Q=0.5",
    [
      ["a", 0],
      ["b", 1],
      ["c", 0.5],
    ],
  ],
  ['text/html;level=1;q=0.5;x="a b"', [['text/html; level=1; x="a b"', 0.5]]],
  [
    "a;q=.5, b;q=+0.5, c;q=0.5_1, d;q=1e-1, e;q=\"٠\", f;q=5, g;q=-1, h;q*=UTF-8''%D9%A0, i;q=, j",
    [
      ["a", 0.5],
      ["i", 1],
      ["j", 1],
    ],
  ],
  ['a;q=@;x="y", b;x=";q=@", c;x="\\"";Q=2', [['b; x=";q=@"', 1]]],
  ["a;x*=UTF-8''%0D%0A, b;x*=UTF-8''%E2%82%AC", [["b; x*=UTF-8''%E2%82%AC", 1]]],
  ['"a,b", ";c", " d", "e"', [["e", 1]]],
  ['a, "b', []],
  ["__proto__;q=0.1", [["__proto__", 0.1]]],
  ["a;*=b", [["a", 1]]],
])("%j takes %j", (text, items) => {
  expect(parseAccept(text)).toEqual(items)
})

test("items come back", () => {
  const value = fc.stringMatching(/^[a-z]{1,5}\/[a-z*]{1,5}$/)
  const quality = fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000)
  fc.assert(
    fc.property(fc.array(fc.tuple(value, quality)), (items) => {
      expect(parseAccept(dumpAccept(items))).toEqual(items)
    }),
  )
})
