// What bodies are, and what they are not.

import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { RequestEntityTooLarge } from "../../src/exceptions/statuses.ts"
import { MultipartEncoder } from "../../src/forms/encode.ts"
import { type FormLimits, MalformedForm } from "../../src/forms/limits.ts"
import { boundaryOf } from "../../src/forms/multipart.ts"
import { MultipartDecoder } from "../../src/forms/multipart-decoder.ts"
import { expectLinear } from "../support/growth.ts"
import { bytes, lines, partsOf, pieces, recorded, text } from "./decoding.ts"

const DISPOSITION = "Content-Disposition: form-data"

/** A body with one part of that head and data, boundary XX. */
function onePart(head: string, data = "v"): Uint8Array {
  return lines("--XX", head, "", data, "--XX--", "")
}

describe("the boundary", () => {
  test.each([
    ["multipart/form-data; boundary=XX", "XX"],
    ["MULTIPART/Form-Data; BOUNDARY=XX", "XX"],
    ['multipart/form-data; boundary="a b"', "a b"],
    ['multipart/form-data; charset=utf-8; boundary="a\\"b"', 'a"b'],
    ["multipart/form-data; boundary*=UTF-8''XX", "XX"],
    ["multipart/form-data; boundary=----=_Part_1_2.3", "----=_Part_1_2.3"],
    ["multipart/form-data; boundary=foo bar ; charset=utf-8", "foo bar"],
    ["multipart/form-data; charset=gbk(; boundary=a:b", "a:b"],
    ["multipart/form-data; boundary=(a/b?c)", "(a/b?c)"],
    [`multipart/form-data; boundary=${"x".repeat(70)}`, "x".repeat(70)],
  ])("of %j is %j", (contentType, boundary) => {
    expect(boundaryOf(contentType)).toBe(boundary)
  })

  test.each([
    "multipart/form-data",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary=""',
    'multipart/form-data; boundary="ends with a space "',
    `multipart/form-data; boundary=${"x".repeat(71)}`,
    `multipart/form-data; boundary=${"x".repeat(252)}`,
    `multipart/form-data; boundary=${"x".repeat(2000)}`,
    'multipart/form-data; boundary="a\rb"',
    'multipart/form-data; boundary="a\0b"',
    'multipart/form-data; boundary="\u00e9"',
    "multipart/form-data; boundary=A; boundary=B",
    "multipart/form-data; boundary=A, multipart/form-data; boundary=B",
    "multipart/form-data; boundary=A, text/plain",
    'multipart/form-data; boundary="A',
    'multipart/form-data; boundary="A"B',
    'multipart/form-data; boundary=A"B',
    "multipart/form-data; boundary=gr\u00fc\u00df",
    "multipart/form-data; boundary=A ; Boundary*=UTF-8''B",
  ])("of %j is refused", (contentType) => {
    expect(() => boundaryOf(contentType)).toThrow(MalformedForm)
  })

  test("is named by the error, where it cannot be right or is not in the body", () => {
    const long = "x".repeat(71)
    expect(() => boundaryOf(`multipart/form-data; boundary=${long}`)).toThrow(`the boundary "${long}"`)
    expect(() => boundaryOf(`multipart/form-data; boundary=${"x".repeat(2000)}`)).toThrow(/^.{0,250}$/)
    expect(() => boundaryOf("multipart/form-data; boundary=A, b")).toThrow('the boundary "A, b"')
    const body = lines("--YY", `${DISPOSITION}; name=a`, "", "1", "--YY--", "")
    for (const size of [1, 5, 1000]) {
      expect(() => partsOf(new MultipartDecoder("XX"), pieces(body, size))).toThrow('the boundary "XX"')
    }
  })
})

