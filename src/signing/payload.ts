// A value as the payload of a token: JSON in UTF-8, compressed where that makes it shorter, in base64url. A dot in front
// says that it is compressed. Read only behind a valid signature, and within a limit all the same.

import { deflateSync, inflateSync } from "node:zlib"
import { textToByteString } from "../http/urls.ts"
import { byteStringOf, bytesOf, decodeBase64Url, encodeBase64Url } from "./base64url.ts"

/** What turns values into text and back: `JSON`, `taggedJson`, or something of your own. */
export interface PayloadSerializer {
  parse(text: string): unknown
  stringify(value: unknown): string | undefined
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const COMPRESSED = "."
const NOT_ASCII = /[^\x00-\x7f]/
/** Shorter text hardly ever gets shorter, and trying costs more than all the rest. Python always tries. */
const MIN_TO_COMPRESS = 64

/** @throws TypeError for a value that JSON does not know */
export function dumpPayload(value: unknown, serializer: PayloadSerializer): string {
  const text = serializer.stringify(value)
  if (typeof text !== "string") throw new TypeError(`a token cannot hold ${typeof value}`)
  const bytes = textToByteString(text)
  if (bytes.length >= MIN_TO_COMPRESS) {
    const compressed = deflateSync(bytesOf(bytes))
    if (compressed.length < bytes.length - 1) return COMPRESSED + encodeBase64Url(byteStringOf(compressed))
  }
  return encodeBase64Url(bytes)
}

/** The value, in an object; `undefined` when it is unreadable or larger than `maxBytes`. */
export function loadPayload(
  payload: string,
  serializer: PayloadSerializer,
  maxBytes: number,
): { value: unknown } | undefined {
  const isCompressed = payload.startsWith(COMPRESSED)
  const bytes = decodeBase64Url(isCompressed ? payload.slice(COMPRESSED.length) : payload)
  if (bytes === undefined) return undefined
  try {
    let text: string
    if (isCompressed) text = decoder.decode(inflateSync(bytesOf(bytes), { maxOutputLength: maxBytes }))
    else text = NOT_ASCII.test(bytes) ? decoder.decode(bytesOf(bytes)) : bytes
    return { value: serializer.parse(text) }
  } catch {
    return undefined
  }
}
