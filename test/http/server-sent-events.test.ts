import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { EventParser, formatEvent, type ServerSentEvent } from "../../src/http/server-sent-events.ts"

describe("formatEvent", () => {
  test.each<[string, ServerSentEvent | string, string]>([
    ["text", "a", "data: a\n\n"],
    ["text of several lines, whatever ends them", "a\nb\rc\r\nd", "data: a\ndata: b\ndata: c\ndata: d\n\n"],
    ["no text", "", "data: \n\n"],
    ["text that begins with a space", " a", "data:  a\n\n"],
    ["JSON", { data: { a: [1, null] } }, 'data: {"a":[1,null]}\n\n'],
    [
      "all fields",
      { comment: "c", event: "e", id: "i", retry: 5, data: "d" },
      ": c\nevent: e\nid: i\nretry: 5\ndata: d\n\n",
    ],
    ["a comment of two lines", { comment: "a\nb" }, ": a\n: b\n\n"],
    ["an id that is taken back", { id: "" }, "id: \n\n"],
  ])("writes %s", (_, event, text) => {
    expect(formatEvent(event)).toBe(text)
  })

  test.each<[string, ServerSentEvent, new () => Error]>([
    ["a line end in the id", { id: "a\nb" }, TypeError],
    ["a carriage return in the id", { id: "a\rdata: b" }, TypeError],
    ["a NUL in the id", { id: "\0" }, TypeError],
    ["a line end in the type", { event: "a\ndata: x" }, TypeError],
    ["data without JSON", { data: () => {} }, TypeError],
    ["a retry that is none", { retry: -1 }, RangeError],
    ["half a millisecond", { retry: 0.5 }, RangeError],
  ])("refuses %s", (_, event, type) => {
    expect(() => formatEvent(event)).toThrow(type)
  })
})

describe("EventParser", () => {
  const parse = (...texts: string[]) => {
    const parser = new EventParser()
    return texts.flatMap((text) => parser.push(text))
  }

  test.each<[string, string[], [string, string, string][]]>([
    ["the first example of the standard", ["data: YHOO\ndata: +2\ndata: 10\n\n"], [["message", "YHOO\n+2\n10", ""]]],
    [
      "the second example",
      [": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"],
      [
        ["message", "first event", "1"],
        ["message", "second event", ""],
        ["message", " third event", ""],
      ],
    ],
    [
      "the third example",
      ["data\n\ndata\ndata\n\ndata:"],
      [
        ["message", "", ""],
        ["message", "\n", ""],
      ],
    ],
    ["any line end, cut anywhere", ["\ufeffdata: a\r", "\ndata: b\r\r"], [["message", "a\nb", ""]]],
    ["a type without data, which is nothing", ["event: x\n\ndata: a\n\n"], [["message", "a", ""]]],
    ["an id with NUL, which is none", ["id: a\0\ndata: b\n\n"], [["message", "b", ""]]],
    ["fields that nobody knows", ["foo: x\ndata: b\n\n"], [["message", "b", ""]]],
  ])("reads %s", (_, texts, events) => {
    // A carriage return at the very end may be followed by a line feed; the next text tells.
    expect(
      parse(...texts, "")
        .concat(parse())
        .map(({ event, data, id }) => [event, data, id]),
    ).toEqual(texts.join("").endsWith("\r") ? [] : events)
    if (texts.join("").endsWith("\r")) {
      expect(parse(...texts, ":").map(({ event, data, id }) => [event, data, id])).toEqual(events)
    }
  })

  test("takes how long to wait from digits alone", () => {
    const parser = new EventParser()
    parser.push("retry: 1x\n")
    expect(parser.retry).toBeUndefined()
    parser.push("retry: 10\n")
    expect(parser.retry).toBe(10)
  })

  test("gives back what formatEvent was given, however the text is cut", () => {
    const line = fc.string().map((text) => text.replace(/[\r\n\0]/g, ""))
    fc.assert(
      fc.property(fc.array(fc.record({ event: line, id: line, data: fc.string() })), fc.nat(7), (events, size) => {
        const text = events.map(formatEvent).join("")
        const pieces = text.match(new RegExp(`[^]{1,${size + 1}}`, "g")) ?? []
        expect(parse(...pieces)).toEqual(
          events.map(({ event, id, data }) => ({
            event: event === "" ? "message" : event,
            id,
            data: data.replace(/\r\n|\r/g, "\n"),
          })),
        )
      }),
    )
  })
})
