import { createWriteStream } from "node:fs"
import { open, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Writable } from "node:stream"
import fc from "fast-check"
import { describe, expect, expectTypeOf, test } from "vitest"
import { type FileContent, FileStorage } from "../../src/datastructures/file-storage.ts"
import { sharedFolder } from "../support/files.ts"

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ""
  for await (const chunk of chunks) text += decode(chunk)
  return text
}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield encode(text)
}

const folder = sharedFolder()

/** A content on disk, as an upload store would give it in. */
function diskContent(path: string, size: number): FileContent & { closed: number } {
  return {
    size,
    closed: 0,
    async *stream() {
      yield new Uint8Array(await readFile(path))
    },
    bytes: async () => new Uint8Array(await readFile(path)),
    async close() {
      this.closed++
      throw new Error("gone already")
    },
    saveTo: async (target) => writeFile(target, await readFile(path)),
  }
}

describe("what the client says", () => {
  test("is there as it came", () => {
    const file = new FileStorage(encode("x"), {
      name: "field",
      filename: "../../etc/passwd",
      contentType: "Text/HTML; Charset=UTF-8",
      contentLength: 7,
      headers: [
        ["X-A", "1"],
        ["Content-Type", "a/b"],
      ],
    })
    expect(file.name).toBe("field")
    expect(file.filename).toBe("../../etc/passwd")
    expect(file.contentType).toBe("Text/HTML; Charset=UTF-8")
    expect(file.mimetype).toBe("text/html")
    expect(file.mimetypeParams).toEqual(new Map([["charset", "UTF-8"]]))
    expect(file.contentLength).toBe(7)
    expect(file.size).toBe(1)
    expect(file.headers.toList()).toEqual([
      ["X-A", "1"],
      ["Content-Type", "Text/HTML; Charset=UTF-8"],
      ["Content-Length", "7"],
    ])
    expect(file.hasFile).toBe(true)
  })

  test("may be missing", () => {
    const file = new FileStorage()
    expect([file.name, file.filename, file.contentType]).toEqual([undefined, undefined, undefined])
    expect([file.mimetype, file.contentLength, file.size, file.hasFile]).toEqual(["", 0, 0, false])
    expect(new FileStorage(null, { filename: "" }).hasFile).toBe(false)
  })

  test.each(["x", "-5", "1.5", "+1"])("a length of %j counts as 0", (length) => {
    expect(new FileStorage(null, { headers: { "Content-Length": length } }).contentLength).toBe(0)
  })

  test("a File tells its name and type, unless something else is said", () => {
    const upload = new File(["x"], "a.txt", { type: "text/plain" })
    expect(new FileStorage(upload).filename).toBe("a.txt")
    expect(new FileStorage(upload).contentType).toBe("text/plain")
    expect(new FileStorage(upload, { filename: "b", contentType: "c/d" }).filename).toBe("b")
    expect(new FileStorage(upload, { contentType: "c/d" }).contentType).toBe("c/d")
    expect(new FileStorage(upload, { headers: { "content-type": "e/f" } }).contentType).toBe("e/f")
    expect(new FileStorage(new File([], "<stderr>")).filename).toBeUndefined()
    expect(new FileStorage(new Blob([])).contentType).toBeUndefined()
  })

  test("may not break out of its header", () => {
    expect(() => new FileStorage(null, { contentType: "a/b\r\nX: y" })).toThrow(TypeError)
  })
})

describe("the bytes", () => {
  const sources: [string, () => FileStorage][] = [
    ["bytes", () => new FileStorage(encode("hello world"))],
    ["a Blob", () => new FileStorage(new Blob(["hello world"]))],
    ["an array of chunks", () => new FileStorage([encode("hello "), encode("world")])],
    ["an async iterable", () => new FileStorage(chunks("hel", "lo wo", "", "rld"))],
    ["a web stream", () => new FileStorage(new Blob(["hello world"]).stream())],
  ]

  test.each(sources)("of %s can be had in every way", async (_, make) => {
    expect(await make().text()).toBe("hello world")
    expect(decode(await make().bytes())).toBe("hello world")
    expect(decode(new Uint8Array(await make().arrayBuffer()))).toBe("hello world")
    expect(await collect(make().stream())).toBe("hello world")
    expect(await collect(make())).toBe("hello world")
  })

  test.each(sources)("of %s can be read in pieces", async (_, make) => {
    const file = make()
    expect(decode(await file.read(2))).toBe("he")
    expect(await file.read(0)).toHaveLength(0)
    expect(decode(await file.read(5))).toBe("llo w")
    expect(decode(await file.read())).toBe("orld")
    expect(await file.read()).toHaveLength(0)
    expect(await file.read(5)).toHaveLength(0)
    await file.close()
  })

  test("of a stream are there once, unless they were all asked for", async () => {
    const once = new FileStorage(chunks("ab"))
    expect(once.size).toBeUndefined()
    expect(await collect(once)).toBe("ab")
    await expect(collect(once)).rejects.toThrow(TypeError)
    const kept = new FileStorage(chunks("a", "b"))
    expect(await kept.text()).toBe("ab")
    expect(await kept.text()).toBe("ab")
    expect(await collect(kept)).toBe("ab")
  })

  test("are text in the charset that the client names, else UTF-8", async () => {
    const latin1 = new Uint8Array([0xe9])
    expect(await new FileStorage(latin1, { contentType: "text/plain; charset=iso-8859-1" }).text()).toBe("é")
    expect(await new FileStorage(latin1, { contentType: "text/plain" }).text()).toBe("\ufffd")
    expect(await new FileStorage(encode("é"), { contentType: "text/plain; charset=klingon" }).text()).toBe("é")
  })

  test("are never shared by mistake", async () => {
    const bytes = encode("abc")
    const buffer = await new FileStorage(bytes.subarray(1, 2)).arrayBuffer()
    expect(decode(new Uint8Array(buffer))).toBe("b")
  })
})

