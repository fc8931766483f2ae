// The media type that the name of a file stands for, from the tables of mime-types.

import { lookup } from "mime-types"

/** Endings that say how a file is coded, and nothing about what is in it. */
const CODINGS: ReadonlyMap<string, string> = new Map([
  ["gz", "gzip"],
  ["br", "br"],
  ["zst", "zstd"],
])

const UNKNOWN = "application/octet-stream"

/** What a name says about a file. */
export interface FileType {
  /** The media type, without parameters. */
  mimetype: string
  /** The `Content-Encoding`, when the file is a coded form of another. */
  coding: string | undefined
}

/**
 * What the ending of a name stands for, in upper or lower case. A name that is nothing but an ending has none.
 *
 * @param view `decoded` for a compressed file that is to be seen as what is in it, `as-it-is` to take it for itself
 * @example
 * guessFileType("page.html") // => { mimetype: "text/html", coding: undefined }
 * guessFileType("page.html.gz") // => { mimetype: "text/html", coding: "gzip" }
 * guessFileType("page.html.gz", "as-it-is") // => { mimetype: "application/gzip", coding: undefined }
 * guessFileType(".html") // => { mimetype: "application/octet-stream", coding: undefined }
 */
export function guessFileType(name: string, view: "decoded" | "as-it-is" = "decoded"): FileType {
  const [stem, ending] = splitEnding(name)
  const coding = ending === undefined || view === "as-it-is" ? undefined : CODINGS.get(ending)
  return { mimetype: typeOf(coding === undefined ? ending : splitEnding(stem)[1]), coding }
}

/** Given a dot in front, `lookup` takes the text for an ending and not for a name. */
function typeOf(ending: string | undefined): string {
  return (ending !== undefined && lookup(`.${ending}`)) || UNKNOWN
}

function splitEnding(name: string): [stem: string, ending: string | undefined] {
  const dot = name.lastIndexOf(".")
  const first = name.lastIndexOf("/") + 1
  return dot <= first ? [name, undefined] : [name.slice(0, dot), name.slice(dot + 1).toLowerCase()]
}
