// A traceback as plain text, for terminals and for people who paste it; as Markdown, for issues and assistants; and as data for
// programs. None of the three holds variables.

import type { RecordedError } from "./recorded-errors.ts"
import { errorsOf, type Frame, type Relation, type TracedError } from "./traceback.ts"

const HEADINGS: Record<Relation, string> = { itself: "", cause: "Caused by: ", member: "One of: " }

/**
 * The text of a traceback, the innermost frame first, errors behind it below.
 *
 * @param isShort whether neighbouring frames of libraries are one line
 */
export function tracebackText(error: TracedError, isShort: boolean = false, indent: string = ""): string {
  const lines = [`${HEADINGS[error.relation]}${titleOf(error)}`, ...frameLines(error.frames, isShort)]
  const own = lines.map((line) => indent + line.replaceAll("\n", `\n${indent}`)).join("\n")
  const inner =
    indent + (error.relation === "member" || error.behind.some(({ relation }) => relation === "member") ? "  " : "")
  return [
    own,
    ...error.behind.map((each) => tracebackText(each, isShort, each.relation === "member" ? `${indent}  ` : inner)),
  ].join("\n")
}

/** Name and message. */
export function titleOf({ name, message }: TracedError): string {
  return message === "" ? name : `${name}: ${message}`
}

function frameLines(frames: readonly Frame[], isShort: boolean): string[] {
  const lines: string[] = []
  let skipped = 0
  for (const [index, frame] of frames.entries()) {
    if (isShort && frame.isLibrary && index > 0) skipped++
    else lines.push(...skippedLine(skipped), `    at ${frameLine(frame)}`)
    if (!(isShort && frame.isLibrary && index > 0)) skipped = 0
  }
  return [...lines, ...skippedLine(skipped)]
}

function skippedLine(count: number): string[] {
  return count === 0 ? [] : [`    … ${count} library ${count === 1 ? "frame" : "frames"}`]
}

function frameLine({ functionName, place, isAsync }: Frame): string {
  const name = `${isAsync ? "async " : ""}${functionName}`
  if (place === undefined) return name.trim() === "" ? "(native)" : name.trim()
  const where = `${place.file}:${place.line}:${place.column}`
  return functionName === "" ? `${isAsync ? "async " : ""}${where}` : `${name} (${where})`
}

/** The whole report as Markdown: errors, frames, the source around the first frame of the application, the request. */
export function markdownReport({ traceback, request, circumstance }: RecordedError): string {
  const parts = [`## ${oneLine(titleOf(traceback))}`]
  if (circumstance !== "") parts.push(`(${circumstance})`)
  if (request !== undefined) parts.push(`\`${request.method} ${oneLine(request.url)}\``)
  parts.push(fenced("", tracebackText(traceback)))
  for (const error of errorsOf(traceback)) {
    const frame = error.frames.find(({ isLibrary, excerpt }) => !isLibrary && excerpt !== undefined)
    if (frame?.excerpt === undefined || frame.place === undefined) continue
    const { first, lines, line } = frame.excerpt
    const width = String(first + lines.length).length
    const source = lines.map(
      (text, index) => `${first + index === line ? ">" : " "} ${String(first + index).padStart(width)} | ${text}`,
    )
    parts.push(`${error.name}, ${frame.place.file}:${frame.place.line}`, fenced("ts", source.join("\n")))
  }
  parts.push(`Node ${process.version}, ${process.platform} ${process.arch}`)
  return `${parts.join("\n\n")}\n`
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, 300)
}

/** Between fences that are longer than any in the text. */
function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`{3,}/g), ([ticks]) => ticks.length))
  const fence = "`".repeat(longest + 1)
  return `${fence}${language}\n${text}\n${fence}`
}

/** A traceback as data. */
export interface TracebackData {
  readonly relation: Relation
  readonly name: string
  readonly message: string
  readonly frames: readonly { function: string; file?: string; line?: number; column?: number; library: boolean }[]
  readonly behind: readonly TracebackData[]
}

/** The traceback as an object that JSON can hold. */
export function tracebackData({ relation, name, message, frames, behind }: TracedError): TracebackData {
  return {
    relation,
    name,
    message,
    frames: frames.map(({ functionName, place, isLibrary }) => ({
      function: functionName,
      ...place,
      library: isLibrary,
    })),
    behind: behind.map(tracebackData),
  }
}
