// The functions of http/ by their recorded names.

import { dumpCookie, parseCookie } from "../../src/http/cookies.ts"
import { dumpAge, httpDate, parseAge, parseDate } from "../../src/http/dates.ts"
import { quoteEtag, unquoteEtag } from "../../src/http/etags.ts"
import {
  dumpHeader,
  dumpOptionsHeader,
  isEntityHeader,
  isHopByHopHeader,
  parseDictHeader,
  parseListHeader,
  parseOptionsHeader,
  removeEntityHeaders,
  removeHopByHopHeaders,
} from "../../src/http/fields.ts"
import { generateEtag } from "../../src/http/generate-etag.ts"
import { isByteRangeValid } from "../../src/http/ranges.ts"
import { isResourceModified } from "../../src/http/resource-modified.ts"
import { quoteHeaderValue, unquoteHeaderValue } from "../../src/http/tokens.ts"
import type { Adapter } from "./runner.ts"
import { type Json, read, readOptions, recordMulti } from "./values.ts"

type Options = Record<string, unknown>
type Environ = Record<string, string | undefined>

// biome-ignore lint/suspicious/noExplicitAny: the arguments come from JSON
const functions: Record<string, (args: any[], options: Options) => unknown> = {
  quote_header_value: ([value, allowToken = true]) => quoteHeaderValue(value, { allowToken }),
  unquote_header_value: ([text]) => unquoteHeaderValue(text),
  parse_options_header: ([text]) => parseOptionsHeader(text),
  dump_options_header: ([header, options]) => dumpOptionsHeader(header, options),
  parse_list_header: ([text]) => parseListHeader(text),
  parse_dict_header: ([text]) => parseDictHeader(text),
  dump_header: ([items]) => dumpHeader(items),
  parse_date: ([text]) => parseDate(text),
  http_date: ([value]) => httpDate(value),
  parse_age: ([text]) => parseAge(text),
  dump_age: ([seconds]) => dumpAge(seconds),
  generate_etag: ([bytes]) => generateEtag(bytes),
  quote_etag: ([tag, weak]) => quoteEtag(tag, weak),
  unquote_etag: ([text]) => unquoteEtag(text),
  is_byte_range_valid: ([start, stop, length]) => isByteRangeValid(start, stop, length),
  is_hop_by_hop_header: ([name]) => isHopByHopHeader(name),
  is_entity_header: ([name]) => isEntityHeader(name),
  remove_entity_headers: ([headers, allowed]) => {
    removeEntityHeaders(headers, allowed)
    return headers
  },
  remove_hop_by_hop_headers: ([headers]) => {
    removeHopByHopHeaders(headers)
    return headers
  },
  is_resource_modified: ([environ, ...rest], options) => {
    const [etag, data, lastModified, ignoreIfRange] = rest
    return isResourceModified({
      httpRange: (environ as Environ)["HTTP_RANGE"],
      httpIfRange: (environ as Environ)["HTTP_IF_RANGE"],
      httpIfModifiedSince: (environ as Environ)["HTTP_IF_MODIFIED_SINCE"],
      httpIfUnmodifiedSince: (environ as Environ)["HTTP_IF_UNMODIFIED_SINCE"],
      httpIfNoneMatch: (environ as Environ)["HTTP_IF_NONE_MATCH"],
      httpIfMatch: (environ as Environ)["HTTP_IF_MATCH"],
      ...defined({ etag, data, lastModified, ignoreIfRange, ...options }),
    })
  },
  parse_cookie: ([header]) => {
    const text = typeof header === "object" ? (header as Environ)["HTTP_COOKIE"] : header
    return parseCookie(text)
  },
  dump_cookie: ([name, value, ...rest], { httponly, samesite, ...options }) => {
    const names = ["maxAge", "expires", "path", "domain", "secure", "httpOnly", "syncExpires", "maxSize", "sameSite"]
    const positional = Object.fromEntries(rest.map((argument, index) => [names[index], argument]))
    const sameSite = samesite ?? positional["sameSite"]
    const httpOnly = httponly ?? positional["httpOnly"]
    return dumpCookie(name, value, { ...positional, ...options, ...defined({ httpOnly, sameSite }) })
  },
}

/** In the notation `null` stands for an argument that was left out. */
function defined(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== null))
}

/** Environs keep the names of their variables, and only text matters here. */
function readArgument(argument: Json): unknown {
  const isEnviron = argument !== null && typeof argument === "object" && "REQUEST_METHOD" in argument
  return isEnviron ? argument : read(argument)
}

export const adapter: Adapter = {
  outcomes: ["returns"],
  run({ fn, args, kwargs }) {
    const call = functions[fn as string]
    if (call === undefined) throw new Error(`There is no ${String(fn)}`)
    const returns = call((args as Json[]).map(readArgument), readOptions(kwargs))
    return { returns: fn === "parse_cookie" ? new Cookies(returns as [string, string][]) : returns }
  },
  describe: (value) => (value instanceof Cookies ? recordMulti(value.pairs) : undefined),
}

/** Cookies are recorded as a multi-dict; here they are a list of pairs. */
class Cookies {
  readonly pairs: [string, string][]
  constructor(pairs: [string, string][]) {
    this.pairs = pairs
  }
}
