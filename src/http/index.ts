// Text of HTTP headers and URLs to plain values and back, without state and without objects to learn.

export {
  type AuthValue,
  type BasicCredentials,
  dumpBasic,
  dumpCredentials,
  parseBasic,
  parseChallenges,
  parseCredentials,
} from "./authorization.ts"
export {
  type ConditionalHeaders,
  type Decision,
  evaluatePreconditions,
  type IfRangeValue,
  parseIfRange,
  type Validators,
} from "./conditions.ts"
export { dumpContentDisposition } from "./content-disposition.ts"
export { bodyLength } from "./content-length.ts"
export { dumpContentSecurityPolicy, parseContentSecurityPolicy } from "./content-security-policy.ts"
export { type CookieOptions, dumpCookie, parseCookie } from "./cookies.ts"
export { COEP, COOP, CORP, SecFetchDest, SecFetchMode, SecFetchSite } from "./cross-origin.ts"
export { dumpAge, httpDate, parseAge, parseDate } from "./dates.ts"
export { dumpEtags, type EtagList, parseEtags, quoteEtag, unquoteEtag } from "./etags.ts"
export { dumpExtendedValue, parseExtendedValue } from "./extended-values.ts"
export {
  checkFieldName,
  checkFieldValue,
  dumpHeader,
  dumpOptionsHeader,
  type HeaderScalar,
  isEntityHeader,
  isHopByHopHeader,
  type MutableHeaders,
  parseDictHeader,
  parseListHeader,
  parseOptionsHeader,
  removeEntityHeaders,
  removeHopByHopHeaders,
} from "./fields.ts"
export { generateEtag } from "./generate-etag.ts"
export { hostIsTrusted, requestHost, UntrustedHost } from "./hosts.ts"
export { escapeHtml, type HtmlValue, html, SafeHtml } from "./html.ts"
export { getContentType, isJsonType, parseMediaType } from "./media-types.ts"
export { dumpAccept, parseAccept } from "./negotiation.ts"
export { parseInteger } from "./numbers.ts"
export {
  type ContentRangeValue,
  dumpContentRange,
  dumpRange,
  isByteRangeValid,
  parseContentRange,
  parseRange,
  type RangePair,
  type RangeRequest,
} from "./ranges.ts"
export { isResourceModified, type ResourceState, type ResourceValidators } from "./resource-modified.ts"
export { EventParser, formatEvent, type ReceivedEvent, type ServerSentEvent } from "./server-sent-events.ts"
export { parseStatus, reasonPhrase } from "./status.ts"
export { isToken, quoteHeaderValue, unquoteHeaderValue } from "./tokens.ts"
export {
  byteStringToText,
  dumpQuery,
  iriToUri,
  parseQuery,
  requestUrl,
  textToByteString,
  type UrlParts,
  uriToIri,
} from "./urls.ts"
