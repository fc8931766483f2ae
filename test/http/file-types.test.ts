import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { FileMultiDict } from "../../src/datastructures/file-multi-dict.ts"
import { type FileView, guessFileType } from "../../src/http/file-types.ts"

const UNKNOWN = "application/octet-stream"

describe("the name of a file stands for a type", () => {
  test.each<[name: string, usual: [string, string?], decoded?: [string, string?], asItIs?: string]>([
    ["a.html", ["text/html"]],
    ["A.HTML", ["text/html"]],
    ["a.tar.gz", ["application/gzip"], ["application/x-tar", "gzip"]],
    ["a.tgz", ["application/gzip"], ["application/x-tar", "gzip"]],
    ["a.TGZ", ["application/gzip"], ["application/x-tar", "gzip"]],
    ["a.js.gz", ["application/gzip"], ["text/javascript", "gzip"]],
    ["a.gz", ["application/gzip"], [UNKNOWN, "gzip"]],
    ["a.html.br", [UNKNOWN], ["text/html", "br"]],
    ["a.html.zst", ["application/zstd"], ["text/html", "zstd"]],
    ["a.svgz", ["image/svg+xml", "gzip"], ["image/svg+xml", "gzip"], "application/gzip"],
    ["a.svg.gz", ["application/gzip"], ["image/svg+xml", "gzip"]],
    ["a.svgz.gz", ["application/gzip"], ["image/svg+xml", "gzip"]],
    ["a.zip", ["application/zip"]],
    ["a.tar.bz2", ["application/x-bzip2"]],
    ["a", [UNKNOWN]],
    ["", [UNKNOWN]],
    ["js", [UNKNOWN]],
    [".html", [UNKNOWN]],
    ["folder.html/name", [UNKNOWN]],
    ["folder/.gz", [UNKNOWN]],
    ["a.unheard-of", [UNKNOWN]],
    ["a.__proto__", [UNKNOWN]],
  ])("%j", (name, usual, decoded = usual, asItIs = usual[0]) => {
    const type = ([mimetype, coding]: [string, string?]) => ({ mimetype, coding })
    expect(guessFileType(name)).toEqual(type(usual))
    expect(guessFileType(name, "decoded")).toEqual(type(decoded))
    expect(guessFileType(name, "as-it-is")).toEqual(type([asItIs]))
  })

  test("which an upload has as well", () => {
    for (const name of ["a.tar.gz", "a.tgz", "a.js.gz", "a.svgz", "a.html", "js", "a"]) {
      const files = new FileMultiDict()
      files.addFile("file", new Uint8Array(1), name)
      expect([name, files.get("file")?.contentType]).toEqual([name, guessFileType(name).mimetype])
    }
  })

  test("for every name", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom<FileView>("usual", "decoded", "as-it-is"), (name, view) => {
        expect(guessFileType(name, view).mimetype).toMatch(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/)
      }),
    )
  })
})
