// What stands between strangers and the application: password hashes in Werkzeug's format, comparison in constant time, paths and
// file names made of what a client sent, and redirects that stay here. Deriving a key runs in the thread pool of the runtime,
// never on the event loop, and only within bounds that are checked first. Paths are judged as text; the disk is not asked, so
// that links are left to the code that opens files.

import { createHmac, pbkdf2, randomBytes, scrypt, timingSafeEqual } from "node:crypto"

// ---- Passwords

/**
 * Iterations of PBKDF2 where a method does not say how many.
 */
export const DEFAULT_PBKDF2_ITERATIONS = 1_000_000

// An attacker that can plant a hash, or choose a password, must not choose what it costs. The default scrypt takes 32 MiB.
const MAX_PASSWORD_BYTES = 4096
const MAX_SALT_BYTES = 1024
const MAX_PBKDF2_ITERATIONS = 10_000_000
// 256 MiB for the table, and some for the blocks beside it.
const MAX_SCRYPT_MEMORY = 257 * 2 ** 20
const MAX_SCRYPT_COST = 2 ** 23
const SCRYPT_KEY_BYTES = 64

// hashlib's names, what OpenSSL calls them, and the size of the key.
const DIGESTS: ReadonlyMap<string, [name: string, bytes: number]> = new Map([
  ["md5", ["md5", 16]],
  ["sha1", ["sha1", 20]],
  ["sha224", ["sha224", 28]],
  ["sha256", ["sha256", 32]],
  ["sha384", ["sha384", 48]],
  ["sha512", ["sha512", 64]],
  ["sha3_224", ["sha3-224", 28]],
  ["sha3_256", ["sha3-256", 32]],
  ["sha3_384", ["sha3-384", 48]],
  ["sha3_512", ["sha3-512", 64]],
  ["blake2b", ["blake2b512", 64]],
  ["blake2s", ["blake2s256", 32]],
])

const encoder = new TextEncoder()

/** How passwords are hashed. */
export interface PasswordHashOptions {
  /**
   * `scrypt:N:r:p` (32768, 8 and 1 when left out), or `pbkdf2:digest:iterations` (sha256 and 1 000 000 when left out),
   * with the names that Python's hashlib gives to digests. At most 256 MiB of memory, 10 000 000 iterations.
   */
  method?: string
  /** Random bytes in the salt, 1 to 1024. */
  saltLength?: number
}

/**
 * Hashes a password for storage, as `method$salt$key`, the format of Werkzeug: tables of users move in both directions.
 *
 * @throws RangeError for an unknown method, parameters out of bounds, a salt of less than 1 or more than 1024 bytes, or
 *   a password of more than 4096 bytes in UTF-8
 * @example
 * (await generatePasswordHash("secret")).split("$")[0] // => "scrypt:32768:8:1"
 * await generatePasswordHash("secret", { method: "md5" }) // throws RangeError
 */
export async function generatePasswordHash(password: string, options: PasswordHashOptions = {}): Promise<string> {
  const method = parseMethod(options.method ?? "scrypt")
  if (method === undefined) {
    throw new RangeError(`unknown method of hashing, or out of bounds: ${JSON.stringify(options.method)}`)
  }
  const bytes = passwordBytes(password)
  if (bytes === undefined) throw new RangeError(`a password of more than ${MAX_PASSWORD_BYTES} bytes`)
  const salt = genSalt(options.saltLength)
  return `${method.name}$${salt}$${await method.derive(bytes, encoder.encode(salt))}`
}

/**
 * Whether a stored hash was made of this password. `false` too when the hash is malformed, when its method is unknown or
 * its parameters are out of bounds, and when the password is longer than any that could have been hashed.
 *
 * Takes as long as `generatePasswordHash` did. To keep secret which users exist, check against some hash for unknown
 * ones too.
 *
 * @example
 * await checkPasswordHash("pbkdf2:sha256:1$saltsalt$eeae", "secret") // => false
 * await checkPasswordHash(await generatePasswordHash("secret", { method: "pbkdf2:sha256:1" }), "secret") // => true
 */
