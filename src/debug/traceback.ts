// An error as a tree: itself, what caused it, what it is made of, each with its frames and what is known of them. The text of the
// stack tells which function called which; what was captured at the throw adds variables. Both are joined here, once.

import { inspect, types } from "node:util"
import { isInstance } from "../mistakes/thrown.ts"
import { ownFolder } from "../own-files.ts"
import type { CapturedFrame, CapturedThrow } from "./inspection.ts"
import { fileOfUrl, type OriginalPlace } from "./source-maps.ts"
import type { Excerpt, Sources } from "./sources.ts"
import { parseStack, type StackFrame } from "./stack.ts"

/** Where the frames of a throw are found. */
export interface Captures {
  captureOf(thrown: unknown): CapturedThrow | undefined
}

/** Why a frame has no variables. */
export type Absence = "waiting" | "returned" | "native" | "not captured"

/** One frame of a traceback. */
export interface Frame {
  /** Within the whole traceback, from 0. */
  readonly index: number
  readonly functionName: string
  readonly place: OriginalPlace | undefined
  /** Of Node, of this package, or of a package in `node_modules`. */
  readonly isLibrary: boolean
  readonly isAsync: boolean
  readonly excerpt: Excerpt | undefined
  readonly captured: CapturedFrame | undefined
  readonly absence: Absence | undefined
}

/** How an error came to stand in a traceback. */
export type Relation = "itself" | "cause" | "member"

/** An error with its frames, and the errors behind it. */
export interface TracedError {
  readonly relation: Relation
  readonly thrown: unknown
  /** `TypeError`. */
  readonly name: string
  readonly message: string
  readonly frames: readonly Frame[]
  readonly captured: CapturedThrow | undefined
  /** Properties that were put on it: `code`, `errno` ... */
  readonly properties: readonly [name: string, value: unknown][]
  readonly behind: readonly TracedError[]
}

/** So many errors of one tree are shown; a cause that stands in it already is not shown again. */
const MAX_ERRORS = 40
/** So many frames of one error: the text of a stack may have as many as fit into the stack. */
const MAX_FRAMES = 200
/** So much of a message. */
const MAX_MESSAGE = 20_000
/** Node reports its own files so. */
const NODE = /^node:/
/** This package, as it is compiled and as its source maps name it. */
const OWN_FOLDERS = ["../dist/", "../src/"].flatMap((folder) => {
  const url = new URL(folder, ownFolder)
  return [url.href, fileOfUrl(url.href)]
})

/**
 * Makes the tree of an error.
 *
 * @param hides tells further files whose frames count as those of libraries
 */
export async function trace(
  thrown: unknown,
  captures: Captures,
  sources: Sources,
  hides: (file: string) => boolean = () => false,
): Promise<TracedError> {
  return new Tracer(captures, sources, hides).trace(thrown, "itself")
}

/** All frames, as they are numbered. */
export function framesOf(error: TracedError): Frame[] {
  return [...error.frames, ...error.behind.flatMap(framesOf)]
}

/** All errors of a tree, the outermost first. */
export function errorsOf(error: TracedError): TracedError[] {
  return [error, ...error.behind.flatMap(errorsOf)]
}

class Tracer {
  readonly #captures: Captures
  readonly #sources: Sources
  readonly #hides: (file: string) => boolean
  readonly #seen = new Set<unknown>()
  #errors = 0
  #frames = 0

  constructor(captures: Captures, sources: Sources, hides: (file: string) => boolean) {
    this.#hides = hides
    this.#captures = captures
    this.#sources = sources
  }

