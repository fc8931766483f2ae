// Code that throws and catches again and again would make the application stand still each time, for frames that are never looked at.
// The engine can pass over code: it does not pause for what is thrown there. This decides for which code, by the
// places where errors are thrown and by what is heard of them afterwards. Knows frames and no values.
//
// Since V8 12 (Node 22) a throw pauses unless all functions on its way to the `catch` are passed over, those that await it
// included. So an error on its way to the server still pauses, and code can be passed over early. In older versions the
// function that throws decides alone.

import type { Debugger } from "node:inspector"

/** Lets the engine do something. */
export type Command = (method: string, parameters: object) => void

/** Whose code a frame is of. */
export type Owner = (frame: Debugger.CallFrame) => "application" | "package" | "node"

/** What makes a difference on a version of the engine. */
export interface Thresholds {
  /** Whether the whole way of an error counts, and not only the function that throws it. */
  readonly wayCounts: boolean
  /** An error of one place is caught for so many times before the functions on the stack are passed over. */
  readonly functionsAfter: number
  /** And before their scripts are, since functions that await the error are not on the stack. */
  readonly scriptsAfter: number
  /** From here on the frames are not kept, though the engine pauses: for what Node throws itself, say. */
  readonly ignoredAfter: number
}

/** For a version of V8, as `process.versions.v8` has it. */
export function thresholdsOf(v8: string): Thresholds {
  return Number.parseInt(v8, 10) >= 12
    ? { wayCounts: true, functionsAfter: 2, scriptsAfter: 4, ignoredAfter: 6 }
    : { wayCounts: false, functionsAfter: 5, scriptsAfter: Number.POSITIVE_INFINITY, ignoredAfter: 5 }
}

/** So many functions of a script. */
const MAX_RANGES = 200
/** So many places are remembered. */
const MAX_PLACES = 2000
/** So many functions of one way. */
const MAX_WAY = 20
const WHOLE: FunctionRange = { start: [0, 0], end: [Number.POSITIVE_INFINITY, 0] }

type Position = readonly [line: number, column: number]

interface FunctionRange {
  readonly start: Position
  readonly end: Position
}

export class PassedOver {
  readonly #command: Command
  readonly #ownerOf: Owner
  readonly #thresholds: Thresholds
  /** How often an error of a place was seen; less than any number for a place that is watched. */
  readonly #seen = new Map<string, number>()
  readonly #ranges = new Map<string, FunctionRange[]>()
  /** Functions that are never passed over. */
  readonly #watched = new Set<string>()
  /** By place: the functions that make a throw there pause, as long as one of them is watched. */
  readonly #wayOf = new Map<string, readonly string[]>()

  constructor(command: Command, ownerOf: Owner, thresholds: Thresholds) {
    this.#command = command
    this.#ownerOf = ownerOf
    this.#thresholds = thresholds
  }

  /** Whether the frames of a throw are worth to be kept; what comes from the same place later may be passed over. */
  isWorthKeeping(place: string, frames: readonly Debugger.CallFrame[]): boolean {
    const { wayCounts, functionsAfter, scriptsAfter, ignoredAfter } = this.#thresholds
    const seen = this.#seen.get(place) ?? 0
    if (this.#seen.size >= MAX_PLACES) {
      this.#seen.clear()
      this.#wayOf.clear()
    }
    this.#seen.set(place, seen + 1)
    const way = wayCounts ? this.#onTheWay(frames) : frames.slice(0, 1)
    if (!this.#wayOf.has(place))
      this.#wayOf.set(
        place,
        way.slice(0, MAX_WAY).flatMap((each) => keyOf(each) ?? []),
      )
    if (seen >= functionsAfter) this.#passFunctions(way)
    if (seen >= scriptsAfter) this.#passScripts(frames)
    return seen < ignoredAfter
  }

