// The life of one response, as a table: in which state which event may come, and what state follows. What is not in the
// table is an error of the application or of a server, and the table holds the sentence that says so.

/** Where a response is. */
export type State =
  /** startResponse has not been called. */
  | "silent"
  /** Status and headers are there and right; nothing has been sent. */
  | "answered"
  /** startResponse refused what it got. Only a call with an error may follow. */
  | "refused"
  /** The head has been sent; chunks may follow. */
  | "sending"
  /** Nothing more will be sent: all of Content-Length has been, or the response has no body. */
  | "full"
  /** startResponse threw the application's error back, since the head had been sent: the response stays incomplete. */
  | "doomed"
  /** The response is complete, or was broken off; the body is let go of. */
  | "settled"
  /** The client left before the application had answered, and the application does not know yet. */
  | "abandoned"
  /** The body is closed, all hooks were called. */
  | "over"

/** What can happen to a response. */
export type Event =
  /** The application calls startResponse. */
  | "start"
  /** The application calls startResponse with an error. */
  | "restart"
  /** startResponse found fault with status or headers. */
  | "refuse"
  /** The server sends the head. */
  | "send"
  /** Nothing more is to be sent. */
  | "fill"
  /** The application is through, has failed, or is not wanted any more. */
  | "settle"
  /** The client left while the application's answer was awaited. */
  | "abandon"
  /** All is done. */
  | "finish"

/** A `restart` after the head was sent leads to `doomed`: the error goes back to the application. */
const TRANSITIONS: Readonly<Record<State, Readonly<Partial<Record<Event, State>>>>> = {
  silent: { start: "answered", restart: "answered", send: "sending", settle: "settled", abandon: "abandoned" },
  answered: { restart: "answered", refuse: "refused", send: "sending", settle: "settled", abandon: "abandoned" },
  refused: { restart: "answered", send: "sending", settle: "settled", abandon: "abandoned" },
  sending: { restart: "doomed", fill: "full", settle: "settled", abandon: "abandoned" },
  full: { restart: "doomed", settle: "settled", abandon: "abandoned" },
  doomed: { restart: "doomed", settle: "settled", abandon: "abandoned" },
  settled: { finish: "over" },
  // For an application that does not know that the client left, the table is the same as before.
  abandoned: { start: "abandoned", restart: "abandoned", refuse: "abandoned", finish: "abandoned" },
  over: {},
}

/**
 * The state that follows.
 *
 * @throws Error when the event must not come in that state
 * @example
 * nextState("silent", "start") // => "answered"
 * nextState("answered", "start") // throws Error
 */
export function nextState(state: State, event: Event): State {
  const next = TRANSITIONS[state][event]
  if (next !== undefined) return next
  const isOver = state === "settled" || state === "over"
  if (event === "start" || event === "restart") {
    throw new Error(
      isOver
        ? "startResponse was called after the response was over"
        : "startResponse was called a second time, without an error",
    )
  }
  throw new Error(`a response that is ${state} cannot ${event}`)
}

/** Whether the head has been sent, so that it can't be replaced. */
export function isSent(state: State): boolean {
  return state === "sending" || state === "full" || state === "doomed"
}
