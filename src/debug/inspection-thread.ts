// The thread that watches the application's thread through V8's inspector. When something is thrown there, that thread
// stands still while this one leaves two things behind in it: the variables of each frame, and a closure in each frame
// that evaluates code there, which keeps working when the frame has long been left. Then it goes on.
//
// It must be another thread: a session of the application's own thread hangs at the first throw when a front end (VS Code,
// Chromium) is attached. While the other thread stands still nothing is waited for here: all commands are posted at once.

import { type Debugger, type Runtime, Session } from "node:inspector"
import { parentPort, workerData } from "node:worker_threads"
import {
  type Answer,
  type HiddenNames,
  type PausedFrame,
  type PausedThrow,
  type Question,
  type Script,
  STORE_NAME,
  type ThreadData,
} from "./inspection-messages.ts"
import { PassedOver, thresholdsOf } from "./passed-over.ts"

/** So many frames keep their variables. */
const MAX_FRAMES = 20
/** So many of them can evaluate code: a closure for each takes about a tenth of a millisecond. */
const MAX_CLOSURES = 10
/** Throws may keep the application waiting for so long within a second; then nothing pauses until the second is over. */
const PAUSE_BUDGET_MS = 300
const BUDGET_WINDOW_MS = 1000
/** What a pause costs on the other side, where it is not seen from here, at most. */
const UNSEEN_MS = 1.5
/** After a pause that this session did not cause, the front end decides for so long. */
const FRONT_END_MS = 250

/** A name that no program uses: it hides the variable of the frame that has the same one. */
const CLOSURE = "(__werkstatt_code) => eval(__werkstatt_code)"
const GROUP = "werkstatt"

const { quiet, ownPrefix } = workerData as ThreadData
const quietFlag = new Int32Array(quiet)
const port = parentPort as NonNullable<typeof parentPort>
const session = new Session()
const scripts = new Map<string, Script & { scriptId: string }>()
/** By the number of the script: what a paused frame tells of its URL is empty on some versions of Node. */
const urls = new Map<string, string>()
const passedOver = new PassedOver(command, ownerOf, thresholdsOf(process.versions.v8))
let storeId = ""
let pausedMs = 0
let lastResumed = 0

function post(method: string, parameters: object = {}): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    session.post(method, parameters, (error, result) => {
      if (error) reject(new Error(`${method}: ${error.message}`))
      else resolve((result ?? {}) as Record<string, unknown>)
    })
  })
}

/** Without waiting for the outcome: after an error the page lacks something, and the application goes on. */
function command(method: string, parameters: object = {}): void {
  session.post(method, parameters, () => {})
}

session.on("Debugger.scriptParsed", ({ params: { url, scriptId, sourceMapURL } }) => {
  if (url === "" || url.startsWith("node:")) return
  scripts.set(url, { url, scriptId, sourceMapUrl: sourceMapURL ?? "" })
  urls.set(scriptId, url)
})

session.on("Debugger.paused", ({ params: { reason, data, callFrames } }) => {
  if (reason !== "exception" && reason !== "promiseRejection") {
    yieldToFrontEnd()
    return
  }
  const began = performance.now()
  if (quietFlag[0] === 0) keepFrames(data as Runtime.RemoteObject, callFrames)
  session.post("Debugger.resume", {}, () => spend(began))
  command("Runtime.releaseObjectGroup", { objectGroup: GROUP })
})

/** Leaves the frames of a throw behind in the application's thread, if they may still be asked for. */
function keepFrames(thrown: Runtime.RemoteObject, callFrames: readonly Debugger.CallFrame[]): void {
  const frames = callFrames.filter((frame) => ownerOf(frame) === "application").slice(0, MAX_FRAMES)
  const place = frames.slice(0, 3).map(placeOf).join(" ")
  if (frames.length === 0) return
  if (!passedOver.isWorthKeeping(place, callFrames)) return
  const scopes = frames.map(({ scopeChain }) => scopeChain.filter(({ type }) => type !== "global" && type !== "script"))
  for (const index of framesWithClosure(frames)) {
    command("Debugger.evaluateOnCallFrame", {
      callFrameId: frames[index]?.callFrameId,
      expression: `globalThis.${STORE_NAME}.keep(${index}, ${CLOSURE})`,
      objectGroup: GROUP,
      silent: true,
    })
  }
  const text = JSON.stringify({
    place,
    frames: frames.map(
      (frame, index): PausedFrame => ({
        functionName: frame.functionName,
        url: urlOf(frame),
        lineNumber: frame.location.lineNumber,
        columnNumber: frame.location.columnNumber ?? 0,
        functionLine: frame.functionLocation?.lineNumber ?? 0,
        scopes: (scopes[index] ?? []).map(({ type }) => type),
      }),
    ),
  } satisfies PausedThrow)
  command("Runtime.callFunctionOn", {
    objectId: storeId,
    functionDeclaration: "function (thrown, text, ...scopes) { this.record(thrown, text, scopes) }",
    arguments: [argumentOf(thrown), { value: text }, ...scopes.flat().map(({ object }) => argumentOf(object))],
    objectGroup: GROUP,
    silent: true,
  })
}

function ownerOf(frame: Debugger.CallFrame): "application" | "package" | "node" {
  const url = urlOf(frame)
  if (url === "") return "node"
  return url.startsWith(ownPrefix) ? "package" : "application"
}

/** Empty for what is Node's own, and for code from eval. */
function urlOf({ location }: Debugger.CallFrame): string {
  return urls.get(location.scriptId) ?? ""
}

