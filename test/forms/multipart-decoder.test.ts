import fc from "fast-check"
import { expect, test } from "vitest"
import { MultipartEncoder } from "../../src/forms/encode.ts"
import { MalformedForm } from "../../src/forms/limits.ts"
import { MultipartDecoder } from "../../src/forms/multipart-decoder.ts"
import type { MultipartEvent } from "../../src/forms/multipart-events.ts"
import { bytes, partsOf, pieces, text } from "./decoding.ts"

const DISPOSITION = "Content-Disposition: form-data"

test.each<[title: string, body: string, parts: [string, string][]]>([
  [
    "LF alone",
    `--XX\n${DISPOSITION}; name=a\n\n1\n--XX\n${DISPOSITION}; name=b\n\n\n--XX--\n`,
    [
      ["a", "1"],
      ["b", ""],
    ],
  ],
  [
    "spaces behind boundaries",
    `--XX  \r\n${DISPOSITION}; name=a\r\n\r\n1\r\n--XX\t\r\n${DISPOSITION}; name=b\r\n\r\n2\r\n--XX-- \t`,
    [
      ["a", "1"],
      ["b", "2"],
    ],
  ],
])("takes %s, however it is cut", (_title, body, expected) => {
  const whole = bytes(body)
  for (let size = 1; size <= whole.length; size++) {
    const parts = partsOf(new MultipartDecoder("XX"), pieces(whole, size))
    expect(parts.map(({ name, data }) => [name, data])).toEqual(expected)
  }
})

test("refuses to wait for the end of endless spaces behind a boundary", () => {
  const decoder = new MultipartDecoder("XX")
  decoder.receiveData(bytes(`--XX${" ".repeat(300)}`))
  expect(() => decoder.nextEvent()).toThrow(MalformedForm)
})

test("passes data on before the part is over, but for what may be a boundary", () => {
  const decoder = new MultipartDecoder("XX")
  decoder.receiveData(bytes(`--XX\r\n${DISPOSITION}; name=a\r\n\r\n`))
  expect(decoder.nextEvent()?.type).toBe("field")
  const given = (data: string) => {
    decoder.receiveData(bytes(data))
    let told: string | undefined
    for (let event = decoder.nextEvent(); event !== undefined; event = decoder.nextEvent()) {
      if (event.type === "data") told = (told ?? "") + text(event.data)
    }
    return told
  }
  expect(given("12\r\n-")).toBe("12")
  expect(given("-X")).toBe(undefined)
  expect(given("3\r")).toBe("\r\n--X3")
  expect(given("4")).toBe("\r4")
})

test("may be given many pieces before it is asked for events", () => {
  const body = bytes(`--XX\r\n${DISPOSITION}; name=a\r\n\r\n\n\n\r\r\r\nx\n-\r\n--XX--`)
  for (let size = 1; size < 8; size++) {
    for (let first = 0; first <= body.length; first++) {
      const decoder = new MultipartDecoder("XX")
      const told: string[] = []
      const pull = () => {
        for (let event = decoder.nextEvent(); event !== undefined; event = decoder.nextEvent()) {
          if (event.type === "data") told.push(text(event.data))
        }
      }
      decoder.receiveData(body.slice(0, first))
      pull()
      for (const piece of pieces(body.slice(first), size)) decoder.receiveData(piece)
      pull()
      expect(told.join("")).toBe("\n\n\r\r\r\nx\n-")
    }
  }
})

test("does not keep a long preamble", () => {
  const decoder = new MultipartDecoder("XX")
  let passed = 0
  for (let index = 0; index < 100; index++) {
    decoder.receiveData(bytes("preamble ".repeat(1000)))
    for (let event = decoder.nextEvent(); event !== undefined; event = decoder.nextEvent()) {
      if (event.type === "preamble") passed += event.data.length
    }
  }
  expect(passed).toBe(100 * 9000)
})

function eventsOf(body: Uint8Array, size: number): MultipartEvent[] {
  const decoder = new MultipartDecoder("XX")
  const events: MultipartEvent[] = []
  for (const chunk of [...pieces(body, size), undefined]) {
    decoder.receiveData(chunk)
    for (let event = decoder.nextEvent(); event !== undefined; event = decoder.nextEvent()) events.push(event)
  }
  return events
}

test.each([
  `--XX\r\n${DISPOSITION}; name="a"\r\n\r\n1\r\n--XX--\r\n`,
  `\r\n--XX\r\n${DISPOSITION}; name="a"\r\n\r\n\r\n--XX--`,
  `preamble\r\n--XX\r\n${DISPOSITION}; name="é"\r\n\r\n1\r\n--XX\r\n${DISPOSITION}; name="f"; filename="%22 \\ ü"\r\nContent-Type: text/plain\r\nX-É: ü\r\n\r\n\r\n\r\n--XX--\r\nepilogue`.replace(
    "X-É",
    "X-E",
  ),
  "--XX--",
  "about\r\n--XX--\r\n",
])("decoding and encoding %j gives the same bytes", (body) => {
  const whole = bytes(body)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: whole.length }), (size) => {
      const encoder = new MultipartEncoder("XX")
      const written = eventsOf(whole, size).map((event) => encoder.sendEvent(event))
      expect(Buffer.concat(written).toString()).toBe(body)
    }),
  )
})
