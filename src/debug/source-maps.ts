// Places in what runs, and where they come from: source maps as compilers and bundlers leave them, in the script itself or
// in a file beside it. Node's own class reads them. Nothing is fetched.

import { readFile } from "node:fs/promises"
import { SourceMap, type SourceMapPayload } from "node:module"
import { isAbsolute } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { Script } from "./inspection-messages.ts"

/** A place in a source. Line and column count from 1. */
export interface OriginalPlace {
  /** A path for files, else a URL. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A larger map is not read. */
const MAX_MAP_BYTES = 64 * 1024 * 1024

/** The map of one script. */
export class ScriptMap {
  readonly #map: SourceMap
  readonly #base: string
  /** Texts that the map brings along, by the file that they are of. */
  readonly contents: ReadonlyMap<string, string>
  /** Every file that it names, as in `OriginalPlace`. */
  readonly files: ReadonlySet<string>

  constructor(payload: SourceMapPayload, mapUrl: string) {
    this.#map = new SourceMap(payload)
    this.#base = mapUrl
    const contents = new Map<string, string>()
    const files = new Set<string>()
    for (const section of sectionsOf(payload)) {
      for (const [index, source] of (section.sources ?? []).entries()) {
        if (typeof source !== "string") continue
        const file = this.#fileOf(rooted(section.sourceRoot, source))
        files.add(file)
        const text: unknown = section.sourcesContent?.[index]
        if (typeof text === "string") contents.set(file, text)
      }
    }
    this.contents = contents
    this.files = files
  }

  /** Where a place of the script comes from. */
  originOf(line: number, column: number): OriginalPlace | undefined {
    const entry = this.#map.findEntry(line - 1, column - 1)
    if (!("originalSource" in entry) || typeof entry.originalSource !== "string") return undefined
    return {
      file: this.#fileOf(entry.originalSource),
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
    }
  }

  #fileOf(source: string): string {
    return fileOfUrl(URL.canParse(source, this.#base) ? new URL(source, this.#base).href : source)
  }
}

/**
 * A URL of a file as a path; every other one as it is.
 *
 * @example
 * fileOfUrl("file:///srv/a%20b.ts?v=1") // => "/srv/a b.ts"
 * fileOfUrl("webpack://app/a.ts") // => "webpack://app/a.ts"
 */
export function fileOfUrl(url: string): string {
  if (!url.startsWith("file:")) return url
  try {
    return fileURLToPath(url)
  } catch {
    return url
  }
}

interface Section {
  readonly sources?: readonly unknown[]
  readonly sourcesContent?: readonly unknown[]
  readonly sourceRoot?: string
}

/** Bundlers may join maps into one of sections. */
function sectionsOf(payload: SourceMapPayload): Section[] {
  const { sections } = payload as unknown as { sections?: { map: Section }[] }
  return Array.isArray(sections) ? sections.map(({ map }) => map) : [payload as unknown as Section]
}

function rooted(root: string | undefined, source: string): string {
  if (root === undefined || root === "") return source
  return `${root.replace(/\/$/, "")}/${source}`
}

/** The map of a script, if it names one that can be read. */
export async function loadScriptMap({ url, sourceMapUrl }: Script): Promise<ScriptMap | undefined> {
  if (sourceMapUrl === "") return undefined
  try {
    if (sourceMapUrl.startsWith("data:")) {
      const comma = sourceMapUrl.indexOf(",")
      const data = sourceMapUrl.slice(comma + 1)
      const isBase64 = /;base64$/i.test(sourceMapUrl.slice(0, comma))
      const text = isBase64 ? Buffer.from(data, "base64").toString("utf8") : decodeURIComponent(data)
      return new ScriptMap(JSON.parse(text), scriptUrl(url))
    }
    const mapUrl = new URL(sourceMapUrl, scriptUrl(url)).href
    if (!mapUrl.startsWith("file:")) return undefined
    const bytes = await readFile(fileURLToPath(mapUrl))
    if (bytes.length > MAX_MAP_BYTES) return undefined
    // Some maps begin with a line that keeps browsers from running them.
    return new ScriptMap(JSON.parse(bytes.toString("utf8").replace(/^\)\]\}'[^\n]*\n/, "")), mapUrl)
  } catch {
    return undefined
  }
}

/** CommonJS modules go by their path. */
function scriptUrl(url: string): string {
  return isAbsolute(url) ? pathToFileURL(url).href : url
}
