// Finds out where the time of a request goes, by V8's own sampling. Stands directly outside of what is to be measured.
// There is one profiler in a process and it sees all that runs, so requests are measured one at a time. Requests that come
// meanwhile are not measured, and their work is in the profile of the request that is. For development, not for production.

import { mkdirSync, writeFile } from "node:fs"
import type { Profiler, Session } from "node:inspector"
import { join } from "node:path"
import { asApplication } from "../as-application.ts"
import type { Application, ApplicationLike, Body, Environ, StartResponse } from "../gateway.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { reportError } from "../running/report.ts"
import { isThenable } from "../thenable.ts"
import { observedBody } from "./observed-body.ts"

/** What was found out about one request. */
export interface RequestProfile {
  method: string
  /** Byte string, with the mount. */
  path: string
  /** From the call to the close of the body; for an array to its return. */
  elapsedMs: number
  /** When it came in. */
  time: Date
  /** As `.cpuprofile` files hold it; the developer tools of Chromium and VS Code show it. */
  profile: Profiler.Profile
}

/** A function with the time that was spent in it. */
export interface FunctionTime {
  /** `name file:line`. */
  location: string
  /** In itself, without what it called. */
  selfMs: number
}

/** What `profiler` measures, and where the result goes. */
export interface ProfilerOptions {
  /** Where the list of functions is written; `null` for nowhere. Default: `wsgi.errors` of the request. */
  stream?: { write(text: string): void } | null | undefined
  /** How many functions are listed. Default 20. */
  limit?: number | undefined
  /** Only functions whose location matches all of these are listed. */
  restrictions?: Iterable<string | RegExp> | undefined
  /** A folder for `.cpuprofile` files, made if need be; none unless given. */
  profileDir?: string | undefined
  /**
   * The name of a file: text in which `{method}`, `{path}` (`root` for the root, slashes as dots), `{elapsed}` (whole
   * milliseconds) and `{time}` (Unix seconds) stand for those of the request, or a function. Default
   * `{method}.{path}.{elapsed}ms.{time}.cpuprofile`.
   */
  filenameFormat?: string | ((profile: RequestProfile) => string) | undefined
  /** How often V8 looks, in microseconds. Default 100. */
  intervalMicros?: number | undefined
  /** Whether the response tells the time until its head in `Server-Timing`, for the developer tools of browsers. Default true. */
  serverTiming?: boolean | undefined
}

const OPTIONS: OptionNames<ProfilerOptions> = {
  stream: true,
  limit: true,
  restrictions: true,
  profileDir: true,
  filenameFormat: true,
  intervalMicros: true,
  serverTiming: true,
}

/** Measures requests, writes where their time went, and perhaps a `.cpuprofile` file for each. */
export function profiler(app: ApplicationLike, options: ProfilerOptions = {}): Application {
  const inner = asApplication(app, "profiler")
  checkOptions("profiler", options, OPTIONS)
  const sampler = new Sampler(options.intervalMicros ?? 100)
  if (options.profileDir !== undefined) mkdirSync(options.profileDir, { recursive: true })
  return (environ, startResponse) =>
    sampler.isBusy ? inner(environ, startResponse) : measured(inner, environ, startResponse, sampler, options)
}

function measured(
  app: Application,
  environ: Environ,
  startResponse: StartResponse,
  sampler: Sampler,
  options: ProfilerOptions,
): Body | Promise<Body> {
  const time = new Date()
  const { REQUEST_METHOD: method } = environ
  const path = environ.SCRIPT_NAME + environ.PATH_INFO
  const began = performance.now()
  sampler.start()
  const over = () => {
    const elapsedMs = performance.now() - began
    sampler.stop((profile) => {
      report({ method, path, elapsedMs, time, profile }, options, environ)
    })
  }
  const start: StartResponse = (status, headers, error) => {
    if (options.serverTiming === false) return startResponse(status, headers, error)
    const timing = `app;dur=${(performance.now() - began).toFixed(1)}`
    return startResponse(status, [...headers, ["Server-Timing", timing]], error)
  }
  const fail = (error: unknown): never => {
    over()
    throw error
  }
  let result: Body | Promise<Body>
  try {
    result = app(environ, start)
  } catch (error) {
    return fail(error)
  }
  const observer = { bytes: () => {}, over }
  return isThenable(result) ? result.then((body) => observedBody(body, observer), fail) : observedBody(result, observer)
}