/** The innermost frames of the application, and then those of its dependencies. */
function framesWithClosure(frames: readonly Debugger.CallFrame[]): number[] {
  const isLibrary = (index: number) => urlOf(frames[index] as Debugger.CallFrame).includes("/node_modules/")
  const indexes = frames.map((_frame, index) => index)
  return [...indexes.filter((index) => !isLibrary(index)), ...indexes.filter(isLibrary)].slice(0, MAX_CLOSURES)
}

function placeOf({ location }: Debugger.CallFrame): string {
  return `${location.scriptId}:${location.lineNumber}:${location.columnNumber ?? 0}`
}

function argumentOf({ objectId, value, unserializableValue }: Runtime.RemoteObject): Runtime.CallArgument {
  if (objectId !== undefined) return { objectId }
  return unserializableValue === undefined ? { value } : { unserializableValue }
}

/** An application that throws all the time is slowed down, and not stopped. */
function spend(began: number): void {
  const before = pausedMs
  pausedMs += performance.now() - began + Math.min(began - lastResumed, UNSEEN_MS)
  lastResumed = performance.now()
  if (before < PAUSE_BUDGET_MS && pausedMs >= PAUSE_BUDGET_MS)
    command("Debugger.setPauseOnExceptions", { state: "none" })
}

/** Each time, since there is one such state for all, and a front end may have set another one. */
function allowPauses(): void {
  command("Debugger.setPauseOnExceptions", { state: "all" })
  pausedMs = 0
}

setInterval(allowPauses, BUDGET_WINDOW_MS)

/**
 * A `debugger` statement, a breakpoint or a step of a front end. If this session went on, the front end would miss it. Without a
 * front end the application goes on at once.
 */
function yieldToFrontEnd(): void {
  // The state would outlive this session's part: the other session would be stopped by errors that nothing resumes.
  command("Debugger.setPauseOnExceptions", { state: "none" })
  command("Debugger.disable")
  passedOver.forget()
  setTimeout(arm, FRONT_END_MS)
}

/** Refused while a front end holds the application: then the next pause tells, and it is tried again. */
function arm(): void {
  command("Debugger.enable", { maxScriptsCacheSize: 0 })
  command("Debugger.setPauseOnExceptions", { state: "all" })
}

async function sourceOf(url: string): Promise<string | undefined> {
  const script = scripts.get(url)
  if (script === undefined) return undefined
  const { scriptSource } = await post("Debugger.getScriptSource", { scriptId: script.scriptId })
  return scriptSource as string
}

interface Hidden {
  readonly name: string
  readonly value?: Runtime.RemoteObject
}

/** What is private or internal of the object that lies in the store; the values are put there. */
async function hiddenOf(): Promise<HiddenNames> {
  const call = (functionDeclaration: string, args: Runtime.CallArgument[] = []) =>
    post("Runtime.callFunctionOn", {
      objectId: storeId,
      functionDeclaration,
      arguments: args,
      objectGroup: "hidden",
      silent: true,
    })
  const { result } = (await call("function () { return this.subject }")) as { result: Runtime.RemoteObject }
  if (result.objectId === undefined) return { privateNames: [], internalNames: [] }
  const found = (await post("Runtime.getProperties", { objectId: result.objectId, ownProperties: true })) as {
    privateProperties?: Hidden[]
    internalProperties?: Hidden[]
  }
  // Accessors and methods of a class have no value.
  const privates = (found.privateProperties ?? []).filter(({ value }) => value !== undefined)
  const internals = (found.internalProperties ?? []).filter(
    ({ name, value }) => value !== undefined && INTERNALS.has(name),
  )
  await call(
    "function (...values) { this.hidden = values }",
    [...privates, ...internals].map(({ value }) => argumentOf(value as Runtime.RemoteObject)),
  )
  command("Runtime.releaseObjectGroup", { objectGroup: "hidden" })
  return { privateNames: privates.map(({ name }) => name), internalNames: internals.map(({ name }) => name) }
}

const INTERNALS = new Set([
  "[[Target]]",
  "[[Handler]]",
  "[[PromiseState]]",
  "[[PromiseResult]]",
  "[[Entries]]",
  "[[PrimitiveValue]]",
  "[[TargetFunction]]",
  "[[BoundThis]]",
  "[[BoundArgs]]",
  "[[GeneratorState]]",
  "[[WeakRefTarget]]",
])

async function answer(question: Question): Promise<Script | string | HiddenNames | undefined> {
  switch (question.ask) {
    case "script": {
      const script = scripts.get(question.url)
      return script && { url: script.url, sourceMapUrl: script.sourceMapUrl }
    }
    case "source":
      return sourceOf(question.url)
    case "hidden":
      return hiddenOf()
    case "reached":
      passedOver.reached(question.place, question.isBehind)
      // The application has sent an error: its pause was worth the time.
      allowPauses()
      return undefined
    case "missed":
      passedOver.watchAll()
      allowPauses()
      return undefined
    case "stop":
      session.disconnect()
      return undefined
  }
}

port.on("message", (question: Question) => {
  const send = (result: Script | string | HiddenNames | undefined) => {
    if ("id" in question) port.postMessage({ id: question.id, result } satisfies Answer)
  }
  answer(question).then(send, () => send(undefined))
})

session.connectToMainThread()
const { result } = await post("Runtime.evaluate", { expression: `globalThis.${STORE_NAME}` })
storeId = (result as Runtime.RemoteObject).objectId ?? ""
arm()
// Answered behind what was sent before.
await post("Runtime.evaluate", { expression: "0" })
port.postMessage({ ready: true } satisfies Answer)