  async trace(thrown: unknown, relation: Relation): Promise<TracedError> {
    this.#seen.add(thrown)
    this.#errors++
    const captured = this.#captures.captureOf(thrown)
    const { name, message, stack } = describe(thrown)
    const lines = parseStack(stack, header(stack, name, message))
    const frames = await this.#framesOf(lines.slice(0, MAX_FRAMES), captured)
    const behind: TracedError[] = []
    for (const [next, kind] of behindOf(thrown)) {
      const isOld = typeof next === "object" && next !== null && this.#seen.has(next)
      if (isOld || this.#errors >= MAX_ERRORS) continue
      behind.push(await this.trace(next, kind))
    }
    const leftOut = lines.length - MAX_FRAMES
    return {
      relation,
      thrown,
      name: cut(name),
      message: cut(message),
      frames: leftOut > 0 ? [...frames, this.#furtherFrames(leftOut)] : frames,
      captured,
      properties: propertiesOf(thrown),
      behind,
    }
  }

  /** Stands for the frames that are not shown. */
  #furtherFrames(count: number): Frame {
    return {
      index: this.#frames++,
      functionName: `(${count} more)`,
      place: undefined,
      isLibrary: true,
      isAsync: false,
      excerpt: undefined,
      captured: undefined,
      absence: "native",
    }
  }

  async #framesOf(lines: readonly StackFrame[], captured: CapturedThrow | undefined): Promise<Frame[]> {
    const live = await Promise.all(
      (captured?.frames ?? []).map(async (frame) => ({
        frame,
        place: await this.#sources.originOf(frame.url, frame.line, frame.column),
      })),
    )
    const places = await Promise.all(
      lines.map(({ file, line, column }) => (file === "" ? undefined : this.#sources.originOfText(file, line, column))),
    )
    const shown: {
      line: StackFrame | undefined
      place: OriginalPlace | undefined
      frame: CapturedFrame | undefined
    }[] = []
    let next = 0
    for (const [position, line] of lines.entries()) {
      const place = places[position]
      let found = -1
      if (place !== undefined && !line.isAsync) {
        found = live.findIndex((each, index) => index >= next && isSamePlace(each.place, place))
        // Where an error is made is not where it is thrown: the innermost frame stands elsewhere in the same function.
        if (found === -1 && next === 0 && live[0] !== undefined && isSameFunction(live[0], line, place)) found = 0
      }
      if (found > 0 && next === 0) {
        // What was on the stack when it was thrown, and not when it was made.
        for (const each of live.slice(0, found)) shown.push({ line: undefined, ...each })
      }
      if (found !== -1) next = found + 1
      shown.push({ line, place, frame: live[found]?.frame })
    }
    // The text of a stack ends after ten frames; an error without a stack has none.
    if (lines.length === 0 || next > 0) {
      const firstAsync = shown.findIndex(({ line }) => line?.isAsync === true)
      const rest = live.slice(next).map((each) => ({ line: undefined, ...each }))
      shown.splice(firstAsync === -1 ? shown.length : firstAsync, 0, ...rest)
    } else if (live.length > 0) {
      // Made in one place and thrown in another one that has nothing to do with it.
      shown.unshift(...live.map((each) => ({ line: undefined, ...each })))
    }
    return Promise.all(
      shown.map(async ({ line, place, frame }): Promise<Frame> => {
        const index = this.#frames++
        return {
          index,
          functionName: line?.functionName || frame?.functionName || "",
          place,
          isLibrary: place === undefined || isLibrary(place.file) || this.#hides(place.file),
          isAsync: line?.isAsync === true,
          excerpt: place === undefined ? undefined : await this.#sources.excerpt(place, frame?.url),
          captured: frame,
          absence: frame === undefined ? absenceOf(line, place, captured) : undefined,
        }
      }),
    )
  }
}

function cut(text: string): string {
  return text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}… (${text.length} characters)` : text
}

function absenceOf(
  line: StackFrame | undefined,
  place: OriginalPlace | undefined,
  captured: CapturedThrow | undefined,
): Absence {
  if (place === undefined) return "native"
  if (line?.isAsync) return "waiting"
  return captured === undefined || isLibrary(place.file) ? "not captured" : "returned"
}

function isSamePlace(one: OriginalPlace, other: OriginalPlace): boolean {
  return one.file === other.file && one.line === other.line && one.column === other.column
}

function isSameFunction(
  { frame, place }: { frame: CapturedFrame; place: OriginalPlace },
  line: StackFrame,
  other: OriginalPlace,
): boolean {
  const name = line.functionName.replace(/^(?:new |get |set )/, "").replace(/ \[as .*\]$/, "")
  const last = name.slice(name.lastIndexOf(".") + 1)
  if (place.file !== other.file) return false
  if (frame.functionName !== "") return last === frame.functionName || name === frame.functionName
  // Without a name: between its beginning and the place of the throw, give or take a few lines of source maps.
  return (
    frame.url !== "" && other.line <= place.line + 1 && other.line >= place.line - (frame.line - frame.functionLine) - 1
  )
}

/**
 * Whether a file is no part of the application.
 *
 * @example
 * isLibrary("/srv/node_modules/x/index.js") // => true
 * isLibrary("node:internal/fs") // => true
 * isLibrary("/srv/main.ts") // => false
 */
export function isLibrary(file: string): boolean {
  if (NODE.test(file) || /[\\/]node_modules[\\/]/.test(file)) return true
  return OWN_FOLDERS.some((folder) => file.startsWith(folder))
}

/** Name, message and stack of a thrown value of any kind, also where its getters throw. */
function describe(thrown: unknown): { name: string; message: string; stack: string } {
  if (!isError(thrown)) {
    const name = thrown === null ? "null" : typeof thrown === "object" ? (classOf(thrown) ?? "object") : typeof thrown
    return { name, message: shown(thrown), stack: textOf(thrown, "stack") ?? "" }
  }
  return {
    name: classOf(thrown) ?? textOf(thrown, "name") ?? "Error",
    message: textOf(thrown, "message") ?? "",
    stack: textOf(thrown, "stack") ?? "",
  }
}

/** Of this realm or of another one. Runs no code of the value but for traps of a proxy. */
function isError(value: unknown): value is Error {
  return types.isNativeError(value) || isInstance(value, Error)
}

/** The name it goes by: its own `name`, unless that says less than its class. */
function classOf(thrown: object): string | undefined {
  try {
    const name: unknown = (thrown as { name?: unknown }).name
    const own: unknown = (thrown.constructor as { name?: unknown } | undefined)?.name
    if (typeof name === "string" && name !== "" && name !== "Error") return name
    return typeof own === "string" && own !== "" ? own : undefined
  } catch {
    return undefined
  }
}

function textOf(value: unknown, name: string): string | undefined {
  try {
    const text: unknown = (value as Record<string, unknown> | null | undefined)?.[name]
    return typeof text === "string" ? text : undefined
  } catch {
    return undefined
  }
}

function shown(value: unknown): string {
  try {
    return typeof value === "string" ? value : inspect(value, { depth: 1, breakLength: 100 }).slice(0, 2000)
  } catch {
    return "(cannot be shown)"
  }
}

/** What the stack begins with; V8 takes name and message as they are when the error is made. */
function header(stack: string, name: string, message: string): string | undefined {
  if (message === "") return undefined
  const at = stack.indexOf(message)
  // Before the message stands the name alone, for every class.
  return at === -1 || at > name.length + 80 || stack.slice(0, at).includes("\n")
    ? undefined
    : stack.slice(0, at + message.length)
}

function behindOf(thrown: unknown): [unknown, Relation][] {
  if (typeof thrown !== "object" || thrown === null) return []
  const found: [unknown, Relation][] = []
  try {
    if ("cause" in thrown && thrown.cause !== undefined) found.push([thrown.cause, "cause"])
  } catch {
    // A getter of the application.
  }
  try {
    const { errors } = thrown as { errors?: unknown }
    // By their number: an iteration may have no end.
    const count = isError(thrown) && Array.isArray(errors) ? Math.min(errors.length, MAX_ERRORS) : 0
    for (let index = 0; index < count; index++) found.push([(errors as unknown[])[index], "member"])
  } catch {
    // As above.
  }
  return found
}

const USUAL = new Set(["name", "message", "stack", "cause", "errors"])

function propertiesOf(thrown: unknown): [string, unknown][] {
  if (!isError(thrown)) return []
  try {
    return Object.entries(Object.getOwnPropertyDescriptors(thrown))
      .filter(([name, descriptor]) => !USUAL.has(name) && "value" in descriptor)
      .map(([name, descriptor]) => [name, descriptor.value])
  } catch {
    return []
  }
}