  /**
   * An error of this place has reached the server: what is thrown there is worth its price.
   *
   * @param isBehind whether it came behind another one, as its cause: the application has caught it, so it must go on to pause
   */
  reached(place: string, isBehind: boolean): void {
    this.#seen.set(place, Number.NEGATIVE_INFINITY)
    const way = this.#wayOf.get(place) ?? []
    if (!this.#thresholds.wayCounts) for (const each of way) this.#watched.add(each)
    // The caller of the function that throws tells more than that function, which other code may call too.
    else if (isBehind) for (const each of way.length > 1 ? way.slice(1) : way) this.#watched.add(each)
  }

  /** An error has reached the server whose frames were not kept: all code is looked at again. */
  watchAll(): void {
    for (const scriptId of this.#ranges.keys())
      this.#command("Debugger.setBlackboxedRanges", { scriptId, positions: [] })
    this.forget()
  }

  /** The engine has forgotten what it was to pass over. */
  forget(): void {
    this.#ranges.clear()
    for (const [place, seen] of this.#seen) if (seen > 0) this.#seen.delete(place)
  }

  /**
   * Functions of the application, and those of this package that it has called. Those of this package further out are where errors
   * are on their way to the server; Node's own cannot be passed over.
   */
  #onTheWay(frames: readonly Debugger.CallFrame[]): Debugger.CallFrame[] {
    const owners = frames.map(this.#ownerOf)
    const first = owners.indexOf("application")
    return frames.filter(
      (_frame, index) => owners[index] === "application" || (owners[index] === "package" && index < first),
    )
  }

  #passFunctions(frames: readonly Debugger.CallFrame[]): void {
    for (const frame of frames) {
      const range = rangeOf(frame)
      if (range !== undefined && !this.#watched.has(keyOf(frame) as string)) this.#pass(frame.location.scriptId, range)
    }
  }

  #passScripts(frames: readonly Debugger.CallFrame[]): void {
    for (const frame of frames) {
      const { scriptId } = frame.location
      const isWatched = [...this.#watched].some((each) => each.startsWith(`${scriptId}:`))
      if (this.#ownerOf(frame) === "application" && !isWatched) this.#pass(scriptId, WHOLE)
    }
  }

  #pass(scriptId: string, range: FunctionRange): void {
    const old = this.#ranges.get(scriptId) ?? []
    if (old.length >= MAX_RANGES || old.some((each) => contains(each, range))) return
    // The engine wants them in order, and does not want them nested.
    const ranges = [...old.filter((each) => !contains(range, each)), range]
    ranges.sort((one, other) => compare(one.start, other.start))
    this.#ranges.set(scriptId, ranges)
    const positions = ranges.flatMap(({ start, end }) =>
      [justBefore(start), end]
        .filter(([line]) => Number.isFinite(line))
        .map(([lineNumber, columnNumber]) => ({ lineNumber, columnNumber })),
    )
    this.#command("Debugger.setBlackboxedRanges", { scriptId, positions })
  }
}

/** Where the function of a frame begins and ends; undefined outside of functions. */
function rangeOf({ scopeChain }: Debugger.CallFrame): FunctionRange | undefined {
  const { startLocation, endLocation } = scopeChain.find(({ type }) => type === "local") ?? {}
  if (startLocation === undefined || endLocation === undefined) return undefined
  return { start: positionOf(startLocation), end: positionOf(endLocation) }
}

/** A name for the function of a frame. */
function keyOf(frame: Debugger.CallFrame): string | undefined {
  const range = rangeOf(frame)
  return range && `${frame.location.scriptId}:${range.start.join(":")}`
}

function positionOf({ lineNumber, columnNumber }: Debugger.Location): Position {
  return [lineNumber, columnNumber ?? 0]
}

function compare([line, column]: Position, [otherLine, otherColumn]: Position): number {
  return line === otherLine ? column - otherColumn : line - otherLine
}

function contains(outer: FunctionRange, inner: FunctionRange): boolean {
  return compare(outer.start, inner.start) <= 0 && compare(inner.end, outer.end) <= 0
}

/** A range must begin before the function does that it is to cover. */
function justBefore([line, column]: Position): Position {
  if (column > 0) return [line, column - 1]
  return line > 0 ? [line - 1, 1_000_000] : [0, 0]
}
