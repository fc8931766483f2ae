// What a client offers of permessage-deflate (RFC 7692 section 7.1). Knows the grammar of the offer, and nothing of compression.

const FLAG = /^(?:server|client)_no_context_takeover$/
// Raw deflate of zlib has no window of 8 bits, which the client may ask the server for.
const SERVER_BITS = /^server_max_window_bits=(?:9|1[0-5])$/
const CLIENT_BITS = /^client_max_window_bits(?:=(?:[89]|1[0-5]))?$/

/**
 * The first offer that can be accepted, of a list of extensions as a client writes it; undefined when there is none. An offer with a
 * parameter that is unknown, malformed or repeated is declined (section 7.1), and the next one is looked at.
 *
 * @example
 * deflateOffer("x-other, permessage-deflate; client_max_window_bits") // => "permessage-deflate; client_max_window_bits"
 * deflateOffer("permessage-deflate; server_max_window_bits=99, permessage-deflate") // => "permessage-deflate"
 * deflateOffer("permessage-deflate; later") // => undefined
 */
export function deflateOffer(extensions: string | undefined): string | undefined {
  if (extensions === undefined) return undefined
  for (const offer of extensions.split(",")) {
    const [name, ...parameters] = offer.split(";").map(normalized)
    if (name === "permessage-deflate" && areRight(parameters)) return [name, ...parameters].join("; ")
  }
  return undefined
}

/** Lower case, without white space around `=`, a value without its quotes. */
function normalized(part: string): string {
  const [name = "", ...value] = part.trim().toLowerCase().split("=")
  if (value.length === 0) return name
  return `${name.trim()}=${value
    .join("=")
    .trim()
    .replace(/^"([^"]*)"$/, "$1")}`
}

function areRight(parameters: readonly string[]): boolean {
  const names = new Set(parameters.map((each) => each.split("=")[0]))
  if (names.size !== parameters.length) return false
  return parameters.every((each) => FLAG.test(each) || SERVER_BITS.test(each) || CLIENT_BITS.test(each))
}