/** V8's profiler, for one request at a time. A session answers at once, as long as it belongs to this thread. */
class Sampler {
  readonly #session: Session = new (process.getBuiltinModule("node:inspector").Session)()
  readonly #intervalMicros: number
  isBusy = false

  constructor(intervalMicros: number) {
    if (!(intervalMicros >= 1)) throw new RangeError(`intervalMicros must be from 1, not ${String(intervalMicros)}`)
    this.#intervalMicros = intervalMicros
  }

  start(): void {
    this.isBusy = true
    this.#session.connect()
    this.#session.post("Profiler.enable")
    this.#session.post("Profiler.setSamplingInterval", { interval: this.#intervalMicros })
    this.#session.post("Profiler.start")
  }

  stop(take: (profile: Profiler.Profile) => void): void {
    this.#session.post("Profiler.stop", (error, result) => {
      this.#session.disconnect()
      this.isBusy = false
      if (error === null) take(result.profile)
    })
  }
}

function report(profile: RequestProfile, options: ProfilerOptions, environ: Environ): void {
  const stream = options.stream === undefined ? environ["wsgi.errors"] : options.stream
  stream?.write(formatProfile(profile, options.limit ?? 20, options.restrictions))
  if (options.profileDir === undefined) return
  const { filenameFormat } = options
  const name = typeof filenameFormat === "function" ? filenameFormat(profile) : formatFilename(profile, filenameFormat)
  writeFile(join(options.profileDir, name), JSON.stringify(profile.profile), (error) => {
    if (error !== null) reportError(environ, `the profile could not be written: ${error.message}`, error)
  })
}

/** The functions of a profile, the most expensive ones first, in a few lines. */
export function formatProfile(
  { method, path, elapsedMs, profile }: RequestProfile,
  limit: number,
  restrictions: Iterable<string | RegExp> = [],
): string {
  const tests = Array.from(restrictions, (each) => new RegExp(each))
  const functions = functionTimes(profile).filter(({ location }) => tests.every((each) => each.test(location)))
  const lines = functions
    .slice(0, limit)
    .map(({ location, selfMs }) => `${selfMs.toFixed(2).padStart(10)}  ${location}`)
  const title = `${method} ${path.replace(/[\x00-\x1f\x7f-\x9f]/g, "?")}: ${elapsedMs.toFixed(1)} ms`
  return `${[title, "   self ms  function", ...lines].join("\n")}\n`
}

/**
 * Where the time of a profile went, by function, the most expensive ones first. Of all samples that hit a function the time to
 * the next sample counts.
 */
export function functionTimes({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): FunctionTime[] {
  const locations = new Map(nodes.map(({ id, callFrame }) => [id, locate(callFrame)]))
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const location = locations.get(id)
    // What stands at an index is the time since the sample before.
    const micros = Math.max(0, timeDeltas[index + 1] ?? 0)
    if (location !== undefined) times.set(location, (times.get(location) ?? 0) + micros)
  }
  return Array.from(times, ([location, micros]) => ({ location, selfMs: micros / 1000 })).sort(
    (one, other) => other.selfMs - one.selfMs,
  )
}

function locate({ functionName, url, lineNumber }: { functionName: string; url: string; lineNumber: number }): string {
  const name = functionName === "" ? "(anonymous)" : functionName
  return url === "" ? name : `${name} ${url}:${lineNumber + 1}`
}

/**
 * The name of a profile's file. With any path in it, it is a name and leads into no other folder.
 *
 * @example
 * formatFilename({ method: "GET", path: "/a/b", elapsedMs: 12.6, time: new Date(1000) }) // => "GET.a.b.13ms.1.cpuprofile"
 * formatFilename({ method: "GET", path: "/", elapsedMs: 0, time: new Date(0) }, "{path}-{method}") // => "root-GET"
 */
export function formatFilename(
  { method, path, elapsedMs, time }: Omit<RequestProfile, "profile">,
  format = "{method}.{path}.{elapsed}ms.{time}.cpuprofile",
): string {
  const values: Record<string, string> = {
    method,
    path: path.split("/").filter(Boolean).join(".") || "root",
    elapsed: elapsedMs.toFixed(0),
    time: String(Math.floor(time.getTime() / 1000)),
  }
  const name = format.replace(/\{(\w+)\}/g, (whole, key: string) =>
    Object.hasOwn(values, key) ? (values[key] as string) : whole,
  )
  return name.replace(/[^\w.{}-]/g, "_").slice(-200)
}
