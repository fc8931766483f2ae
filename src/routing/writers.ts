// How a value becomes text of a URL, the way back from values.ts. A value is written only if its converter would read the
// text again: what is built leads back to its rule. Knows no rules and no URLs.

import { type CharTable, percentDecode, percentEncode, safeTable } from "../http/percent.ts"
import { BaseConverter, type Converter, IntegerConverter, quotePath, ValidationError } from "./converters.ts"
import type { Language } from "./language.ts"

/** The text for a value, percent-encoded. Throws for a value that the converter does not take. */
export type Writer = (value: unknown) => string

/** Values of which most are their text, so that a look at them is enough: counts, segments, paths. */
export type PlainKind = "count" | "segment" | "path" | undefined

/** Which values a converter writes as they are. */
export function plainKindOf(converter: Converter, language: Language): PlainKind {
  if (converter instanceof IntegerConverter) return converter.isPlainlyWritten ? "count" : undefined
  if (!isTextual(converter)) return undefined
  return language.anySegment ? "segment" : language.anyPath ? "path" : undefined
}

function isTextual({ toUrl, toValue }: Converter): boolean {
  return toUrl === BaseConverter.prototype.toUrl && toValue === BaseConverter.prototype.toValue
}

/** Whether the value is written as it is. If not, the writer has to say. */
export function isPlain(value: unknown, kind: PlainKind): value is string | number {
  if (typeof value === "number") return kind === "count" && value >= 0 && Number.isSafeInteger(value)
  if (typeof value !== "string") return false
  if (kind === "segment") return isPlainText(value, SEGMENT_SAFE)
  return kind === "path" && isPlainText(value, PATH_SAFE)
}

const PATH = "!$&'()*+,/:;=@"
const PATH_SAFE = safeTable(PATH)
const SEGMENT_SAFE = safeTable(PATH.replace("/", ""))
const SLASH = 0x2f
const DOT = 0x2e

/** Safe characters only, none of the segments empty or beginning with a dot. */
function isPlainText(text: string, safe: CharTable): boolean {
  let before = SLASH
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (safe[code] !== 1 || (before === SLASH && (code === DOT || code === SLASH))) return false
    before = code
  }
  return before !== SLASH
}

/**
 * How a converter writes. Text that it takes as it is need not be read again to know that it can be.
 *
 * @param isIsolating whether it takes text of one segment only, even if its expression allows more
 */
export function writerOf(converter: Converter, language: Language, isIsolating: boolean): Writer {
  if (!isTextual(converter)) return (value) => writeChecked(converter, language, isIsolating, value)
  return (value) => {
    if (typeof value !== "string") return writeChecked(converter, language, isIsolating, value)
    checkRead(value, language, isIsolating)
    const text = quotePath(value)
    if (text !== value) checkUnicode(value)
    return text
  }
}

// Half of a surrogate pair has no UTF-8, so that another text would be read.
const HALF_PAIR = /\p{Surrogate}/u

function checkUnicode(text: string): void {
  if (HALF_PAIR.test(text)) throw new ValidationError("it is not well-formed Unicode")
}

function checkRead(text: string, language: Language, isIsolating: boolean): void {
  if (!language.test(text, 0, text.length) || (isIsolating && text.includes("/"))) throw new ValidationError()
}

function writeChecked(converter: Converter, language: Language, isIsolating: boolean, value: unknown): string {
  if (typeof value === "string") checkUnicode(value)
  const written = converter.toUrl(value)
  if (typeof written !== "string") throw new TypeError(`toUrl gave ${typeof written}, not a text`)
  // What is not allowed in a path is escaped for a converter that forgot to; what is escaped stays.
  const text = percentEncode(written, `%${PATH}`)
  const read = percentDecode(text, undefined, "replace")
  checkRead(read, language, isIsolating)
  // The converter may refuse a text that its expression takes.
  converter.toValue(read)
  return text
}
