// Texts of what runs, and places in them. Only scripts that the engine has loaded are shown, and files that the source map
// of such a script names: a stack is text, and could name any file of this machine.

import { readFile, stat } from "node:fs/promises"
import { isAbsolute } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { Script } from "./inspection-messages.ts"
import { fileOfUrl, loadScriptMap, type OriginalPlace, type ScriptMap } from "./source-maps.ts"

/** Gives the scripts and their text by URL. */
export interface ScriptSource {
  script(url: string): Promise<Script | undefined>
  source(url: string): Promise<string | undefined>
}

/** Lines of a source around a place. */
export interface Excerpt {
  /** The number of the first line. */
  readonly first: number
  readonly lines: readonly string[]
  /** The place itself, in its line from 1. */
  readonly line: number
  readonly column: number
}

/** So many lines before the place and behind it. */
const CONTEXT_LINES = 5
/** Of a longer line a part is shown. */
const MAX_LINE = 240
/** So many texts are kept. */
const MAX_TEXTS = 100
const MAX_FILE_BYTES = 8 * 1024 * 1024
/** Node replaces types by blanks: the file itself has every place where it was, and reads better. */
const TYPESCRIPT = /\.[mc]?ts$/

export class Sources {
  readonly #source: ScriptSource
  // Each question goes to another thread and back, and the same files come again with each error.
  readonly #scripts = new Map<string, Promise<Script | undefined>>()
  readonly #texts = new Map<string, Promise<string | undefined>>()
  readonly #maps = new Map<string, Promise<ScriptMap | undefined>>()

  constructor(source: ScriptSource) {
    this.#source = source
  }

  /** Where a place of a script comes from; the place itself where there is no map. */
  async originOf(url: string, line: number, column: number): Promise<OriginalPlace> {
    const map = await this.#mapOf(url)
    return map?.originOf(line, column) ?? { file: fileOfUrl(url), line, column }
  }

  /**
   * Where a place comes from that Node has perhaps translated already, as it does in the text of a stack when source maps are
   * enabled: then the name is that of the source.
   */
  async originOfText(file: string, line: number, column: number): Promise<OriginalPlace> {
    const url = urlOfFile(file)
    const map = (await this.#mapOf(url)) ?? (await this.#mapOf(file))
    const place = { file: fileOfUrl(file), line, column }
    if (map === undefined || (process.sourceMapsEnabled && map.files.has(place.file))) return place
    return map.originOf(line, column) ?? place
  }

  /** The lines around a place, if it is one of a loaded script or of a source behind one. */
  async excerpt({ file, line, column }: OriginalPlace, scriptUrl: string | undefined): Promise<Excerpt | undefined> {
    const text = await this.#textOf(file, scriptUrl)
    if (text === undefined) return undefined
    const lines = text.split(/\r\n|\n|\r/)
    if (line < 1 || line > lines.length) return undefined
    const first = Math.max(1, line - CONTEXT_LINES)
    const around = lines.slice(first - 1, line + CONTEXT_LINES)
    const shown = around.map((text) => (text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text))
    const own = lines[line - 1] as string
    const start = Math.max(0, column - MAX_LINE / 2)
    if (own.length <= MAX_LINE || start === 0) return { first, lines: shown, line, column }
    const end = start + MAX_LINE < own.length ? "…" : ""
    shown[line - first] = `…${own.slice(start, start + MAX_LINE)}${end}`
    return { first, lines: shown, line, column: column - start + 1 }
  }

  /** The whole text of a file that may be shown. */
  async #textOf(file: string, scriptUrl: string | undefined): Promise<string | undefined> {
    for (const url of new Set([scriptUrl, urlOfFile(file), file])) {
      if (url === undefined) continue
      if ((await this.#script(url)) === undefined) continue
      const isScript = fileOfUrl(url) === file
      if (isScript && TYPESCRIPT.test(file))
        return this.#kept(file, async () => (await textOfFile(file)) ?? this.#source.source(url))
      const map = await this.#mapOf(url)
      const content = map?.contents.get(file)
      if (content !== undefined) return content
      if (isScript) return this.#kept(url, () => this.#source.source(url))
      if (map?.files.has(file) === true) return this.#kept(file, () => textOfFile(file))
    }
    // With source maps, the text of a stack names the source and not the script.
    for (const known of this.#maps.values()) {
      const map = await known
      if (map?.files.has(file)) return map.contents.get(file) ?? this.#kept(file, () => textOfFile(file))
    }
    return undefined
  }

  async #mapOf(url: string): Promise<ScriptMap | undefined> {
    const script = await this.#script(url)
    if (script === undefined) return undefined
    let map = this.#maps.get(url)
    if (map === undefined) {
      map = loadScriptMap(script)
      this.#maps.set(url, map)
    }
    return map
  }

  /** What is not loaded yet may be later. */
  async #script(url: string): Promise<Script | undefined> {
    let script = this.#scripts.get(url)
    if (script === undefined) {
      script = this.#source.script(url)
      this.#scripts.set(url, script)
      if ((await script) === undefined) this.#scripts.delete(url)
    }
    return script
  }

  /** The text as it was at the first error: what runs is no newer. */
  #kept(key: string, read: () => Promise<string | undefined>): Promise<string | undefined> {
    let text = this.#texts.get(key)
    if (text === undefined) {
      if (this.#texts.size >= MAX_TEXTS) this.#texts.clear()
      text = read()
      this.#texts.set(key, text)
    }
    return text
  }
}

/** As Node calls a module of that file. */
function urlOfFile(file: string): string {
  return isAbsolute(file) ? pathToFileURL(file).href : file
}

async function textOfFile(file: string): Promise<string | undefined> {
  try {
    const path = file.startsWith("file:") ? fileURLToPath(file) : file
    const { size } = await stat(path)
    return size > MAX_FILE_BYTES ? undefined : await readFile(path, "utf8")
  } catch {
    return undefined
  }
}
