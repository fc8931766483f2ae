// Bytes as they come from an upstream, cut anywhere, with and without heads of interim responses among them.

import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { InterimFilter, MAX_INTERIM } from "../../src/proxy/interim-filter.ts"

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n"
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/** What comes out when the text comes in in these pieces. */
function pass(pieces: readonly string[]): string {
  const filter = new InterimFilter()
  filter.expectHead()
  return pieces.map((piece) => Buffer.from(filter.take(Buffer.from(piece, "latin1"))).toString("latin1")).join("")
}

describe("of what an upstream sends", () => {
  test.each<[string, string, string]>([
    ["a 100 is dropped", CONTINUE + OK, OK],
    ["a 100 with fields and without a reason is dropped", `HTTP/1.1 100 \r\nX: 1\r\nY: 2\r\n\r\n${OK}`, OK],
    ["a 100 of HTTP/1.0 is dropped", `HTTP/1.0 100 Continue\r\n\r\n${OK}`, OK],
    ["several are dropped", CONTINUE.repeat(3) + OK, OK],
    [
      "other interim responses pass",
      `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${CONTINUE}HTTP/1.1 102 Processing\r\n\r\n${OK}`,
      `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`,
    ],
    [
      "nothing behind a final head is looked at",
      `HTTP/1.1 200 OK\r\n\r\n${CONTINUE}${CONTINUE}`,
      `HTTP/1.1 200 OK\r\n\r\n${CONTINUE}${CONTINUE}`,
    ],
    ["a 101 passes with all behind it", `HTTP/1.1 101 S\r\n\r\n${CONTINUE}`, `HTTP/1.1 101 S\r\n\r\n${CONTINUE}`],
    ["a status of four digits that begins like one is not one", "HTTP/1.1 200 100", "HTTP/1.1 200 100"],
    ["what is no HTTP passes", "HTTP/2 100 Continue\r\n\r\n", "HTTP/2 100 Continue\r\n\r\n"],
    ["an empty line in front passes", `\r\n${CONTINUE}${OK}`, `\r\n${CONTINUE}${OK}`],
  ])("%s", (_, sent, seen) => {
    expect(pass([sent])).toBe(seen)
    expect(pass([...sent])).toBe(seen)
  })

  test("the same is seen however it is cut", () => {
    const head = fc.constantFrom(
      CONTINUE,
      "HTTP/1.1 100 \r\nA: b\r\n\r\n",
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
      OK,
      "HTTP/1.1 304 Not Modified\r\n\r\n",
      "HTTP/1.1 1",
      "\r\n",
      "noise",
    )
    fc.assert(
      fc.property(fc.array(head, { maxLength: 6 }), fc.array(fc.nat(200), { maxLength: 10 }), (heads, cuts) => {
        const text = heads.join("")
        const places = [0, ...cuts.filter((at) => at < text.length).sort((a, b) => a - b), text.length]
        const pieces = places.slice(1).map((end, i) => text.slice(places[i], end))
        const whole = pass([text])
        // What is held back at the end is at most the beginning of a head.
        expect(whole.startsWith(pass(pieces)) || pass(pieces).startsWith(whole)).toBe(true)
        expect(pass([...pieces, `${OK}!`]).endsWith("!")).toBe(pass([text, `${OK}!`]).endsWith("!"))
      }),
    )
  })

  test("more of them than that, and a head that is too long, are left to the parser", () => {
    expect(pass([CONTINUE.repeat(MAX_INTERIM + 2) + OK])).toBe(CONTINUE + OK)
    const long = `HTTP/1.1 100 Continue\r\nX: ${"a".repeat(17_000)}`
    expect(pass([long])).toBe(long)
    expect(pass([...long])).toBe(long)
  })

  test("nothing is looked at before a request goes out, and each request begins anew", () => {
    const filter = new InterimFilter()
    const take = (text: string) => Buffer.from(filter.take(Buffer.from(text))).toString()
    expect(take(CONTINUE)).toBe(CONTINUE)
    filter.expectHead()
    expect(take("HTTP/1.1 10")).toBe("")
    filter.expectHead()
    expect(take(CONTINUE + OK)).toBe(OK)
    expect(take(CONTINUE)).toBe(CONTINUE)
    filter.expectHead()
    expect(take(CONTINUE)).toBe("")
  })
})
