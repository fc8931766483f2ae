// The debugger: errors of an application as pages with a console in every frame. For development only.

export { Console, type ConsoleOptions, type Outcome, type Wrapper } from "./console.ts"
export type { Dump } from "./console-help.ts"
export { DebuggedApplication, type DebuggedApplicationOptions } from "./debugged-application.ts"
export { type DebuggerKeys, makeKeys, PIN_TIME, type PinAttempts } from "./pin.ts"
export type { Representation, RepresentationOptions } from "./representation.ts"
export type { Frame, TracedError } from "./traceback.ts"
export { tracebackText } from "./traceback-text.ts"
export { debugRepr } from "./value-markup.ts"
