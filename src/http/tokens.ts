// The two smallest pieces of every header: token and quoted-string (RFC 9110 sections 5.6.2 and 5.6.4).
// A table of the token characters drives every test; nothing here backtracks or knows what a header means.

// RFC 9110 section 5.6.2   token = 1*tchar
const TCHAR: Uint8Array = new Uint8Array(128)
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  TCHAR[char.charCodeAt(0)] = 1
}

const BACKSLASH = 0x5c
const LF = 0x0a

/** The index behind the token that starts at `start`; `start` itself when there is none. */
export function tokenEnd(text: string, start: number): number {
  let index = start
  while (index < text.length && TCHAR[text.charCodeAt(index)] === 1) index++
  return index
}

/**
 * Whether the text is a token: a name or word that needs no quotes (RFC 9110 section 5.6.2). Empty text is not a token.
 *
 * @example
 * isToken("no-cache") // => true
 * isToken("text/html") // => false
 * isToken("") // => false
 */
export function isToken(text: string): boolean {
  return text !== "" && tokenEnd(text, 0) === text.length
}

/**
 * The value as it stands in a header: bare when it is a token, else in double quotes with `"` and `\` escaped.
 * Characters that no header may hold are left for `checkFieldValue` to refuse.
 *
 * @param options `allowToken: false` quotes tokens too, which some parameters of Digest authentication ask for
 * @example
 * quoteHeaderValue("UTF-8") // => "UTF-8"
 * quoteHeaderValue('say "hi"') // => '"say \\"hi\\""'
 * quoteHeaderValue("") // => '""'
 */
export function quoteHeaderValue(value: string | number | boolean, options?: { allowToken?: boolean }): string {
  const text = String(value)
  if (options?.allowToken !== false && isToken(text)) return text
  return `"${text.replace(/["\\]/g, "\\$&")}"`
}

/**
 * What `quoteHeaderValue` was given. Text that does not both begin and end with a quote comes back as it is.
 *
 * @example
 * unquoteHeaderValue('"a \\"b\\""') // => 'a "b"'
 * unquoteHeaderValue('"open') // => '"open'
 */
export function unquoteHeaderValue(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text
  return unescapeQuoted(text, 1, text.length - 1)
}

/** The inside of a quoted-string between two indexes. A backslash quotes any character that follows, but for a line break. */
export function unescapeQuoted(text: string, start: number, end: number): string {
  let result = ""
  let from = start
  for (let index = text.indexOf("\\", start); index !== -1 && index < end - 1; index = text.indexOf("\\", index)) {
    if (text.charCodeAt(index + 1) === LF) {
      index++
      continue
    }
    result += text.slice(from, index)
    from = index + 1
    index += 2
  }
  return result + text.slice(from, end)
}

/** The index of the quote that closes the quoted-string opened at `start`, or -1. */
export function closingQuote(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x22) return index
    if (code === BACKSLASH) index++
  }
  return -1
}

/** A part of a text without the SP and HTAB around it (OWS, RFC 9110 section 5.6.3). Other white space stays. */
export function stripOws(text: string, start: number, end: number): string {
  let from = start
  let to = end
  while (from < to && isOws(text.charCodeAt(from))) from++
  while (to > from && isOws(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/**
 * Without the white space around it. Besides OWS (SP and HTAB, RFC 9110 section 5.6.3) this is CR, LF, VT and FF, which a
 * recipient may read as spaces (section 5.5). Unlike `trim` it keeps U+00A0 and U+FEFF, which are data.
 */
export function stripSpace(text: string, start = 0, end: number = text.length): string {
  let from = start
  let to = end
  while (from < to && isSpace(text.charCodeAt(from))) from++
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

/** Whether the character code is SP, HTAB, LF, VT, FF or CR. */
export function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}

const CAPITAL = /[A-Z]/
const NOT_ASCII = /[^\x00-\x7f]/

/** The text with `A` to `Z` in lower case and nothing else changed: U+212A is not the letter k. */
export function asciiLower(text: string): string {
  // Text without a capital is the usual case, and for ASCII the platform's way is right and much faster.
  if (!CAPITAL.test(text)) return text
  return NOT_ASCII.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text.toLowerCase()
}
