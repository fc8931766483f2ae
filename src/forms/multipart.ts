// The seam behind which multipart bodies are parsed: push bytes, pull events. Whoever reads a form knows this interface
// only, so the parser can be replaced without anybody else taking notice. The one in use is busboy, but for odd bodies.

import { parseMediaType } from "../http/media-types.ts"
import { ChoosingDecoder } from "./choosing-decoder.ts"
import { type FormLimits, malformed, settleLimits } from "./limits.ts"
import type { MultipartEvent } from "./multipart-events.ts"

/** Turns the bytes of a multipart body into events, in order, as far as they are at hand. */
export interface EventDecoder {
  /** Takes bytes, which must not change afterwards; `undefined` when the body is over. */
  receiveData(data: Uint8Array | undefined): void
  /**
   * The next event; `undefined` when more data is needed first, or, once the body is over, when that was all.
   *
   * @throws BadRequest (400) when the body is malformed, or over too early; RequestEntityTooLarge (413) for a limit
   */
  nextEvent(): MultipartEvent | undefined
}

/** Makes a decoder for a body with this boundary. */
export type EventDecoderFactory = (boundary: string, limits: FormLimits) => EventDecoder

/** The decoder in use unless another one is given. */
export const defaultDecoder: EventDecoderFactory = (boundary, limits) =>
  new ChoosingDecoder(boundary, settleLimits(limits))

// RFC 2046 section 5.1.1 has 1 to 70 characters of a small alphabet, no space at the end. Clients that go beyond
// that alphabet are there, and nothing hangs on it; but who goes beyond the length is up to something.
const BOUNDARY = /^[\x20-\x7e]{0,69}[\x21-\x7e]$/

// Two readers of one header may pick one each, and see two different forms.
const BOUNDARY_PARAMETERS = /;[ \t]*boundary[*\d]*=/gi

/** The boundary that a Content-Type tells. @throws BadRequest (400) when there is none, or two, or one that can't be */
export function boundaryOf(contentType: string): string {
  const boundary = parseMediaType(contentType)[1].get("boundary")
  if (boundary === undefined) throw malformed("there is no boundary")
  if (!BOUNDARY.test(boundary)) throw malformed("the boundary is not 1 to 70 characters of ASCII")
  if ((contentType.match(BOUNDARY_PARAMETERS)?.length ?? 0) > 1) throw malformed("there are two boundaries")
  return boundary
}
