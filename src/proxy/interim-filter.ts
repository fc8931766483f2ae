// Takes `100 Continue` out of what comes in on a connection to an upstream. A client has to skip interim responses that it did not
// ask for (RFC 9110 section 15.2), but undici takes this one for a fault and ends the connection.
// Works on bytes, and looks only at heads: where a head may begin is known, since one request is at work at a time.

/** More interim responses than this are an attack or a mistake. */
export const MAX_INTERIM = 32
/** A longer head of an interim response is left to the parser, which has a limit of its own. */
const MAX_HEAD = 16 * 1024

const VERSION = "HTTP/1."
/** Where the status begins, behind `HTTP/1.1 `. */
const STATUS_AT = 9
const NOTHING = new Uint8Array(0)

/** Filters what one connection reads. */
export class InterimFilter {
  #isHead = false
  #dropped = 0
  /** The beginning of a head of which more has to come. */
  #held: Uint8Array = NOTHING

  /** A request goes out: the next bytes are the head of a response. */
  expectHead(): void {
    this.#isHead = true
    this.#dropped = 0
    this.#held = NOTHING
  }

  /**
   * What the parser gets to see of the bytes, now or, when they end within a head, with later ones.
   *
   * @param bytes are kept only as a copy
   */
  take(bytes: Uint8Array): Uint8Array {
    if (!this.#isHead) return bytes
    const isFinal = this.#held.length === 0 && bytes.length > STATUS_AT && bytes[STATUS_AT] !== ONE
    if (isFinal) {
      this.#isHead = false
      return bytes
    }
    return this.#takeHeads(this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]))
  }

  #takeHeads(bytes: Uint8Array): Uint8Array {
    this.#held = NOTHING
    const passed: Uint8Array[] = []
    let rest = bytes
    while (this.#isHead && rest.length > 0) {
      const isInterim = startsInterim(rest)
      const end = isInterim ? headEnd(rest) : undefined
      if (isInterim === false || (end === undefined && rest.length > MAX_HEAD) || this.#dropped > MAX_INTERIM) {
        this.#isHead = false
      } else if (end === undefined) {
        this.#held = Uint8Array.prototype.slice.call(rest)
        rest = NOTHING
      } else {
        if (isContinue(rest)) this.#dropped++
        else passed.push(rest.subarray(0, end))
        rest = rest.subarray(end)
      }
    }
    if (passed.length === 0) return rest
    return Buffer.concat([...passed, rest])
  }
}

const ONE = 0x31
const ZERO = 0x30
const CR = 0x0d
const LF = 0x0a

/** Whether this is the head of an interim response; `undefined` as long as too little has come. `101` ends the exchange. */
function startsInterim(bytes: Uint8Array): boolean | undefined {
  for (let at = 0; at < VERSION.length && at < bytes.length; at++) {
    if (bytes[at] !== VERSION.charCodeAt(at)) return false
  }
  if (bytes.length > STATUS_AT && bytes[STATUS_AT] !== ONE) return false
  if (bytes.length < STATUS_AT + 3) return undefined
  return bytes[STATUS_AT + 1] !== ZERO || bytes[STATUS_AT + 2] !== ONE
}

function isContinue(head: Uint8Array): boolean {
  return head[STATUS_AT + 1] === ZERO && head[STATUS_AT + 2] === ZERO
}

/** Behind the empty line. */
function headEnd(bytes: Uint8Array): number | undefined {
  for (let at = bytes.indexOf(CR); at !== -1; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return at + 4
  }
  return undefined
}