export async function checkPasswordHash(hash: string, password: string): Promise<boolean> {
  const { method, salt, key } = parseHash(hash)
  const bytes = passwordBytes(password)
  if (method === undefined || bytes === undefined) return false
  return constantTimeEqual(await method.derive(bytes, encoder.encode(salt)), key)
}

/**
 * Whether a stored hash was made in another way than `method` says, so that it should be made again when the user
 * next logs in.
 *
 * @throws RangeError for an unknown method
 * @example
 * needsRehash("pbkdf2:sha256:1000$saltsalt$86047d") // => true
 * needsRehash("scrypt:32768:8:1$saltsalt$dfa840") // => false
 */
export function needsRehash(hash: string, method = "scrypt"): boolean {
  const wanted = parseMethod(method)
  if (wanted === undefined) throw new RangeError(`unknown method of hashing: ${JSON.stringify(method)}`)
  return parseHash(hash).method?.name !== wanted.name
}

/** A random salt of so many bytes, as text of letters, digits, `-` and `_`. */
function genSalt(length = 16): string {
  if (!Number.isInteger(length) || length < 1 || length > MAX_SALT_BYTES) {
    throw new RangeError(`the length of a salt is 1 to ${MAX_SALT_BYTES}, not ${length}`)
  }
  return randomBytes(length).toString("base64url")
}

interface Method {
  /** With all its parameters, as it is stored. */
  name: string
  /** The key, in hexadecimal digits. */
  derive(password: Uint8Array, salt: Uint8Array): Promise<string>
}

function parseHash(hash: string): { method: Method | undefined; salt: string; key: string } {
  const first = hash.indexOf("$")
  const second = hash.indexOf("$", first + 1)
  if (first === -1 || second === -1) return { method: undefined, salt: "", key: "" }
  return { method: parseMethod(hash.slice(0, first)), salt: hash.slice(first + 1, second), key: hash.slice(second + 1) }
}

function parseMethod(text: string): Method | undefined {
  const [name, ...parameters] = text.split(":", 5)
  if (name === "scrypt") return parameters.length === 0 ? scryptMethod("32768", "8", "1") : scryptMethod(...parameters)
  if (name === "pbkdf2") return pbkdf2Method(...parameters)
  return undefined
}

function scryptMethod(...parameters: string[]): Method | undefined {
  const [N = 0, r = 0, p = 0] = parameters.map(wholeNumber)
  if (parameters.length !== 3 || N < 2 || r < 1 || p < 1) return undefined
  // N is a power of two and smaller than 2^(128 r / 8) (RFC 7914 section 2).
  if (!Number.isInteger(Math.log2(N)) || Math.log2(N) >= 16 * r) return undefined
  const maxmem = 128 * r * (N + p + 2)
  if (maxmem > MAX_SCRYPT_MEMORY || N * r * p > MAX_SCRYPT_COST) return undefined
  return {
    name: `scrypt:${N}:${r}:${p}`,
    derive: (password, salt) =>
      new Promise((resolve, reject) => {
        scrypt(password, salt, SCRYPT_KEY_BYTES, { N, r, p, maxmem }, (error, key) => {
          if (error) reject(error)
          else resolve(key.toString("hex"))
        })
      }),
  }
}

function pbkdf2Method(
  digest = "sha256",
  count = String(DEFAULT_PBKDF2_ITERATIONS),
  ...rest: string[]
): Method | undefined {
  const [name, size] = DIGESTS.get(digest) ?? []
  const iterations = wholeNumber(count)
  if (name === undefined || size === undefined || rest.length > 0) return undefined
  if (iterations < 1 || iterations > MAX_PBKDF2_ITERATIONS) return undefined
  return {
    name: `pbkdf2:${digest}:${iterations}`,
    derive: (password, salt) =>
      new Promise((resolve, reject) => {
        pbkdf2(password, salt, iterations, size, name, (error, key) => {
          if (error) reject(error)
          else resolve(key.toString("hex"))
        })
      }),
  }
}

