// The closed sets of words in headers about other sites: the cross-origin policies that a server sets, and the
// Sec-Fetch headers in which a browser tells where a request comes from. Each is an object to pick from, and a type.

/**
 * The values of `Cross-Origin-Embedder-Policy`: whether a page may load resources of sites that did not agree to it.
 */
export const COEP = {
  unsafeNone: "unsafe-none",
  requireCorp: "require-corp",
  credentialless: "credentialless",
} as const
export type COEP = (typeof COEP)[keyof typeof COEP]

/**
 * The values of `Cross-Origin-Opener-Policy`: whether a page shares its window with those that it opens.
 */
export const COOP = {
  unsafeNone: "unsafe-none",
  sameOriginAllowPopups: "same-origin-allow-popups",
  sameOrigin: "same-origin",
  noopenerAllowPopups: "noopener-allow-popups",
} as const
export type COOP = (typeof COOP)[keyof typeof COOP]

/**
 * The values of `Cross-Origin-Resource-Policy`: which pages may load this.
 */
export const CORP = {
  sameSite: "same-site",
  sameOrigin: "same-origin",
  crossOrigin: "cross-origin",
} as const
export type CORP = (typeof CORP)[keyof typeof CORP]

/**
 * The values of `Sec-Fetch-Site`: how the page that asks is related to this site.
 */
export const SecFetchSite = {
  crossSite: "cross-site",
  sameOrigin: "same-origin",
  sameSite: "same-site",
  none: "none",
} as const
export type SecFetchSite = (typeof SecFetchSite)[keyof typeof SecFetchSite]

/**
 * The values of `Sec-Fetch-Mode`: what kind of request it is.
 */
export const SecFetchMode = {
  cors: "cors",
  navigate: "navigate",
  noCors: "no-cors",
  sameOrigin: "same-origin",
  websocket: "websocket",
} as const
export type SecFetchMode = (typeof SecFetchMode)[keyof typeof SecFetchMode]

/**
 * The values of `Sec-Fetch-Dest`: what the answer is for.
 */
export const SecFetchDest = {
  audio: "audio",
  audioworklet: "audioworklet",
  document: "document",
  embed: "embed",
  empty: "empty",
  fencedframe: "fencedframe",
  font: "font",
  frame: "frame",
  iframe: "iframe",
  image: "image",
  json: "json",
  manifest: "manifest",
  object: "object",
  paintworklet: "paintworklet",
  report: "report",
  script: "script",
  serviceworker: "serviceworker",
  sharedworker: "sharedworker",
  style: "style",
  track: "track",
  video: "video",
  webidentity: "webidentity",
  worker: "worker",
  xslt: "xslt",
} as const
export type SecFetchDest = (typeof SecFetchDest)[keyof typeof SecFetchDest]

/**
 * The text as one of the words, or `undefined` for another text.
 *
 * @example
 * memberOf(COOP, "same-origin") // => "same-origin"
 * memberOf(COOP, "constructor") // => undefined
 */
export function memberOf<T extends Readonly<Record<string, string>>>(
  words: T,
  text: string | undefined,
): T[keyof T] | undefined {
  return Object.values(words).find((word): word is T[keyof T] & string => word === text)
}
