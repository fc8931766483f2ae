// How much of a form is taken. One object holds the limits of a request, and the same ones hold for every type of body
// and every framing: they are counted while bytes arrive, and the error says which of them was met.

import { BadRequest, RequestEntityTooLarge } from "../exceptions/statuses.ts"

/** The limits of a form. `Infinity` is no limit; `undefined` is the default. Meeting a limit exactly is fine. */
export interface FormLimits {
  /** The most bytes that the whole body may have, headers of parts and all. 128 MiB unless given. */
  readonly maxContentLength?: number | undefined
  /** The most bytes of text that are held in memory, summed over the fields. 500 000 unless given. */
  readonly maxFormMemorySize?: number | undefined
  /** The most parts of a multipart form, fields and files together, and the most fields of an urlencoded one. 1000 unless given. */
  readonly maxFormParts?: number | undefined
  /** The most bytes that a single file may have. No limit unless given. */
  readonly maxFileSize?: number | undefined
  /** The most files, less those that the user did not choose: without a name and without bytes. No limit unless given. */
  readonly maxFiles?: number | undefined
  /** The most bytes of headers that a part may have. 16 384 unless given, and never more. */
  readonly maxPartHeaderSize?: number | undefined
}

/** All limits, each a number. */
export type SettledLimits = { readonly [Limit in keyof FormLimits]-?: number }

const DEFAULTS: SettledLimits = {
  maxContentLength: 128 * 1024 * 1024,
  maxFormMemorySize: 500_000,
  maxFormParts: 1000,
  maxFileSize: Number.POSITIVE_INFINITY,
  maxFiles: Number.POSITIVE_INFINITY,
  maxPartHeaderSize: 16 * 1024,
}

/** The limits with the defaults filled in. Throws RangeError for one that is not a number from 0. */
export function settleLimits(limits: FormLimits): SettledLimits {
  return {
    maxContentLength: settle(limits, "maxContentLength"),
    maxFormMemorySize: settle(limits, "maxFormMemorySize"),
    maxFormParts: settle(limits, "maxFormParts"),
    maxFileSize: settle(limits, "maxFileSize"),
    maxFiles: settle(limits, "maxFiles"),
    maxPartHeaderSize: Math.min(settle(limits, "maxPartHeaderSize"), DEFAULTS.maxPartHeaderSize),
  }
}

function settle(limits: FormLimits, name: keyof FormLimits): number {
  const limit = limits[name] ?? DEFAULTS[name]
  if (typeof limit !== "number" || !(limit >= 0)) {
    throw new RangeError(`${name} must be a number from 0, not ${String(limit)}`)
  }
  return limit
}

/** What a part says of itself. */
interface NamedPart {
  readonly name: string
  /** `undefined` for a text. */
  readonly filename?: string | undefined
}

/** A 413 that tells which limit was met, and by which part where it was one. */
export function tooLarge(limit: string, most: number, part?: NamedPart): RequestEntityTooLarge {
  const where = part === undefined ? "" : `, with ${describePart(part)}`
  return new RequestEntityTooLarge(`The form is larger than ${limit} allows, which is ${most}${where}.`)
}

function describePart({ name, filename }: NamedPart): string {
  const field = `the field ${shown(name)}`
  return filename === undefined ? field : `the file ${shown(filename)} in ${field}`
}

/** A name as it is put into a sentence; what is too long is cut. */
export function shown(name: string): string {
  return JSON.stringify(name.length > MOST_SHOWN ? `${name.slice(0, MOST_SHOWN)}...` : name)
}

const MOST_SHOWN = 100

/** A body that is not what its Content-Type says. */
export class MalformedForm extends BadRequest {}

/** That, told to the client. */
export function malformed(what: string): MalformedForm {
  return new MalformedForm(`The form could not be read: ${what}.`)
}
