// Whether a client would rather have its errors as JSON than as HTML: one question to its Accept header.
// Browsers name text/html, programs name JSON, and a client that takes anything gets HTML.

import { parseAccept } from "../http/negotiation.ts"
import { asciiLower } from "../http/tokens.ts"

/** How good a media type is by a header: its quality, and how closely a range named it (0 to 2, -1 for not at all). */
interface Standing {
  quality: number
  closeness: number
}

// No other parameter can put JSON before HTML, and browsers do not send it.
const MENTIONS_JSON = /json|application\/\*/i

/**
 * Whether an `Accept` header gives JSON of any kind a higher quality than HTML, or the same and names it more closely
 * (RFC 9110 section 12.5.1).
 *
 * @example
 * prefersJson("application/json, text/plain, *\/*") // => true
 * prefersJson("text/html, application/json;q=0.9") // => false
 * prefersJson("*\/*") // => false
 */
export function prefersJson(accept: string): boolean {
  if (!MENTIONS_JSON.test(accept)) return false
  const json: Standing = { quality: 0, closeness: -1 }
  const html: Standing = { quality: 0, closeness: -1 }
  for (const [value, quality] of parseAccept(accept)) {
    const [range = ""] = asciiLower(value).split(";", 1)
    const [type, subtype = ""] = range.split("/", 2)
    const isJson = type === "application" && (subtype === "json" || subtype.endsWith("+json"))
    if (isJson) improve(json, quality, 2)
    else if (type === "text" && subtype === "html") improve(html, quality, 2)
    else if (type === "application" && subtype === "*") improve(json, quality, 1)
    else if (type === "text" && subtype === "*") improve(html, quality, 1)
    else if (type === "*" && subtype === "*") {
      improve(json, quality, 0)
      improve(html, quality, 0)
    }
  }
  if (json.quality === 0) return false
  return json.quality > html.quality || (json.quality === html.quality && json.closeness > html.closeness)
}

/** The closest range decides; of equally close ones the best. */
function improve(standing: Standing, quality: number, closeness: number): void {
  if (closeness < standing.closeness || (closeness === standing.closeness && quality <= standing.quality)) return
  standing.quality = quality
  standing.closeness = closeness
}
