// What a framework around a listener adds to a request of node:http: where it has mounted us, a body that it has read
// before, and what stands behind us. Knows no framework.

import type { InputStream } from "../../gateway.ts"

/** A request of node:http that came by way of others. */
export interface Mounting {
  /** Variables in place of those that the message alone would give. */
  readonly variables: Readonly<Record<string, string>>
  /** The fields in place of those of the message. */
  readonly fields: readonly string[] | undefined
  /** The body, when it was read before. */
  readonly input: InputStream | undefined
  /** Answers with such a status are not sent: what stands behind us answers. */
  readonly passOn: ReadonlySet<number> | undefined
  /** Called in place of an answer. */
  next(): void
}
