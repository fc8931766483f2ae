// busboy as a decoder: what it reads as ours does, and what it cannot tell.

import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { inputFrom } from "../../src/environ/input.ts"
import { busboyDecoder } from "../../src/forms/busboy.ts"
import { FormDataParser } from "../../src/forms/form-data-parser.ts"
import { boundaryOf } from "../../src/forms/multipart.ts"
import { MultipartDecoder } from "../../src/forms/multipart-decoder.ts"
import { bytes, lines, type Part, partsOf, partsOfAny, pieces, recorded, text } from "./decoding.ts"

const DISPOSITION = "Content-Disposition: form-data"
const part = (head: string, data = "v") => lines("--XX", head, "", data, "--XX--", "")

/** What a decoder tells of its parts besides their headers; undefined when it refuses them. */
async function told(parts: () => Part[] | Promise<Part[]>): Promise<unknown[] | undefined> {
  try {
    return (await parts()).map(({ name, filename, data }) => [name, filename, data])
  } catch {
    return undefined
  }
}
const byBusboy = (body: Uint8Array, size = body.length || 1) =>
  told(() => partsOfAny(busboyDecoder("XX", {}), pieces(body, size)))
const byOurs = (body: Uint8Array, size = body.length || 1) =>
  told(() => partsOf(new MultipartDecoder("XX"), pieces(body, size)))

test.each(["chromium-multipart", "curl-length"])("reads %s as ours does, in pieces of any size", async (name) => {
  const { contentType, body } = recorded(name)
  const boundary = boundaryOf(contentType)
  const ours = partsOf(new MultipartDecoder(boundary), [body])
  const expected = ours.map(({ name, filename, data }) => [name, filename, data])
  for (const size of [1, 7, 100, 1000, body.length]) {
    expect(await told(() => partsOfAny(busboyDecoder(boundary, {}), pieces(body, size)))).toEqual(expected)
  }
})

test("tells of the headers of a part only the type, without parameters", async () => {
  const body = part(`${DISPOSITION}; name=f; filename=a\r\nContent-Type: text/plain; charset=utf-8\r\nX-More: one`)
  const [file] = await partsOfAny(busboyDecoder("XX", {}), [body])
  expect(file).toEqual({ name: "f", filename: "a", headers: ["content-type: text/plain"], data: "v" })
})

describe("cannot tell", () => {
  test.each<[title: string, body: Uint8Array, busboy: unknown[] | undefined, ours: unknown[] | undefined]>([
    [
      "a part whose filename* is malformed",
      part(`${DISPOSITION}; name=a; filename*=utf-8''%FF%GG`),
      [],
      [["a", "\ufffd%GG", "v"]],
    ],
    ["a part of another disposition", part("Content-Disposition: attachment; name=a"), [], [["a", undefined, "v"]]],
    ["a part without a name, which it calls an empty one", part(DISPOSITION), [["", undefined, "v"]], undefined],
    [
      "an empty filename from none",
      part(`${DISPOSITION}; name=a; filename=""`),
      [["a", undefined, "v"]],
      [["a", "", "v"]],
    ],
    [
      "a backslash from an escape",
      part(`${DISPOSITION}; name="a\\\\b"`),
      [["a\\b", undefined, "v"]],
      [["a\\\\b", undefined, "v"]],
    ],
    [
      "a text that is an octet-stream from a file without a name",
      part(`${DISPOSITION}; name=a\r\nContent-Type: application/octet-stream`),
      [["a", "", "v"]],
      [["a", undefined, "v"]],
    ],
    [
      "what follows a line that begins like the boundary",
      part(`${DISPOSITION}; name=a`, "1\r\n--XXX\r\n2"),
      [["a", undefined, "1"]],
      [["a", undefined, "1\r\n--XXX\r\n2"]],
    ],
    [
      "a boundary whose line break is the empty line behind a head",
      lines("--XX", `${DISPOSITION}; name=a`, "", "--XX", `${DISPOSITION}; name=b`, "", "2", "--XX--"),
      [["a", undefined, `${DISPOSITION}; name=b\r\n\r\n2`]],
      [
        ["a", undefined, ""],
        ["b", undefined, "2"],
      ],
    ],
    [
      "a boundary in a head",
      lines("--XX", `${DISPOSITION}; name=a; filename=b`, "X:", "--XX", " y", "", "1", "--XX--", ""),
      [["a", "b", "1"]],
      undefined,
    ],
    [
      "the end, behind which it reads on in the same chunk",
      lines("--XX--", "--XX", "", "--XX", `${DISPOSITION}; name=b`, "", "2", "--XX--"),
      [["b", undefined, "2"]],
      [],
    ],
    [
      "a text in a charset that it does not know",
      part(`${DISPOSITION}; name=a\r\nContent-Type: text/plain; charset=utf-7`),
      undefined,
      [["a", undefined, "v"]],
    ],
    [
      "lines that end with LF alone",
      bytes(`--XX\n${DISPOSITION}; name=a\n\n1\n--XX--`),
      undefined,
      [["a", undefined, "1"]],
    ],
  ])("%s", async (_, body, busboy, ours) => {
    expect(await byBusboy(body)).toEqual(busboy)
    expect(await byOurs(body)).toEqual(ours)
  })
})

