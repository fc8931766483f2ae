// What a client says that it is. Nothing is guessed here: a subclass that knows how fills the fields in.

import { isFieldValue } from "../http/fields.ts"

/**
 * The `User-Agent` header. Browser, platform and so on are for subclasses to tell, set as `userAgentClass` of a Request.
 *
 * @example
 * String(new UserAgent("curl/8.5.0")) // => "curl/8.5.0"
 * new UserAgent("").browser // => undefined
 */
export class UserAgent {
  /** The header as it came; empty when there was none. */
  readonly string: string
  /** The operating system. */
  readonly platform: string | undefined
  /** The name of the browser. */
  readonly browser: string | undefined
  /** The version of the browser. */
  readonly version: string | undefined
  /** The language of the browser. */
  readonly language: string | undefined

  constructor(string = "") {
    this.string = string
  }

  /** The object for a header; without one, and for what no header may be, its text is empty. */
  static fromHeader(text: string | undefined): UserAgent {
    return new UserAgent(text !== undefined && isFieldValue(text) ? text : "")
  }

  /** The header as it came. */
  toHeader(): string {
    return this.string
  }

  /** The header as it came. */
  toString(): string {
    return this.string
  }
}
