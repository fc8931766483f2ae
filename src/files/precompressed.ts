// Files that were compressed beforehand and lie beside the original: `app.js.br`, `app.js.gz`.

import { parseAccept } from "../http/negotiation.ts"
import { asciiLower } from "../http/tokens.ts"

/** A content coding by its name in HTTP. */
export type ContentCoding = "br" | "zstd" | "gzip"

const ENDINGS: Readonly<Record<ContentCoding, string>> = { br: ".br", zstd: ".zst", gzip: ".gz" }

/** Smallest first, as a rule. */
const PREFERENCE: readonly ContentCoding[] = ["br", "zstd", "gzip"]

/**
 * The codings that a client takes, those that it likes best first, and among these in our order. It has to name
 * them or to say `*` (RFC 9110 section 12.5.3).
 *
 * @example
 * acceptedCodings("gzip, br;q=0.9") // => ["gzip", "br"]
 * acceptedCodings("gzip, deflate, br, zstd", ["gzip", "br"]) // => ["gzip", "br"]
 * acceptedCodings("*, br;q=0") // => ["zstd", "gzip"]
 * acceptedCodings(undefined) // => []
 */
export function acceptedCodings(
  acceptEncoding: string | undefined,
  offered: readonly ContentCoding[] = PREFERENCE,
): ContentCoding[] {
  const qualities = new Map<string, number>()
  for (const [name, quality] of parseAccept(acceptEncoding)) qualities.set(asciiLower(name), quality)
  const qualityOf = (coding: ContentCoding) =>
    qualities.get(coding) ?? (coding === "gzip" ? qualities.get("x-gzip") : undefined) ?? qualities.get("*") ?? 0
  return offered.filter((coding) => qualityOf(coding) > 0).sort((one, other) => qualityOf(other) - qualityOf(one))
}

/** The ending of files in a coding. */
export function endingOf(coding: ContentCoding): string {
  return ENDINGS[coding]
}