test("does not wait for ever where busboy loses the end of a file", async () => {
  const stream = "application/octet-stream"
  const body = lines(
    ...["--XX", `${DISPOSITION}; name=a`, `Content-Type: ${stream}`, "", "1"],
    ...["--XX", `${DISPOSITION}; name=b; filename=c`, "Content-Type:", "--XX", ` ${stream}`, "", "--Xé2"],
    ...["--XX--", ""],
  )
  expect(await byBusboy(body)).toBe(undefined)
})

describe("in a FormDataParser", () => {
  const parse = async (body: Uint8Array, limits = {}, size = 100) => {
    const parser = new FormDataParser({ decoder: busboyDecoder, ...limits })
    const { form, files } = await parser.parse(inputFrom(pieces(body, size)), "multipart/form-data; boundary=XX")
    const uploads = await Promise.all(Array.from(files, async ([name, file]) => [name, text(await file.bytes())]))
    return [[...form], uploads]
  }
  const body = lines(
    ...["--XX", `${DISPOSITION}; name="ä"`, "", "é"],
    ...["--XX", `${DISPOSITION}; name=f; filename="x.txt"`, "", "file"],
    ...["--XX", `${DISPOSITION}; name=b`, "", "2".repeat(100)],
    ...["--XX", `${DISPOSITION}; name=g; filename="y.txt"`, "", "f".repeat(1000)],
    "--XX--",
  )

  test.each([1, 10, 1000, 100_000])("gives fields and files in pieces of %i bytes", async (size) => {
    expect(await parse(body, {}, size)).toEqual([
      [
        ["ä", "é"],
        ["b", "2".repeat(100)],
      ],
      [
        ["f", "file"],
        ["g", "f".repeat(1000)],
      ],
    ])
  })

  test.each([
    ["maxFormParts", 3],
    ["maxFormMemorySize", 101],
    ["maxFileSize", 999],
    ["maxFiles", 1],
    ["maxContentLength", 500],
  ])("keeps to %s", async (limit, most) => {
    await expect(parse(body, { [limit]: most })).rejects.toThrow(limit)
    await parse(body, { maxFormParts: 4, maxFormMemorySize: 102, maxFileSize: 1000, maxFiles: 2 })
  })

  test("holds no more of a long text than may be taken", async () => {
    const long = part(`${DISPOSITION}; name=a`, "x".repeat(3_000_000))
    await expect(parse(long, {}, 65_536)).rejects.toThrow("maxFormMemorySize")
    expect(await parse(long, { maxFormMemorySize: 3_000_000 }, 65_536)).toEqual([[["a", "x".repeat(3_000_000)]], []])
  })

  test("refuses what is cut, anywhere", async () => {
    for (let end = 0; end < body.length; end++) {
      await expect(parse(body.slice(0, end), {}, 50)).rejects.toMatchObject({ code: 400 })
    }
  })

  test("slows the client down for a store that is slow", async () => {
    let sent = 0
    function* slowly() {
      for (const piece of pieces(part(`${DISPOSITION}; name=f; filename=f`, "x".repeat(1_000_000)), 65_536)) {
        sent += piece.length
        yield piece
      }
    }
    const parser = new FormDataParser({ decoder: busboyDecoder })
    for await (const file of parser.parts(inputFrom(slowly()), "multipart/form-data; boundary=XX")) {
      const chunks = file[Symbol.asyncIterator]()
      await chunks.next()
      expect(sent).toBeLessThan(200_000)
    }
    expect(sent).toBeGreaterThan(1_000_000)
  })
})

