// What busboy alone would lose; see multipart.test.ts for what it has in common with the other decoder.

import busboy from "busboy"
import { describe, expect, test } from "vitest"
import { MalformedForm } from "../../src/forms/limits.ts"
import { DECODERS, lines, partsOf, pieces, text } from "./decoding.ts"

const DISPOSITION = "Content-Disposition: form-data"

/** What busboy itself says about a body. */
async function bare(body: Uint8Array): Promise<unknown[]> {
  const said: unknown[] = []
  const parser = busboy({ headers: { "content-type": "multipart/form-data; boundary=XX" } })
  parser.on("field", (name, value) => said.push([name, value]))
  parser.on("file", (name, stream, { filename }) => {
    said.push([name, filename])
    stream.on("error", () => {}).resume()
  })
  parser.on("error", (error) => said.push((error as Error).message))
  await new Promise((resolve) => parser.on("close", resolve).end(body))
  return said
}

const part = (head: string, data = "v") => lines("--XX", head, "", data, "--XX--", "")

// When busboy mends one of these, this file is to be read again.
describe("busboy itself", () => {
  test.each<[title: string, body: Uint8Array, said: unknown[]]>([
    ["loses a part whose filename* is malformed", part(`${DISPOSITION}; name=a; filename*=utf-8''%FF%GG`), []],
    ["loses a part of another disposition", part("Content-Disposition: attachment; name=a"), []],
    ["has no name for an empty one", part(`${DISPOSITION}; name=""`), [[undefined, "v"]]],
    ["takes an empty filename for none", part(`${DISPOSITION}; name=a; filename=""`), [["a", "v"]]],
    ["cuts the directory off", part(`${DISPOSITION}; name=a; filename="../x"`), [["a", "x"]]],
    [
      "has no text in a charset that it doesn't know",
      part(`${DISPOSITION}; name=a\r\nContent-Type: text/plain; charset=utf-7`),
      [["a", undefined]],
    ],
    [
      "loses what follows a line that begins like the boundary",
      part(`${DISPOSITION}; name=a`, "1\r\n--XXX\r\n2"),
      [["a", "1"]],
    ],
    [
      "cuts a text at 1 MiB",
      part(`${DISPOSITION}; name=a`, "x".repeat(1024 * 1024 + 1)),
      [["a", "x".repeat(1024 * 1024)]],
    ],
    ["says twice that something is wrong", lines("--XX", "X", ""), ["Malformed part header", "Unexpected end of form"]],
    [
      "reads parts behind the last boundary",
      lines("--XX--", "--XX", "", "--XX", `${DISPOSITION}; name=b`, "", "2", "--XX--"),
      [["b", "2"]],
    ],
  ])("%s", async (_title, body, said) => {
    expect(await bare(body)).toEqual(said)
  })
})

test("refuses spaces behind a boundary, since it would take the line for data", () => {
  const body = lines("--XX ", `${DISPOSITION}; name=a`, "", "1", "--XX\t", `${DISPOSITION}; name=b`, "", "2", "--XX--")
  for (let size = 1; size <= body.length; size++) {
    expect(() => partsOf(DECODERS.busboy("XX"), pieces(body, size))).toThrow(MalformedForm)
  }
})

test("does not say that a part is complete before it knows", () => {
  const decoder = DECODERS.busboy("XX")
  const given = (...data: string[]) => {
    decoder.receiveData(lines(...data))
    const seen: string[] = []
    for (let event = decoder.nextEvent(); event !== undefined; event = decoder.nextEvent()) {
      seen.push(event.type === "data" ? `${event.moreData} ${text(event.data)}` : event.type)
    }
    return seen
  }
  expect(given("--XX", `${DISPOSITION}; name=a`, "", "1", "--XX")).toEqual(["field", "true 1"])
  expect(given("-")).toEqual([])
  expect(given("X")).toEqual(["true \r\n--XX-X"])
  expect(given("", "--XX")).toEqual([])
  expect(given("--")).toEqual(["false ", "epilogue"])
})

test("reads no parts behind the last boundary", () => {
  const body = lines(
    "--XX",
    `${DISPOSITION}; name=a`,
    "",
    "1",
    "--XX--",
    "--XX",
    "",
    "--XX",
    `${DISPOSITION}; name=b`,
    "",
    "2",
    "--XX--",
  )
  expect(partsOf(DECODERS.busboy("XX"), [body]).map(({ name }) => name)).toEqual(["a"])
})

test("keeps a text of any length", () => {
  const [long] = partsOf(DECODERS.busboy("XX"), [part(`${DISPOSITION}; name=a`, "x".repeat(3_000_000))])
  expect(long?.data.length).toBe(3_000_000)
})
