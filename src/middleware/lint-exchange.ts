// What the linter remembers of one request, and the error that it throws. The rules read these fields, lint.ts writes them.
// Knows no rule.

import type { HeaderList, WebSocketOffer } from "../gateway.ts"
import { hasContent } from "../http/status.ts"

/** `error`: the contract is broken, LintError is thrown. `advice`: HTTP or good practice recommends something else; a warning. */
export type Level = "error" | "advice"

/** What a check found: the value that is wrong, and where it stood if the value alone does not tell. */
export interface Breach {
  value: unknown
  where?: string
}

/**
 * A rule of the gateway interface was broken, by the server or by the application.
 */
export class LintError extends Error {
  override readonly name: string = "LintError"
  /** Number of the rule in `docs/gateway.md`, as `"L17"`. */
  readonly rule: string
  /** Errors are thrown; advice is only reported. */
  readonly level: Level
  /** What broke the rule. */
  readonly value: unknown

  /** @internal */
  constructor(rule: string, level: Level, text: string, breach: Breach) {
    const { inspect } = process.getBuiltinModule("node:util")
    const value = inspect(breach.value, { depth: 1, breakLength: Infinity, maxStringLength: 100, maxArrayLength: 8 })
    super(`${rule}: ${text} Got ${breach.where ? `${breach.where}: ` : ""}${value}`)
    this.rule = rule
    this.level = level
    this.value = breach.value
  }
}

/** One call of an application, from the environ to the closing of the body. */
export class Exchange {
  method = ""
  target = ""
  /** The call in which this one runs, when the linter stands on both sides of a middleware. */
  outer: Exchange | undefined = undefined
  /** Chunks that an application inside gave since this one last gave something to its server. */
  innerChunks = 0

  starts = 0
  code = 0
  headers: HeaderList = []
  contentLength: number | undefined = undefined
  /** Set when startResponse threw the application's error back: the head had been sent. */
  thrownBack: Error | undefined = undefined

  pendingWrites = 0
  pendingReads = 0
  bytes = 0

  /** How often the server asked the body for an iterator. */
  iterations = 0
  /** Whether the body said that it is at its end, or threw. */
  done = false
  /** Whether the server was given an error of ours for a step, after which it takes the iterator for ended. */
  refused = false
  /** Whether a chunk has been asked for and has not come. */
  waiting = false
  returns = 0
  closes = 0
  /** The WebSocket handshake that the request is. */
  offer: WebSocketOffer | undefined = undefined
  /** How often the server called websocket() of the body. */
  opens = 0
  /** No application code of this request has a reason to run any more. */
  over = false

  /** Whether the response is one that never has a body, for any method. */
  get bodiless(): boolean {
    return !hasContent(this.code)
  }
}