/** ASCII digits as a number; 0, which no parameter may be, for anything else. */
function wholeNumber(text: string): number {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : 0
}

function passwordBytes(password: string): Uint8Array | undefined {
  // No character takes less than a byte: a huge one need not be encoded first.
  if (password.length > MAX_PASSWORD_BYTES) return undefined
  const bytes = encoder.encode(password)
  return bytes.length > MAX_PASSWORD_BYTES ? undefined : bytes
}

// ---- Comparison

// Comparing digests under a secret key tells nothing about where the originals differ.
// Drawn when it is first needed: Workers refuse random bytes while a module is loaded.
let comparisonKey: Uint8Array | undefined

/**
 * Whether two secrets are equal, in a time that depends on their lengths but not on what is in them.
 * Text is compared as UTF-8.
 *
 * @example
 * constantTimeEqual("token", "token") // => true
 * constantTimeEqual("token", "token2") // => false
 */
export function constantTimeEqual(a: string | Uint8Array, b: string | Uint8Array): boolean {
  comparisonKey ??= randomBytes(32)
  const key = comparisonKey
  const [left, right] = [a, b].map((secret) => createHmac("sha256", key).update(secret).digest())
  return timingSafeEqual(left as Uint8Array, right as Uint8Array)
}

// ---- Paths and file names

/** Whose rules for paths hold. */
export type PathRules = "posix" | "win32"

// A question to the runtime that has an answer everywhere: no `process` means no Windows.
const runtime: { process?: { platform?: string } } = globalThis
const ownRules: PathRules = runtime.process?.platform === "win32" ? "win32" : "posix"

// Names that Windows takes for devices in every folder, and those of NTFS for its own files.
const DEVICES: ReadonlySet<string> = new Set([
  ...["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"],
  ...[..."123456789¹²³"].flatMap((digit) => [`COM${digit}`, `LPT${digit}`]),
])
const NTFS_FILES: ReadonlySet<string> = new Set([
  ...["$MFT", "$MFTMIRR", "$LOGFILE", "$VOLUME", "$ATTRDEF", "$BITMAP", "$BOOT", "$BADCLUS", "$SECURE", "$UPCASE"],
  ...["$EXTEND", "$QUOTA", "$OBJID", "$REPARSE", "$RMMETADATA", "$REPAIR", "$DEPLOY", "$USNJRNL", "$TXF", "$TXFLOG"],
])

/**
 * Joins paths from clients to a directory of ours, with `/`. `undefined` when the result would lie outside of the
 * directory, or when a path is not what it seems: absolute, with a drive letter, a backslash or a NUL. On Windows also when a
 * segment is the name of a device with any ending, ends in a dot or a space, names a stream of a file, or holds a character that
 * no name there can have.
 *
 * The parts must be percent-decoded, once. Each must stay inside by itself. Empty ones are skipped.
 *
 * @example
 * safeJoin("uploads", "2026", "cat.png") // => "uploads/2026/cat.png"
 * safeJoin("uploads", "a/../cat.png") // => "uploads/cat.png"
 * safeJoin("uploads", "../secret") // => undefined
 * safeJoin("uploads", "/etc/passwd") // => undefined
 */
export function safeJoin(directory: string, ...parts: string[]): string | undefined {
  return safeJoinUnder(ownRules, directory, ...parts)
}

/**
 * `safeJoin` by the rules of the named system, on every system.
 *
 * @example
 * safeJoinUnder("posix", "docs", "aux.txt") // => "docs/aux.txt"
 * safeJoinUnder("win32", "docs", "aux.txt") // => undefined
 */