describe("the decoder", () => {
  const decoderOf = (boundary: string, limits: FormLimits = {}) => new MultipartDecoder(boundary, limits)
  const parse = (body: Uint8Array, boundary = "XX") => partsOf(decoderOf(boundary), [body])

  test("gives fields and files with their headers, in order", () => {
    const body = lines(
      "--XX",
      `${DISPOSITION}; name="a"`,
      "",
      "1",
      "--XX",
      `${DISPOSITION}; name="f"; filename="x.txt"`,
      "Content-Type: text/plain; charset=utf-8",
      "X-More: one",
      "",
      "hello\r\n",
      "--XX--",
      "",
    )
    expect(parse(body)).toEqual([
      { name: "a", headers: ['content-disposition: form-data; name="a"'], data: "1" },
      {
        name: "f",
        filename: "x.txt",
        headers: [
          'content-disposition: form-data; name="f"; filename="x.txt"',
          "content-type: text/plain; charset=utf-8",
          "x-more: one",
        ],
        data: "hello\r\n",
      },
    ])
  })

  test.each<[title: string, body: string, parts: [string, string][]]>([
    ["nothing but the last boundary", "--XX--\r\n", []],
    ["a preamble", `about this\r\n--XX\r\n${DISPOSITION}; name=a\r\n\r\n1\r\n--XX--`, [["a", "1"]]],
    ["an empty line before", `\r\n--XX\r\n${DISPOSITION}; name=a\r\n\r\n1\r\n--XX--`, [["a", "1"]]],
    [
      "what begins like a boundary in a line of the preamble",
      `a--XXX\r\n--XX\r\n${DISPOSITION}; name=a\r\n\r\n1\r\n--XX--`,
      [["a", "1"]],
    ],
    ["an epilogue", `--XX\r\n${DISPOSITION}; name=a\r\n\r\n1\r\n--XX--\r\n--XX\r\nignored`, [["a", "1"]]],
    ["an empty field", `--XX\r\n${DISPOSITION}; name=a\r\n\r\n\r\n--XX--`, [["a", ""]]],
    ["data that is a line break", `--XX\r\n${DISPOSITION}; name=a\r\n\r\n\r\n\r\n--XX--`, [["a", "\r\n"]]],
    ["data that begins with CR", `--XX\r\n${DISPOSITION}; name=a\r\n\r\n\rx\r\n--XX--`, [["a", "\rx"]]],
    ["data that begins with LF", `--XX\r\n${DISPOSITION}; name=a\r\n\r\n\nx\r\n--XX--`, [["a", "\nx"]]],
    ["data that ends with CR", `--XX\r\n${DISPOSITION}; name=a\r\n\r\nx\r\r\n--XX--`, [["a", "x\r"]]],
    [
      "a line that begins like a shorter boundary",
      `--XX\r\n${DISPOSITION}; name=a\r\n\r\n--X\r\n--X\r\n--XX--`,
      [["a", "--X\r\n--X"]],
    ],
    [
      "lines that begin like the boundary",
      `--XX\r\n${DISPOSITION}; name=a\r\n\r\n1\r\n--XXX\r\n--XX-x\r\n--XX-\r-\r\n--XX\rx\r\n--XX--`,
      [["a", "1\r\n--XXX\r\n--XX-x\r\n--XX-\r-\r\n--XX\rx"]],
    ],
    ["a boundary within a line", `--XX\r\n${DISPOSITION}; name=a\r\n\r\nx--XX--\r\n--XX--`, [["a", "x--XX--"]]],
  ])("reads %s, however it is cut", (_title, body, expected) => {
    const whole = bytes(body)
    for (let size = 1; size <= whole.length; size++) {
      const parts = partsOf(decoderOf("XX"), pieces(whole, size))
      expect(parts.map(({ name, data }) => [name, data])).toEqual(expected)
    }
  })

  test.each<[head: string, name: string, filename?: string]>([
    [`${DISPOSITION}; name=a`, "a"],
    [`content-disposition:FORM-DATA;NAME="a"`, "a"],
    [`${DISPOSITION}; name=""`, ""],
    [`${DISPOSITION}; name="näme 日本 😀"`, "näme 日本 😀"],
    [`${DISPOSITION}; name="__proto__"`, "__proto__"],
    [`${DISPOSITION}; name="a;b=c"`, "a;b=c"],
    [`${DISPOSITION}; name="a\\"b"`, 'a\\"b'],
    [`${DISPOSITION}; name="a%22b%0D%0Ac"`, 'a"b\r\nc'],
    [`${DISPOSITION};\r\n name="folded"`, "folded"],
    [`X: y\r\n${DISPOSITION}; name=a\r\nContent-Length: 3`, "a"],
    [`${DISPOSITION}; name=a\r\nContent-Transfer-Encoding: base64`, "a"],
    [`Content-Disposition: attachment; name=a`, "a"],
    [`${DISPOSITION}; name=a\r\nContent-Type: application/octet-stream`, "a"],
    [`${DISPOSITION}; name=a\r\nContent-Type: text/plain; charset=utf-7`, "a"],
    [`${DISPOSITION}; name=a\r\nContent-Type: nonsense`, "a"],
    [`${DISPOSITION}; name=a\r\n__proto__: x\r\nconstructor: y`, "a"],
    [`${DISPOSITION}; name=f; filename=""`, "f", ""],
    [`${DISPOSITION}; name=f; filename=".."`, "f", ".."],
    [`${DISPOSITION}; name=f; filename="/etc/passwd"`, "f", "/etc/passwd"],
    [`${DISPOSITION}; name=f; filename="C:\\dir\\file.txt"`, "f", "C:\\dir\\file.txt"],
    [`${DISPOSITION}; name=f; filename="a\r\n b"`, "f", "a b"],
    [`${DISPOSITION}; name=f[0]`, "f[0]"],
    [`${DISPOSITION}; name=f; filename=my file.txt`, "f", "my file.txt"],
    [`${DISPOSITION}; name=größe ; filename= größe.txt `, "größe", "größe.txt"],
    [`${DISPOSITION}; name=f; filename="a"b.txt; size=1`, "f", '"a"b.txt'],
    [`${DISPOSITION}; name=f; filename="say "hi".txt"`, "f", 'say "hi".txt'],
    [`${DISPOSITION}; name=f; filename=`, "f", ""],
    [`${DISPOSITION}; name=a%22b; filename=%2522`, 'a"b', "%2522"],
    [`${DISPOSITION}; name="f"; filename="a\\"`, "f", "a\\"],
    [`${DISPOSITION}; name="dir\\"; filename="a.bin"`, "dir\\", "a.bin"],
    [`${DISPOSITION}; name=f; filename="\\\\host\\share\\f.txt"`, "f", "\\\\host\\share\\f.txt"],
    [`${DISPOSITION}; name=f; filename="a\\\\b"`, "f", "a\\\\b"],
    [`${DISPOSITION}; name=f; filename*="UTF-8''a%20b.txt"`, "f", "a b.txt"],
    [`${DISPOSITION}; name=f; filename="a.txt"; filename*=UTF-8''%C3%A4.txt`, "f", "ä.txt"],
    [`${DISPOSITION}; name=f; filename*=UTF-8''%C3%A4.txt; filename="a.txt"`, "f", "ä.txt"],
    [`${DISPOSITION}; name=f; filename*=nonsense; filename="a.txt"`, "f", "a.txt"],
    [`${DISPOSITION}; name=f; filename="a.txt"; filename*=utf-16''%FE%FF`, "f", "a.txt"],
    [`${DISPOSITION}; filename*0=a; filename*1=b; name=f; filename=c`, "f", "ab"],
    [`${DISPOSITION}; filenames="x"; xname=y; name="f"`, "f"],
    [`${DISPOSITION};name="f"  ;\tfilename="a;b"\t; x`, "f", "a;b"],
    [`${DISPOSITION}; name=f; filename*=UTF-8''%E2%82%AC.txt`, "f", "€.txt"],
    [`${DISPOSITION}; name=f; filename*=utf-8''%FF%GG`, "f", "\ufffd%GG"],
    [`${DISPOSITION}; name=f; filename*0*=UTF-8''%C3%A4; filename*1=b.txt`, "f", "äb.txt"],
    [`${DISPOSITION}; name=f; filename="${"n".repeat(5000)}"`, "f", "n".repeat(5000)],
  ])("understands the head %j", (head, name, filename) => {
    const [part] = parse(onePart(head, "data"))
    expect([part?.name, part?.filename, part?.data]).toEqual([name, filename, "data"])
  })

  test.each([
    ["no Content-Disposition", onePart("Content-Type: text/plain")],
    ["no header at all", lines("--XX", "", "v", "--XX--")],
    ["no name", onePart(DISPOSITION)],
    ["a name that doesn't end", onePart(`${DISPOSITION}; name="a`)],
    ["two names", onePart(`${DISPOSITION}; name=a; NAME="a"`)],
    ["two filenames", onePart(`${DISPOSITION}; name=a; filename=b; filename=c`)],
    ["two extended filenames", onePart(`${DISPOSITION}; name=a; filename*=UTF-8''b; filename*=UTF-8''c`)],
    ["a filename that doesn't end", onePart(`${DISPOSITION}; name=a; filename="b`)],
    ["a first boundary in the middle of a line", bytes(`x--XX\r\n${DISPOSITION}; name=a\r\n\r\n1\r\n--XX--`)],
    ["a last boundary in the middle of the first line", bytes("x--XX--\r\n--XX--")],
    ["CR alone as line break", bytes(`--XX\r${DISPOSITION}; name=a\r\r1\r--XX--\r`)],
    ["CR alone in a head", bytes(`--XX\r\n${DISPOSITION}; name=a\rX: y\r\n\r\n1\r\n--XX--`)],
    ["a name that is not UTF-8", bytes(`--XX\r\n${DISPOSITION}; name="\xe9"\r\n\r\nv\r\n--XX--`, "latin1")],
    ["LF in a name", onePart(`${DISPOSITION}; name="a\nb"`)],
    ["CR in a name", onePart(`${DISPOSITION}; name="a\rb"`)],
    ["NUL in a name", onePart(`${DISPOSITION}; name="a\0b"`)],
    ["a header that begins with a space", onePart(` ${DISPOSITION}; name=a`)],
    ["a header without a name", onePart(`: x\r\n${DISPOSITION}; name=a`)],
    ["a line without a colon", onePart(`nonsense\r\n${DISPOSITION}; name=a`)],
    ["a part that ends within its head", lines("--XX", `${DISPOSITION}; name=a`, "--XX--", "")],
    ["an end within the head", lines("--XX", `${DISPOSITION}; na`)],
    ["an end within data", lines("--XX", `${DISPOSITION}; name=a`, "", "1")],
    ["an end within the last boundary", lines("--XX", `${DISPOSITION}; name=a`, "", "1", "--XX-")],
    ["an end behind a boundary", lines("--XX", `${DISPOSITION}; name=a`, "", "1", "--XX")],
    ["nothing", bytes("")],
    ["another boundary", lines("--YY", `${DISPOSITION}; name=a`, "", "1", "--YY--")],
  ])("refuses %s, however it is cut", (_title, body) => {
    for (let size = 1; size <= body.length + 1; size++) {
      expect(() => partsOf(decoderOf("XX"), pieces(body, size))).toThrow(MalformedForm)
    }
  })

  test("keeps failing once it has failed", () => {
    const decoder = decoderOf("XX")
    decoder.receiveData(onePart(DISPOSITION))
    expect(() => decoder.nextEvent()).toThrow(MalformedForm)
    decoder.receiveData(onePart(`${DISPOSITION}; name=a`))
    decoder.receiveData(undefined)
    expect(() => decoder.nextEvent()).toThrow(MalformedForm)
  })

  test.each(["$^", "[a-z]+", "(", "a b", "'()+_,-./:=?", 'a"\\b', "x".repeat(70), "-", "--"])(
    "takes the boundary %j literally",
    (boundary) => {
      const body = lines(`--${boundary}`, `${DISPOSITION}; name=a`, "", "1", `--${boundary}--`)
      expect(parse(body, boundary).map(({ data }) => data)).toEqual(["1"])
    },
  )

  test("counts parts, and stops at the first that is too many", () => {
    const part = `--XX\r\n${DISPOSITION}; name=a\r\n\r\n\r\n`
    const limited = (count: number) =>
      partsOf(decoderOf("XX", { maxFormParts: 3 }), [bytes(`${part.repeat(count)}--XX--`)])
    expect(limited(3)).toHaveLength(3)
    expect(() => limited(4)).toThrow(RequestEntityTooLarge)
    expect(() => limited(4)).toThrow('maxFormParts allows, which is 3, with the field "a"')
    // It needs not see the rest.
    const decoder = decoderOf("XX", { maxFormParts: 3 })
    decoder.receiveData(bytes(`${part.repeat(4)}`))
    const pull = () => {
      while (decoder.nextEvent() !== undefined);
    }
    expect(pull).toThrow("maxFormParts")
  })

  test("limits the head of a part", () => {
    const head = (size: number) => onePart(`${DISPOSITION}; name=a\r\nX: ${"x".repeat(size)}`)
    const most = (limits: { maxPartHeaderSize?: number }, size: number) =>
      partsOf(decoderOf("XX", limits), [head(size)])
    expect(most({}, 16_000)).toHaveLength(1)
    expect(() => most({}, 16_400)).toThrow("maxPartHeaderSize")
    expect(() => most({}, 1_000_000)).toThrow(RequestEntityTooLarge)
    expect(most({ maxPartHeaderSize: 200 }, 100)).toHaveLength(1)
    expect(() => most({ maxPartHeaderSize: 200 }, 200)).toThrow("maxPartHeaderSize")
    const endless = decoderOf("XX")
    endless.receiveData(bytes(`--XX\r\nX: ${"x".repeat(20_000)}`))
    expect(() => endless.nextEvent()).toThrow("maxPartHeaderSize")
    const many = onePart(`${DISPOSITION}; name=a\r\n${"a:\r\n".repeat(3000)}b: c`)
    const decoded = () => partsOf(decoderOf("XX"), [many])[0]?.headers.length
    expect(decoded()).toBe(3002)
  })

  // Each takes twice as long for twice as much, or at least not thrice.
  test.each<[string, (count: number) => string]>([
    ["CR", (count) => "\r".repeat(count * 40)],
    ["line breaks", (count) => "\r\n".repeat(count * 20)],
    ["LF", (count) => "\n".repeat(count * 40)],
    ["beginnings of the boundary", (count) => "\r\n--BBBBBBB".repeat(count * 4)],
    ["ends of the boundary", (count) => "BBBBBBBBBB".repeat(count * 4)],
    ["boundaries that go on otherwise", (count) => "\r\n--BBBBBBBBBBB".repeat(count * 4)],
    ["boundaries within a line", (count) => "--BBBBBBBBBB".repeat(count * 4)],
    ["a preamble", () => ""],
  ])("is linear in %s", async (title, data) => {
    await expectLinear((count) => {
      const filler = data(count)
      const preamble = title === "a preamble" ? "\r\n--BBBBBBB".repeat(count * 4) : ""
      const body = bytes(
        `${preamble}\r\n--BBBBBBBBBB\r\n${DISPOSITION}; name=f; filename=f\r\n\r\n${filler}\r\n--BBBBBBBBBB--`,
      )
      return () => {
        const decoder = decoderOf("BBBBBBBBBB")
        for (const piece of pieces(body, 65536)) {
          decoder.receiveData(piece)
          while (decoder.nextEvent() !== undefined);
        }
      }
    }, 2000)
  })

  test.each<[string, string]>([
    ["%22", "%22"],
    ["line breaks", "%0D%0a"],
    ["percent signs", "%"],
    ["backslashes", "\\"],
    ["quotes", '"'],
    ["quotes and spaces", '" '],
    ["parameters", '";a="b'],
    ["parameters in parts", ";filename*1=b"],
    ["folded lines", "a\r\n "],
    ["letters beyond ASCII", "é"],
  ])("is linear in names of %s, however they come", async (_, filler) => {
    for (const size of [64, 65536]) {
      await expectLinear((count) => {
        const name = filler.repeat(Math.floor((count * 20) / filler.length))
        const body = bytes(`--XX\r\n${DISPOSITION}; name="${name}"\r\n\r\n\r\n`.repeat(10))
        const chunks = [...pieces(body, size)]
        return () => {
          const decoder = new MultipartDecoder("XX")
          for (const chunk of chunks) {
            decoder.receiveData(chunk)
            while (decoder.nextEvent() !== undefined);
          }
        }
      }, 200)
    }
  })

  test.each(["chromium-multipart", "curl-length"])("reads %s alike, cut at every byte", (name) => {
    const { contentType, body } = recorded(name)
    const boundary = boundaryOf(contentType)
    const whole = partsOf(decoderOf(boundary), [body])
    expect(whole.length).toBeGreaterThan(6)
    for (let cut = 1; cut < body.length; cut++) {
      expect(partsOf(decoderOf(boundary), [body.slice(0, cut), body.slice(cut)])).toEqual(whole)
    }
    expect(partsOf(decoderOf(boundary), pieces(body, 1))).toEqual(whole)
  })

  test("gives back what the encoder was given, for all bytes and cuts", () => {
    const name = fc
      .string({ unit: "binary" })
      .filter((candidate) => !/\p{Surrogate}|%(22|0A|0D)|[^\P{Cc}\r\n\t]/iu.test(candidate))
    const data = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      // Much that looks like a boundary, and is none.
      fc
        .array(
          fc.constantFrom(
            "\r",
            "\n",
            "\r\n",
            "-",
            "--",
            "--B",
            "\r\n--B",
            "\r\n-",
            "x",
            "\r\n--BoundaryBoundaryX",
            "\r\n--BoundaryBoundary-x",
          ),
        )
        .map((all) => bytes(all.join(""))),
    )
    const part = fc.record({ name, filename: fc.option(name, { nil: undefined }), data })
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), fc.integer({ min: 1, max: 80 }), (parts, size) => {
        const encoder = new MultipartEncoder("BoundaryBoundary")
        const chunks = parts.flatMap(({ name, filename, data }) => [
          encoder.sendEvent(
            filename === undefined
              ? { type: "field", name, headers: [] }
              : { type: "file", name, filename, headers: [] },
          ),
          encoder.sendEvent({ type: "data", data, moreData: false }),
        ])
        chunks.push(encoder.sendEvent({ type: "epilogue", data: bytes("\r\n") }))
        const decoded = partsOf(decoderOf("BoundaryBoundary"), pieces(Buffer.concat(chunks), size))
        const expected = parts.map(({ name, filename, data }) => ({ name, filename, data: text(data) }))
        expect(decoded.map(({ name, filename, data }) => ({ name, filename, data }))).toEqual(expected)
      }),
    )
  })

  test("answers any bytes with parts or an error of the client", () => {
    const snippet = fc.constantFrom(
      "--XX",
      "--XX--",
      "\r\n",
      "\n",
      "\r",
      "--",
      "X",
      ":",
      " ",
      `${DISPOSITION}; name=a`,
      "; filename=b",
      '"',
      "\\",
      "\0",
      "é",
      "\r\n\r\n",
      "\r\n--XX\r\n",
    )
    fc.assert(
      fc.property(fc.array(snippet, { maxLength: 30 }), fc.integer({ min: 1, max: 20 }), (snippets, size) => {
        try {
          partsOf(decoderOf("XX"), pieces(bytes(snippets.join("")), size))
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedForm)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
