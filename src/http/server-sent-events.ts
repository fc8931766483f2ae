// The format of server-sent events (HTML Living Standard section 9.2): events as text, and back. No I/O; streams of them are made in
// wrappers/.

/** An event to send. */
export interface ServerSentEvent {
  /** Text goes as it is, in as many lines as it has; any other value as JSON. */
  data?: unknown
  /** The type, `message` unless given. */
  event?: string | undefined
  /** What the client sends back as `Last-Event-ID` when it connects again. */
  id?: string | undefined
  /** How long the client waits before it connects again, in milliseconds. */
  retry?: number | undefined
  /** For people who look at the stream; clients skip it. */
  comment?: string | undefined
}

/** An event as a client gets it. */
export interface ReceivedEvent {
  /** `message` unless the server said otherwise. */
  event: string
  data: string
  /** The id that was said last, of this event or of one before it; empty when there was none. */
  id: string
}

const LINE_END = /\r\n|\n|\r/

/**
 * An event in the format of the stream, with the empty line that ends it. Text alone is an event with this data.
 *
 * @throws TypeError for a line end or a NUL in `event` or `id`, and for data that JSON does not know; RangeError for `retry` that is
 *   no whole number from 0
 * @example
 * formatEvent("a\nb") // => "data: a\ndata: b\n\n"
 * formatEvent({ event: "tick", id: "7", data: { n: 1 } }) // => 'event: tick\nid: 7\ndata: {"n":1}\n\n'
 * formatEvent({ comment: "still here" }) // => ": still here\n\n"
 * formatEvent({ id: "a\nb" }) // throws TypeError
 */
export function formatEvent(given: ServerSentEvent | string): string {
  const { data, event, id, retry, comment } = typeof given === "string" ? ({ data: given } as ServerSentEvent) : given
  let text = ""
  if (comment !== undefined) for (const line of comment.split(LINE_END)) text += `: ${line}\n`
  if (event !== undefined) text += `event: ${oneLine("event", event)}\n`
  if (id !== undefined) text += `id: ${oneLine("id", id)}\n`
  if (retry !== undefined) text += `retry: ${wholeNumber(retry)}\n`
  if (data !== undefined) for (const line of dataText(data).split(LINE_END)) text += `data: ${line}\n`
  return `${text}\n`
}

function dataText(data: unknown): string {
  if (typeof data === "string") return data
  const text: string | undefined = JSON.stringify(data)
  if (text === undefined) throw new TypeError(`JSON has no value for the data of an event: ${String(data)}`)
  return text
}

function oneLine(name: string, value: string): string {
  if (typeof value === "string" && !/[\r\n\0]/.test(value)) return value
  throw new TypeError(`the ${name} of an event is a text of one line, not ${JSON.stringify(value)}`)
}

function wholeNumber(value: number): number {
  if (Number.isInteger(value) && value >= 0) return value
  throw new RangeError(`retry of an event is a whole number of milliseconds, not ${String(value)}`)
}

/**
 * Takes a stream apart as a browser does; `push` gives the events that are complete.
 *
 * @example
 * new EventParser().push("id: 1\ndata: a\ndata: b\n\ndata: c") // => [{ event: "message", data: "a\nb", id: "1" }]
 */
export class EventParser {
  /** What the server said last of how long to wait before connecting again. */
  retry: number | undefined = undefined
  #rest = ""
  #isFirst = true
  #event = ""
  #data: string[] = []
  #id = ""

  /** Takes text as it comes. */
  push(text: string): ReceivedEvent[] {
    let rest = this.#rest + text
    if (this.#isFirst && rest !== "") {
      this.#isFirst = false
      if (rest.startsWith("\ufeff")) rest = rest.slice(1)
    }
    // A carriage return at the end may be the first half of a line end.
    const isHalf = rest.endsWith("\r")
    const lines = (isHalf ? rest.slice(0, -1) : rest).split(LINE_END)
    this.#rest = (lines.pop() ?? "") + (isHalf ? "\r" : "")
    const events: ReceivedEvent[] = []
    for (const line of lines) {
      if (line !== "") this.#field(line)
      else if (this.#data.length > 0) {
        events.push({ event: this.#event === "" ? "message" : this.#event, data: this.#data.join("\n"), id: this.#id })
        this.#reset()
      } else this.#reset()
    }
    return events
  }

  #reset(): void {
    this.#data = []
    this.#event = ""
  }

  #field(line: string): void {
    const colon = line.indexOf(":")
    if (colon === 0) return
    const name = colon === -1 ? line : line.slice(0, colon)
    const after = colon === -1 ? "" : line.slice(colon + 1)
    const value = after.startsWith(" ") ? after.slice(1) : after
    if (name === "data") this.#data.push(value)
    else if (name === "event") this.#event = value
    else if (name === "id" && !value.includes("\0")) this.#id = value
    else if (name === "retry" && /^\d+$/.test(value)) this.retry = Number(value)
  }
}
