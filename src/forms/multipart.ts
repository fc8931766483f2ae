// The seam behind which multipart bodies are parsed: push bytes, pull events. What reads a form knows this interface only, so
// the parser can be replaced without a change elsewhere. The one in use is our own.

import { parseMediaType } from "../http/media-types.ts"
import { stripSpace } from "../http/tokens.ts"
import { type FormLimits, malformed, shown } from "./limits.ts"
import { MultipartDecoder } from "./multipart-decoder.ts"
import type { MultipartEvent } from "./multipart-events.ts"

/** Turns the bytes of a multipart body into events, in order, as far as they are at hand. */
export interface EventDecoder {
  /**
   * Takes bytes, which must not change afterwards; `undefined` when the body is over. A decoder that works on them later
   * returns a promise; events are pulled and more bytes given when that has resolved.
   */
  receiveData(data: Uint8Array | undefined): void | Promise<void>
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
export const defaultDecoder: EventDecoderFactory = (boundary, limits) => new MultipartDecoder(boundary, limits)

// RFC 2046 section 5.1.1 has 1 to 70 characters of a small alphabet, no space at the end. Clients that go beyond that
// alphabet are there, and nothing hangs on it; a boundary beyond that length makes the search slow and is no client's.
const BOUNDARY = /^[\x20-\x7e]{0,69}[\x21-\x7e]$/

// Two readers of one header may pick one boundary each, and see two different forms.
const BOUNDARY_PARAMETERS = /;[ \t]*boundary[*\d]*=/gi

// Clients write `boundary=----=_Part_1`, which ought to stand in quotes. Behind a comma another header begins.
const BARE_BOUNDARY = /;[ \t]*boundary=([^";][^;]*)/i
const NOT_BARE = /[",]/

/** The boundary that a Content-Type tells. @throws BadRequest (400) when there is none, or two, or one that can't be */
export function boundaryOf(contentType: string): string {
  const bare = BARE_BOUNDARY.exec(contentType)?.[1]
  const boundary = bare === undefined ? parseMediaType(contentType)[1].get("boundary") : stripSpace(bare)
  if (boundary === undefined) throw malformed("its Content-Type has no boundary, or one that does not end")
  if ((contentType.match(BOUNDARY_PARAMETERS)?.length ?? 0) > 1) throw malformed("there are two boundaries")
  if (!BOUNDARY.test(boundary)) throw malformed(`the boundary ${shown(boundary)} is not 1 to 70 characters of ASCII`)
  if (bare !== undefined && NOT_BARE.test(boundary)) throw malformed(`the boundary ${shown(boundary)} is not in quotes`)
  return boundary
}
