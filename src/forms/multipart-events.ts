// What a multipart body is made of, as a decoder tells it and an encoder takes it: plain values, in the order of the body.
// They know no stream and no limit, so that the same events serve memory, sockets and tests.

/** Header fields of a part in order. Values are byte strings, as in all headers: each character is one byte. */
export type PartHeaders = readonly (readonly [name: string, value: string])[]

/** What stands before the first boundary, line break included; may come in pieces. No part of the form. */
export interface PreambleEvent {
  readonly type: "preamble"
  readonly data: Uint8Array
}

/** A part that is text begins. Its bytes follow as data events. */
export interface FieldEvent {
  readonly type: "field"
  readonly name: string
  readonly headers: PartHeaders
}

/** A part that is a file begins: one that has a filename, be it an empty one. Its bytes follow as data events. */
export interface FileEvent {
  readonly type: "file"
  readonly name: string
  /** As the client sent it, often with a path of its own machine. Never to be used as a path here. */
  readonly filename: string
  readonly headers: PartHeaders
}

/** Bytes of the part that began last. */
export interface DataEvent {
  readonly type: "data"
  readonly data: Uint8Array
  /** False in the last data event of a part. Every part has one, with no bytes if need be. */
  readonly moreData: boolean
}

/** The last boundary was seen. What stands behind it is no part of the form; may come in pieces, the first one empty. */
export interface EpilogueEvent {
  readonly type: "epilogue"
  readonly data: Uint8Array
}

/**
 * One step through a multipart body.
 */
export type MultipartEvent = PreambleEvent | FieldEvent | FileEvent | DataEvent | EpilogueEvent