describe("saving", () => {
  const make = () => new FileStorage(chunks("hello ", "world"), { filename: "../evil" })

  test("goes through the content when it is to a path", async () => {
    const path = join(folder, "source")
    await writeFile(path, "on disk")
    const file = new FileStorage(diskContent(path, 7), { filename: "/etc/passwd" })
    await file.save(join(folder, "copy"))
    await file.save(new URL(`file://${folder}/by-url`))
    expect(await readFile(join(folder, "copy"), "utf8")).toBe("on disk")
    expect(await readFile(join(folder, "by-url"), "utf8")).toBe("on disk")
    await expect(make().save(join(folder, "nowhere"))).rejects.toThrow(TypeError)
  })

  test("to an open file leaves it open", async () => {
    const handle = await open(join(folder, "handle"), "w")
    await make().save(handle)
    await handle.writeFile("!")
    await handle.close()
    expect(await readFile(join(folder, "handle"), "utf8")).toBe("hello world!")
  })

  test("to a stream of Node leaves it open, and waits for it", async () => {
    const stream = createWriteStream(join(folder, "stream"))
    await make().save(stream)
    await new Promise<void>((resolve) => stream.end("!", resolve))
    expect(await readFile(join(folder, "stream"), "utf8")).toBe("hello world!")

    let waiting = 0
    let most = 0
    const slow = new Writable({
      write(_chunk, _encoding, done) {
        most = Math.max(most, ++waiting)
        setImmediate(() => {
          waiting--
          done()
        })
      },
    })
    await make().save(slow)
    expect(most).toBe(1)
  })

  test("to a web stream leaves it open", async () => {
    let text = ""
    const stream = new WritableStream<Uint8Array>({
      write(chunk) {
        text += decode(chunk)
      },
    })
    await make().save(stream)
    const writer = stream.getWriter()
    await writer.write(encode("!"))
    expect(text).toBe("hello world!")
  })

  test("fails when the target fails", async () => {
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error("disk full")) })
    broken.on("error", () => {})
    await expect(make().save(broken)).rejects.toThrow("disk full")
  })
})

describe("closing", () => {
  test("closes the content, and ignores what goes wrong then", async () => {
    const content = diskContent(join(folder, "none"), 0)
    const file = new FileStorage(content)
    await file.close()
    expect(content.closed).toBe(1)
    {
      await using other = new FileStorage(content)
      expect(other.size).toBe(0)
    }
    expect(content.closed).toBe(2)
  })

  test("ends a reading that has begun", async () => {
    let ended = false
    async function* source() {
      try {
        yield encode("a")
        yield encode("b")
      } finally {
        ended = true
      }
    }
    const file = new FileStorage(source())
    await file.read(1)
    await file.close()
    expect(ended).toBe(true)
  })
})

test("types tell what a file gives", () => {
  const file = new FileStorage()
  expectTypeOf(file.size).toEqualTypeOf<number | undefined>()
  expectTypeOf(file.bytes()).toEqualTypeOf<Promise<Uint8Array>>()
  expectTypeOf(file.read).parameter(0).toEqualTypeOf<number | undefined>()
})

describe("lines", () => {
  const linesOf = async (file: FileStorage) => {
    const lines: string[] = []
    for await (const line of file.lines()) lines.push(line)
    return lines
  }

  test.each<[text: string, lines: string[]]>([
    ["", []],
    ["a", ["a"]],
    ["a\n", ["a"]],
    ["a\nb", ["a", "b"]],
    ["a\r\nb\r\n", ["a", "b"]],
    ["\n\n", ["", ""]],
    ["a\rb\n", ["a\rb"]],
    ["a\r", ["a\r"]],
    ["\r\n", [""]],
    ["größe\n€\n", ["größe", "€"]],
  ])("of %j are %j, whatever pieces the bytes come in", async (text, lines) => {
    const bytes = encode(text)
    expect(await linesOf(new FileStorage(bytes))).toEqual(lines)
    for (const size of [1, 2, 3]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      )
      expect(await linesOf(new FileStorage(pieces))).toEqual(lines)
    }
  })

  test("are what splitting the whole text gives", async () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "\n", "\r", "€"), maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 7 }), async (whole, size) => {
        const bytes = encode(whole)
        const pieces: Uint8Array[] = []
        for (let i = 0; i < bytes.length; i += size) pieces.push(bytes.subarray(i, i + size))
        const expected = whole.split("\n")
        const last = expected.pop()
        const lines = expected.map((line) => line.replace(/\r$/, ""))
        expect(await linesOf(new FileStorage(pieces))).toEqual(last ? [...lines, last] : lines)
      }),
    )
  })

  test("are in the charset of the file", async () => {
    const file = new FileStorage(new Uint8Array([0xe9, 0x0a, 0xe8]), { contentType: "text/csv; charset=iso-8859-1" })
    expect(await linesOf(file)).toEqual(["é", "è"])
  })

  test("that are left half read let the stream go", async () => {
    let ended = false
    const source = (async function* () {
      try {
        for (;;) yield encode("line\n")
      } finally {
        ended = true
      }
    })()
    for await (const line of new FileStorage(source).lines()) {
      expect(line).toBe("line")
      break
    }
    expect(ended).toBe(true)
  })

  test("of a megabyte without a line feed in small pieces take linear time", async () => {
    const piece = new Uint8Array(16).fill(0x61)
    const [line] = await linesOf(new FileStorage(Array.from({ length: 65_536 }, () => piece)))
    expect(line?.length).toBe(1024 * 1024)
  })
})
