// How much of a form is taken. One object holds the limits of a request, and the same ones hold for every type of body
// and every framing: they are counted while bytes arrive, and the error says which of them was met.

import { BadRequest, RequestEntityTooLarge } from "../exceptions/statuses.ts"

/** The limits of a form. `Infinity` is no limit; `undefined` is the default. Meeting a limit exactly is fine. */
export interface FormLimits {
  /** The most bytes that the whole body may have, headers of parts and all. 128 MiB unless given. */
  readonly maxContentLength?: number | undefined
  /** The most bytes of text that are held in memory, summed over the fields. 500 000 unless given. */
  readonly maxFormMemorySize?: number | undefined
  /** The most parts, fields and files together. 1000 unless given. */
  readonly maxFormParts?: number | undefined
  /** The most bytes of headers that a part may have. 16 384 unless given, and never more. */
  readonly maxPartHeaderSize?: number | undefined
}

/** All limits, each a number. */
export type SettledLimits = { readonly [Limit in keyof FormLimits]-?: number }

const DEFAULTS: SettledLimits = {
  maxContentLength: 128 * 1024 * 1024,
  maxFormMemorySize: 500_000,
  maxFormParts: 1000,
  maxPartHeaderSize: 16 * 1024,
}

/** The limits with the defaults filled in. Throws RangeError for one that is not a number from 0. */
export function settleLimits(limits: FormLimits): SettledLimits {
  return {
    maxContentLength: settle(limits, "maxContentLength"),
    maxFormMemorySize: settle(limits, "maxFormMemorySize"),
    maxFormParts: settle(limits, "maxFormParts"),
    maxPartHeaderSize: Math.min(settle(limits, "maxPartHeaderSize"), DEFAULTS.maxPartHeaderSize),
  }
}

function settle(limits: FormLimits, name: keyof FormLimits): number {
  const limit = limits[name] ?? DEFAULTS[name]
  if (!(limit >= 0)) throw new RangeError(`${name} must be a number from 0, not ${String(limit)}`)
  return limit
}

/** A 413 that tells which limit was met. */
export function tooLarge(limit: string, most: number): RequestEntityTooLarge {
  return new RequestEntityTooLarge(`The form is larger than ${limit} allows, which is ${most}.`)
}

/** A body that is not what its Content-Type says. */
export class MalformedForm extends BadRequest {}

/** That, told to the client. */
export function malformed(what: string): MalformedForm {
  return new MalformedForm(`The form could not be read: ${what}.`)
}
