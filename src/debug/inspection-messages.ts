// What the thread of the application and the one that watches it say to each other. Types and names only.

/** The non-enumerable global of the application's thread that code of the other thread calls while a throw is paused. */
export const STORE_NAME = "__werkstatt_debug__"

/** What the watching thread is started with. */
export interface ThreadData {
  /** One number: above 0 while the debugger itself runs code whose throws are not to be watched. */
  readonly quiet: SharedArrayBuffer
  /** URLs that start like this belong to this package. */
  readonly ownPrefix: string
}

/** A frame of a throw, as the watching thread sees it. Lines and columns count from 0. */
export interface PausedFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
  readonly columnNumber: number
  /** Where its function begins. */
  readonly functionLine: number
  /** Kinds of scopes, the innermost first: local, block, catch, closure, module, with, eval. */
  readonly scopes: readonly string[]
}

/** What is stored of a throw beside the objects themselves. */
export interface PausedThrow {
  /** Where it was thrown, for telling one place from another. */
  readonly place: string
  readonly frames: readonly PausedFrame[]
}

/** To the watching thread. */
export type Question =
  | { readonly ask: "script"; readonly id: number; readonly url: string }
  | { readonly ask: "source"; readonly id: number; readonly url: string }
  | { readonly ask: "hidden"; readonly id: number }
  | { readonly ask: "stop"; readonly id: number }
  /** An error of this place reached the server: from now on a pause is worth its price there. */
  | { readonly ask: "reached"; readonly place: string; readonly isBehind: boolean }
  /** An error reached the server whose throw had been passed over. */
  | { readonly ask: "missed" }

/** A script that runs in the application's thread. */
export interface Script {
  readonly url: string
  /** As its last line names it; empty without one. */
  readonly sourceMapUrl: string
}

/** What an object has that JavaScript does not tell; the values themselves are left in the store. */
export interface HiddenNames {
  readonly privateNames: readonly string[]
  readonly internalNames: readonly string[]
}

/** From the watching thread. */
export type Answer =
  | { readonly ready: true }
  | { readonly id: number; readonly result: Script | string | HiddenNames | undefined }