describe("what both accept, they read alike", () => {
  const name = fc.stringMatching(/^[a-z0-9 äß日😀;:,'=()_-]{0,12}$/u)
  const line = fc.oneof(
    fc.string({ unit: "binary-ascii", maxLength: 20 }),
    fc.constantFrom("--X", "--", "-", "\r", "\n", "\r\n", "\r\n\r\n", "--XX", "XX--", "é"),
  )
  const bodyPart = fc
    .record({
      name,
      filename: fc.option(fc.stringMatching(/^[a-z0-9 äß日.\-_]{1,12}$/u), { nil: undefined }),
      type: fc.option(fc.constantFrom("text/plain", "application/octet-stream", "image/png; a=b"), { nil: undefined }),
      extra: fc.boolean(),
      data: fc.array(line, { maxLength: 5 }).map((all) => all.join("")),
    })
    .map(({ name, filename, type, extra, data }) => {
      const file = filename === undefined ? "" : `; filename="${filename}"`
      return `--XX\r\n${DISPOSITION}; name="${name}"${file}\r\n${type === undefined ? "" : `Content-Type: ${type}\r\n`}${extra ? "X-A: b\r\n" : ""}\r\n${data}\r\n`
    })
  const whole = fc.array(bodyPart, { maxLength: 4 }).map((all) => `${all.join("")}--XX--\r\n`)
  /** Where in the body, what goes there, and how much goes away for it. */
  const mutation = fc.record({
    at: fc.nat(600),
    inserted: fc.constantFrom(
      "",
      "\r",
      "\n",
      "\r\n",
      "-",
      "--XX",
      "\r\n--XX\r\n",
      "\r\n--XX--",
      '"',
      ";",
      ":",
      "a",
      "é",
      " ",
    ),
    removed: fc.nat(4),
  })
  const size = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 80 }), fc.constant(100_000))

  // The cases above, where busboy reads on or drops something without a word.
  const isKnown = (body: string) => {
    const all = `\r\n${body}`
    const [, ...parts] = all.split("\r\n--XX")
    const last = parts.findIndex((part) => part.startsWith("--"))
    return (
      parts.some((part) => !/^(?:\r\n|--)/.test(part)) ||
      // A boundary in a head, or right behind it.
      parts.some((part) => part.startsWith("\r\n") && !part.includes("\r\n\r\n")) ||
      /[^\r]\n--XX|:[^\r\n]*\r\n\r\n--XX/.test(body) ||
      /filename=("?)\1[\r;]/.test(body) ||
      /name\*|%|\\/.test(body) ||
      (last !== -1 && (last < parts.length - 1 || (parts[last] as string).includes("--XX")))
    )
  }
  /** What both tell, but for an empty filename, which is none for busboy. */
  const compared = async (body: string, size: number): Promise<[busboy: string[], ours: string[]] | undefined> => {
    const data = bytes(body)
    const [busboy, ours] = [await byBusboy(data, size), await byOurs(data, size)]
    if (busboy === undefined || ours === undefined) return undefined
    const shown = ([name, filename, data]: unknown[]) => JSON.stringify([name, filename || null, data])
    return [(busboy as unknown[][]).map(shown), (ours as unknown[][]).map(shown)]
  }

  test("of bodies as clients make them", { timeout: 120_000 }, async () => {
    let both = 0
    await fc.assert(
      fc.asyncProperty(whole, size, async (body, size) => {
        fc.pre(!isKnown(body))
        const told = await compared(body, size)
        if (told === undefined) return
        expect(told[0]).toEqual(told[1])
        both++
      }),
      { numRuns: 300 },
    )
    expect(both).toBeGreaterThan(200)
  })

  test("of bodies that were changed on their way", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(whole, fc.array(mutation, { minLength: 1, maxLength: 4 }), size, async (body, all, size) => {
        let changed = body
        for (const { at, inserted, removed } of all) {
          const start = at % (changed.length + 1)
          changed = changed.slice(0, start) + inserted + changed.slice(start + removed)
        }
        fc.pre(!isKnown(changed))
        const told = await compared(changed, size)
        if (told === undefined) return
        // It may have passed over parts, but it has read none otherwise.
        const left = [...told[1]]
        for (const part of told[0]) {
          const at = left.indexOf(part)
          expect(at, `${part} of ${told[1]}`).not.toBe(-1)
          left.splice(0, at + 1)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
