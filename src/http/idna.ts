// Host names beyond ASCII (RFC 5890, UTS 46). To ASCII the platform's URL class does the work, one label at a time and
// only for labels that need it; back again is Punycode (RFC 3492), believed only if the platform returns to the same label.

const ASCII = /^[\x00-\x7f]*$/
// What may stand in a label besides letters of other scripts. Any other character would have a meaning for a URL parser.
const LABEL = /^[a-z0-9_\u0080-\u{10ffff}-]*$/iu

// RFC 1035 section 2.3.4 allows 255 bytes. A longer name cannot exist, and converting it would cost time.
const MAX_LENGTH = 255

/**
 * The host name in ASCII and lower case, each label in Punycode that needs it.
 *
 * @throws TypeError when a name beyond ASCII is too long, or a label has characters that no name can have
 * @example
 * hostToAscii("Bücher.example") // => "xn--bcher-kva.example"
 * hostToAscii("\u2100.example") // throws TypeError
 */
export function hostToAscii(host: string): string {
  if (ASCII.test(host)) return host.toLowerCase()
  if (host.length > MAX_LENGTH) throw new TypeError(`Not a host name: ${JSON.stringify(host.slice(0, MAX_LENGTH))}...`)
  // UTS 46 section 4: these are dots too
  return host
    .split(/[.\u3002\uff0e\uff61]/)
    .map(labelToAscii)
    .join(".")
}

function labelToAscii(label: string): string {
  if (ASCII.test(label)) return label.toLowerCase()
  // Between two harmless labels, a label cannot be taken for the number of an IPv4 address, nor for a port.
  const url = LABEL.test(label) ? parseUrl(`http://a.${label}.a/`) : undefined
  if (url === undefined) throw new TypeError(`Not a host name: ${JSON.stringify(label)}`)
  return url.hostname.slice(2, -2)
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/**
 * The host name with its Punycode labels decoded. A label that is not the Punycode of anything stays as it is.
 *
 * @example
 * hostToUnicode("xn--bcher-kva.example") // => "bücher.example"
 * hostToUnicode("xn--bad-.example") // => "xn--bad-.example"
 */
export function hostToUnicode(host: string): string {
  const lower = host.toLowerCase()
  return lower.length <= MAX_LENGTH && lower.includes("xn--") ? lower.split(".").map(labelToUnicode).join(".") : lower
}

function labelToUnicode(label: string): string {
  if (!label.startsWith("xn--")) return label
  const decoded = decodePunycode(label.slice(4))
  if (decoded === undefined || ASCII.test(decoded)) return label
  try {
    return labelToAscii(decoded) === label ? decoded : label
  } catch {
    return label
  }
}

// The parameters of RFC 3492 section 5.
const BASE = 36
const T_MIN = 1
const T_MAX = 26
const SKEW = 38
const DAMP = 700
const INITIAL_BIAS = 72
const INITIAL_N = 0x80

/** RFC 3492 section 6.2; `undefined` for what is not Punycode. */
function decodePunycode(text: string): string | undefined {
  const delimiter = text.lastIndexOf("-")
  const output = Array.from(text.slice(0, Math.max(delimiter, 0)), (character) => character.charCodeAt(0))
  let [n, i, bias] = [INITIAL_N, 0, INITIAL_BIAS]
  let index = delimiter + 1
  while (index < text.length) {
    const before = i
    let weight = 1
    for (let k = BASE; ; k += BASE) {
      const digit = punycodeDigit(text.charCodeAt(index++))
      if (digit >= BASE) return undefined
      i += digit * weight
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX)
      if (digit < threshold) break
      weight *= BASE - threshold
    }
    const length = output.length + 1
    bias = adapt(i - before, length, before === 0)
    n += Math.floor(i / length)
    i %= length
    if (n > 0x10ffff) return undefined
    output.splice(i++, 0, n)
  }
  return String.fromCodePoint(...output)
}

function punycodeDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 26
  if (code >= 0x61 && code <= 0x7a) return code - 0x61
  return BASE
}

/** RFC 3492 section 6.1 */
function adapt(delta: number, length: number, first: boolean): number {
  let rest = first ? Math.floor(delta / DAMP) : delta >> 1
  rest += Math.floor(rest / length)
  let k = 0
  for (; rest > ((BASE - T_MIN) * T_MAX) >> 1; k += BASE) rest = Math.floor(rest / (BASE - T_MIN))
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW))
}
