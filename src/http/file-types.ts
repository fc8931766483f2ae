// The media type that the name of a file stands for, from the tables of mime-types: for files that are sent, files of a site,
// and uploads. Whether a compressed file is a file to be kept or a way to send another one is decided here, too.
//
// `x.tar.gz`, `x.tgz` and `x.js.gz` are files to be kept. Told as a Content-Encoding, the compression would be taken off by
// browsers and other clients: what is saved as `x.tar.gz` would be a tar file, its checksum another one. Formats that are
// compressed by definition and used as what is in them, `.svgz` alone, need the Content-Encoding to be read at all.

import { types } from "mime-types"

/** Endings that say how a file is coded, with the coding and the type of such files themselves. */
const CODED: ReadonlyMap<string, { readonly coding: string; readonly mimetype: string }> = new Map([
  ["gz", { coding: "gzip", mimetype: "application/gzip" }],
  ["br", { coding: "br", mimetype: "application/octet-stream" }],
  ["zst", { coding: "zstd", mimetype: "application/zstd" }],
])

/** Endings that stand for two. */
const SHORT: ReadonlyMap<string, readonly [inner: string, outer: string]> = new Map([
  ["tgz", ["tar", "gz"]],
  ["svgz", ["svg", "gz"]],
])

const ALWAYS_DECODED: ReadonlySet<string> = new Set(["svgz"])

const UNKNOWN = "application/octet-stream"

/** What a name says about a file. */
export interface FileType {
  /** The media type, without parameters. */
  mimetype: string
  /** The `Content-Encoding`, when the file is sent as a coded form of another. */
  coding: string | undefined
}

/**
 * How a compressed file is seen: as a file to be kept, unless its format is made to be read through (`.svgz`); always as what is
 * in it, with a Content-Encoding; or always as the bytes that it is.
 */
export type FileView = "usual" | "decoded" | "as-it-is"

/**
 * What the ending of a name stands for, in upper or lower case. A name such as `.html`, which is only an ending, has no ending.
 *
 * @example
 * guessFileType("page.html") // => { mimetype: "text/html", coding: undefined }
 * guessFileType("page.tar.gz") // => { mimetype: "application/gzip", coding: undefined }
 * guessFileType("page.html.gz", "decoded") // => { mimetype: "text/html", coding: "gzip" }
 * guessFileType("image.svgz") // => { mimetype: "image/svg+xml", coding: "gzip" }
 * guessFileType("image.svgz", "as-it-is") // => { mimetype: "application/gzip", coding: undefined }
 * guessFileType(".html") // => { mimetype: "application/octet-stream", coding: undefined }
 */
export function guessFileType(name: string, view: FileView = "usual"): FileType {
  const [stem, ending] = splitEnding(name)
  if (ending === undefined) return { mimetype: UNKNOWN, coding: undefined }
  const [inner, outer] = SHORT.get(ending) ?? [undefined, ending]
  const coded = CODED.get(outer)
  if (coded === undefined) return { mimetype: typeOf(ending), coding: undefined }
  const isDecoded = view === "decoded" || (view === "usual" && ALWAYS_DECODED.has(ending))
  if (!isDecoded) return { mimetype: coded.mimetype, coding: undefined }
  return { mimetype: typeOf(inner ?? splitEnding(stem)[1]), coding: coded.coding }
}

function typeOf(ending: string | undefined): string {
  return (ending !== undefined && types[ending]) || UNKNOWN
}

function splitEnding(name: string): [stem: string, ending: string | undefined] {
  const dot = name.lastIndexOf(".")
  const first = name.lastIndexOf("/") + 1
  return dot <= first ? [name, undefined] : [name.slice(0, dot), name.slice(dot + 1).toLowerCase()]
}
