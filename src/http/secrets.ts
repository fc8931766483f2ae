// Takes secrets out of logs and of the debugger's pages: values are masked by their names, in headers, cookies, queries, bodies
// and texts. Names and shape stay, so that what is left still shows what went wrong.

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** What stands in place of a secret. */
export const MASK = "***"

/** Whether a value of that name is to be hidden. */
export type IsSecret = (name: string) => boolean

const SECRET_NAME =
  /authori[sz]ation|cookie|passw(?:or)?d|passphrase|passcode|secret|token|(?:api|private|access|signing|encryption)[-_]?key|connection[-_]?string|session|credential|csrf|xsrf|signature|\bjwt\b|\bbearer\b|^pin$|^otp$/i

/** Names under which secrets travel: `Authorization`, `password`, `csrf_token`, `X-Api-Key`, `privateKey` ... */
export const isSecretName: IsSecret = (name) => SECRET_NAME.test(name)

/**
 * The pairs of a query or an urlencoded form, secrets masked.
 *
 * @example
 * maskQuery("user=ada&password=x&q=1", isSecretName) // => "user=ada&password=***&q=1"
 */
export function maskQuery(query: string, isSecret: IsSecret): string {
  return query
    .split("&")
    .map((pair) => {
      const equals = pair.indexOf("=")
      return equals !== -1 && isSecret(decoded(pair.slice(0, equals))) ? `${pair.slice(0, equals)}=${MASK}` : pair
    })
    .join("&")
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch {
    return text
  }
}

/** A URL or request target, with the secrets of its query masked. */
export function maskUrl(url: string, isSecret: IsSecret): string {
  const question = url.indexOf("?")
  return question === -1 ? url : `${url.slice(0, question)}?${maskQuery(url.slice(question + 1), isSecret)}`
}

/** Cookies keep their names: `a=***; b=***`. */
export function maskCookies(header: string): string {
  return header
    .split(";")
    .map((pair) => (pair.includes("=") ? `${pair.slice(0, pair.indexOf("="))}=${MASK}` : pair))
    .join(";")
}

/** Credentials keep their scheme: `Bearer ***`. */
export function maskCredentials(header: string): string {
  const space = header.indexOf(" ")
  return space === -1 ? MASK : `${header.slice(0, space)} ${MASK}`
}

const NAME = /([\w$.[\]-]{1,64})["'`]?[ \t]{0,3}(?:=>|[:=])[ \t]{0,3}/g
const VALUE = /"[^"\n]*"|'[^'\n]*'|`[^`\n]*`|[^\s,;&"'`{}[\]()<>]+/y
const SCHEME_BEFORE = /\b(Basic|Bearer|Digest|Negotiate)( +)[\w.~+/=-]{6,}/gi
const USER_INFO = /\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:@/?#"'`]{0,200}:)[^\s@/?#"'`]{1,500}@/gi

/**
 * Free text, with what looks like a secret masked: values behind a secret name, credentials behind their scheme, and the
 * password of a URL.
 *
 * @example
 * maskText("postgres://ada:x@db/app?token=y", isSecretName) // => "postgres://ada:***@db/app?token=***"
 * maskText('{ name: "ada", password: "x" }', isSecretName) // => '{ name: "ada", password: "***" }'
 */
export function maskText(text: string, isSecret: IsSecret): string {
  const readable = text.replace(USER_INFO, `$1${MASK}@`).replace(SCHEME_BEFORE, `$1$2${MASK}`)
  let masked = ""
  let done = 0
  for (const match of readable.matchAll(NAME)) {
    if (match.index < done || !isSecret(match[1] as string)) continue
    VALUE.lastIndex = match.index + match[0].length
    const value = VALUE.exec(readable)?.[0]
    if (value === undefined) continue
    const quote = /^["'`]/.exec(value)?.[0] ?? ""
    masked += `${readable.slice(done, match.index)}${match[0]}${quote}${MASK}${quote}`
    done = match.index + match[0].length + value.length
  }
  return masked + readable.slice(done)
}

/**
 * A body with its secrets masked; undefined when its type has names for its values but it cannot be read.
 *
 * @param body Latin-1 text
 */
export function maskBody(body: string, contentType: string, isSecret: IsSecret): string | undefined {
  const mimetype = (/^[^;]*/.exec(contentType)?.[0] ?? "").trim().toLowerCase()
  if (mimetype === "application/x-www-form-urlencoded") return maskQuery(body, isSecret)
  if (mimetype === "application/json" || mimetype.endsWith("+json")) return maskJson(body, isSecret)
  if (mimetype === "multipart/form-data") {
    const boundary = /boundary="?([^";]+)/i.exec(contentType)?.[1]
    return boundary === undefined ? undefined : maskMultipart(body, boundary, isSecret)
  }
  return body
}

function maskJson(body: string, isSecret: IsSecret): string | undefined {
  if (body === "") return body
  try {
    const value: unknown = JSON.parse(decoder.decode(Uint8Array.from(body, (char) => char.charCodeAt(0))))
    let masked = false
    const text = JSON.stringify(value, (name, inner: unknown) => {
      if (name === "" || !isSecret(name)) return inner
      masked = true
      return MASK
    })
    // Nothing to hide: then the body stays byte for byte what it was.
    return masked ? byteString(text) : body
  } catch {
    return undefined
  }
}

/** The UTF-8 bytes of a text, one character for each. */
function byteString(text: string): string {
  let bytes = ""
  for (const byte of encoder.encode(text)) bytes += String.fromCharCode(byte)
  return bytes
}

function maskMultipart(body: string, boundary: string, isSecret: IsSecret): string {
  const delimiter = `--${boundary}`
  return body
    .split(delimiter)
    .map((part) => {
      const blank = part.indexOf("\r\n\r\n")
      if (blank === -1) return part
      const head = part.slice(0, blank)
      const name = /\bname="([^"]*)"/i.exec(head)?.[1]
      return name !== undefined && isSecret(name) ? `${head}\r\n\r\n${MASK}\r\n` : part
    })
    .join(delimiter)
}
