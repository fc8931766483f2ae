// The debugger: errors of an application as pages with a console in every frame. For development only.

export { Console, type ConsoleOptions, type Outcome, type Wrapper } from "./console.ts"
export type { Dump } from "./console-help.ts"
export { DebuggedApplication, type DebuggedApplicationOptions } from "./debugged-application.ts"
export type { CapturedFrame, CapturedThrow, Evaluate, Scope } from "./inspection.ts"
export { type DebuggerKeys, makeKeys, PIN_TIME, type PinAttempts } from "./pin.ts"
export type {
  Representation,
  RepresentationKind,
  RepresentationMember,
  RepresentationOptions,
} from "./representation.ts"
export type { OriginalPlace } from "./source-maps.ts"
export type { Excerpt } from "./sources.ts"
export type { Absence, Frame, Relation, TracedError } from "./traceback.ts"
export { tracebackText } from "./traceback-text.ts"
export { debugRepr } from "./value-markup.ts"
