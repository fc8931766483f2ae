// The line of a request in the Common Log Format, and its parts, for all that write one. What came from a client is escaped: a
// request is one line, a field ends where it seems to, and no terminal acts on it.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** What stands in a line. */
export interface CommonLogFields {
  /** A word; `-` when it is not known. */
  address: string | undefined
  /** As the client sent it; `-` when there is none. */
  user?: string | undefined
  /** As one of the functions here writes it. */
  time: string
  /** The request line, escaped. */
  request: string
  /** `-` when the response had none. */
  status: number | undefined
  /** Of the body. */
  bytes: number
}

/**
 * The line, without its end. No bytes are `0`, as wsgiref and nginx write it; Apache writes `-`.
 *
 * @example
 * commonLogLine({ address: "::1", time: "04/Nov/2015 18:44:06", request: "GET /AA HTTP/1.1", status: 304, bytes: 0 }) // => '::1 - - [04/Nov/2015 18:44:06] "GET /AA HTTP/1.1" 304 0'
 */
export function commonLogLine({ address, user, time, request, status, bytes }: CommonLogFields): string {
  const who = `${address ?? "-"} - ${user ? escapeLogField(user).replaceAll(" ", "\\x20") : "-"}`
  return `${who} [${time}] "${request}" ${status ?? "-"} ${bytes}`
}

/**
 * Control characters as `\x1b`, those of C1 included.
 *
 * @example
 * escapeControls("/a\u001b[2J\n") // => "/a\\x1b[2J\\x0a"
 */
export function escapeControls(text: string): string {
  // Most text has no controls. A search tells that sooner than a replacement.
  if (!CONTROL.test(text)) return text
  return text.replace(EVERY_CONTROL, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`)
}

const CONTROL = /[\x00-\x1f\x7f-\x9f]/
const EVERY_CONTROL = /[\x00-\x1f\x7f-\x9f]/g

/**
 * Controls as in `escapeControls`, quotes and backslashes behind a backslash.
 *
 * @example
 * escapeLogField('/"\\\n') // => '/\\"\\\\\\x0a'
 */
export function escapeLogField(text: string): string {
  return escapeControls(/["\\]/.test(text) ? text.replace(/["\\]/g, "\\$&") : text)
}

/** A time as text, written once for all requests of a second. */
function bySecond(write: (time: Date) => string): (time: Date) => string {
  let second = Number.NaN
  let written = ""
  return (time) => {
    const asked = Math.floor(time.getTime() / 1000)
    if (asked !== second) {
      written = write(time)
      second = asked
    }
    return written
  }
}

/**
 * The time in UTC, with the zone: what log readers expect.
 *
 * @example
 * zonedLogTime(new Date(0)) // => "01/Jan/1970:00:00:00 +0000"
 */
export const zonedLogTime: (time: Date) => string = bySecond((time) => {
  const [date = "", clock = ""] = time.toISOString().split("T")
  const [year, month, day] = date.split("-")
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${clock.slice(0, 8)} +0000`
})

/**
 * The local time without the zone, as wsgiref's server writes it: for people in front of a terminal.
 *
 * @example
 * localLogTime(new Date(2015, 10, 4, 18, 44, 6)) // => "04/Nov/2015 18:44:06"
 */
export const localLogTime: (time: Date) => string = bySecond((date) => {
  const two = (value: number) => String(value).padStart(2, "0")
  const day = `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
})

/** What a log tells of a WebSocket. */
export interface WebSocketRecord {
  /** With which it was closed, 1006 when it broke off; undefined while it is open. */
  readonly closeCode: number | undefined
  readonly messagesReceived: number
  readonly bytesReceived: number
  readonly messagesSent: number
  readonly bytesSent: number
}

/**
 * What stands behind the line of a WebSocket, which has a line when it is opened and a line when it is over.
 *
 * @example
 * const open = { closeCode: undefined, messagesReceived: 0, bytesReceived: 0, messagesSent: 0, bytesSent: 0 }
 * webSocketNote(open) // => " websocket=open"
 * webSocketNote({ closeCode: 1000, messagesReceived: 3, bytesReceived: 30, messagesSent: 4, bytesSent: 44 }) // => " websocket=1000 received=3 bytes_received=30 sent=4 bytes_sent=44"
 */
export function webSocketNote(record: WebSocketRecord | undefined): string {
  if (record === undefined) return ""
  const { closeCode, messagesReceived, bytesReceived, messagesSent, bytesSent } = record
  return closeCode === undefined
    ? " websocket=open"
    : ` websocket=${closeCode} received=${messagesReceived} bytes_received=${bytesReceived} sent=${messagesSent} bytes_sent=${bytesSent}`
}

/** What a log tells of this one, now. */
export function webSocketRecord(socket: WebSocketRecord): WebSocketRecord {
  const { closeCode, messagesReceived, bytesReceived, messagesSent, bytesSent } = socket
  return { closeCode, messagesReceived, bytesReceived, messagesSent, bytesSent }
}