export function safeJoinUnder(rules: PathRules, directory: string, ...parts: string[]): string | undefined {
  let joined = directory === "" ? "." : directory
  for (const part of parts) {
    if (part === "") continue
    if (part.startsWith("/") || /^[A-Za-z]:|[\\\0]/.test(part)) return undefined
    const segments: string[] = []
    for (const segment of part.split("/")) {
      if (segment === "" || segment === ".") continue
      if (segment === "..") {
        if (segments.pop() === undefined) return undefined
      } else if (rules === "win32" && !isPlainOnWindows(segment)) return undefined
      else segments.push(segment)
    }
    if (!joined.endsWith("/") && !(rules === "win32" && joined.endsWith("\\"))) joined += "/"
    joined += segments.length === 0 ? "." : segments.join("/")
  }
  return joined
}

function isPlainOnWindows(segment: string): boolean {
  if (/[\0-\x1f"*:<>?|]/.test(segment) || segment.endsWith(".") || segment.endsWith(" ")) return false
  return !isDevice(segment) && !NTFS_FILES.has(segment.toUpperCase())
}

/** Windows looks at what stands before the first dot, without spaces around it. */
function isDevice(name: string): boolean {
  const dot = name.indexOf(".")
  return DEVICES.has((dot === -1 ? name : name.slice(0, dot)).trim().toUpperCase())
}

/**
 * Makes a name for a file out of one that a client chose: ASCII letters, digits, `-`, `_` and `.` only, no separator of
 * any system, no dot in front, no device of Windows. Accents are dropped. What is left may be empty, is as long as it
 * came, and is not unique.
 *
 * @example
 * secureFilename("My cool movie.mov") // => "My_cool_movie.mov"
 * secureFilename("../../../etc/passwd") // => "etc_passwd"
 * secureFilename("i contain cool \xfcml\xe4uts.txt") // => "i_contain_cool_umlauts.txt"
 * secureFilename("nul.txt") // => "_nul.txt"
 */
export function secureFilename(name: string): string {
  const words = name
    .normalize("NFKD")
    .replace(/[^\0-\x7f]+/g, "")
    .replace(/[/\\\s\x1c-\x1f]+/g, "_")
    .replace(/[^\w.-]+/g, "")
  let [start, end] = [0, words.length]
  while (start < end && isEdge(words[start])) start++
  while (end > start && isEdge(words[end - 1])) end--
  const kept = words.slice(start, end)
  return isDevice(kept) ? `_${kept}` : kept
}

function isEdge(character: string | undefined): boolean {
  return character === "." || character === "_"
}

// ---- Redirects

/**
 * Where to send a visitor whose request says where it wants to go on, as `?next=/orders`: the target, if it stays on this site,
 * and else `undefined`. A target is a path with a query and a fragment; given the origin of the site, also a URL of it, of
 * which the path is taken.
 *
 * Browsers read `/\evil.example` and `//evil.example` as another host, and skip tabs and line breaks: none of these stays.
 *
 * @param origin of this site, as `https://example.com`
 * @example
 * safeRedirectTarget("/orders?page=2#last") // => "/orders?page=2#last"
 * safeRedirectTarget("//evil.example") // => undefined
 * safeRedirectTarget("https://example.com/orders", "https://example.com") // => "/orders"
 * safeRedirectTarget("https://evil.example/", "https://example.com") // => undefined
 */
export function safeRedirectTarget(target: string | null | undefined, origin?: string): string | undefined {
  // Characters that browsers drop or turn into others before they look.
  if (typeof target !== "string" || /[\x00-\x20\x7f\\]|\p{Surrogate}/u.test(target)) return undefined
  let path = target
  if (!target.startsWith("/")) {
    if (origin === undefined || !URL.canParse(target)) return undefined
    const url = new URL(target)
    if (url.origin !== origin || url.username !== "" || url.password !== "" || !/^https?:$/.test(url.protocol)) {
      return undefined
    }
    path = url.pathname + url.search + url.hash
  }
  // Resolved as a browser does: `/..//evil.example` has another host when its path is taken for a target again.
  if (path.startsWith("//") || !URL.canParse(path, NOWHERE)) return undefined
  const resolved = new URL(path, NOWHERE)
  return resolved.origin === NOWHERE && !resolved.pathname.startsWith("//") ? path : undefined
}

const NOWHERE = "http://site.invalid"
