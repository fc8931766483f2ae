// The text of headers: each parser against the package that others use for the same header, on the same texts, in one
// process. The two take turns in short rounds; the ratio of their medians is what counts.

import { parse as dispositionParse } from "content-disposition"
import { parseCookie as cookieParse, stringifySetCookie } from "cookie"
import fresh from "fresh"
import Negotiator from "negotiator"
import rangeParser from "range-parser"
import { Headers as UndiciHeaders } from "undici"
import { Accept, Headers, LanguageAccept, MIMEAccept } from "../dist/datastructures/index.js"
import {
  dumpCookie,
  isResourceModified,
  parseCookie,
  parseOptionsHeader,
  parseQuery,
  parseRange,
} from "../dist/http/index.js"
import { selectRange } from "../src/http/ranges.ts"
import { median, table, target } from "./harness.ts"

const ROUNDS = Number(process.env["ROUNDS"] ?? 31)
const ROUND_MS = 5

interface Race {
  name: string
  peer: string
  ours: () => unknown
  theirs: () => unknown
}

const COOKIE = "sid=abc123def456; theme=dark; lang=de-AT; _ga=GA1.2.1234567890.1234567890; cart=%7B%22a%22%3A1%7D"
const ETAG = '"33a64df551425fcc55e4d42a148795d9"'
const DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
const LATER = "Wed, 15 Nov 2023 22:13:20 GMT"

const byteRanges = (header: string, length: number) => {
  const request = parseRange(header)
  return request?.ranges.map((range) => selectRange(range, length))
}

const races: Race[] = [
  {
    name: "five cookies",
    peer: "cookie",
    ours: () => parseCookie(COOKIE),
    theirs: () => cookieParse(COOKIE),
  },
  {
    name: "one cookie",
    peer: "cookie",
    ours: () => parseCookie("sid=abc123def456"),
    theirs: () => cookieParse("sid=abc123def456"),
  },
  {
    name: "set a cookie",
    peer: "cookie",
    ours: () => dumpCookie("sid", "abc123def456", { httpOnly: true, sameSite: "lax" }),
    theirs: () => stringifySetCookie("sid", "abc123def456", { httpOnly: true, sameSite: "lax", path: "/" }),
  },
  {
    name: "one range",
    peer: "range-parser",
    ours: () => byteRanges("bytes=0-499", 10_000),
    theirs: () => rangeParser(10_000, "bytes=0-499"),
  },
  {
    name: "three ranges",
    peer: "range-parser",
    ours: () => byteRanges("bytes=0-499, 1000-1499, -500", 10_000),
    theirs: () => rangeParser(10_000, "bytes=0-499, 1000-1499, -500"),
  },
  {
    name: "fresh by tag",
    peer: "fresh",
    ours: () => isResourceModified({ httpIfNoneMatch: ETAG, etag: ETAG }),
    theirs: () => fresh({ "if-none-match": ETAG }, { etag: ETAG }),
  },
  {
    name: "fresh by one of three tags",
    peer: "fresh",
    ours: () => isResourceModified({ httpIfNoneMatch: `"a", W/"b", ${ETAG}`, etag: ETAG }),
    theirs: () => fresh({ "if-none-match": `"a", W/"b", ${ETAG}` }, { etag: ETAG }),
  },
  {
    name: "fresh by date",
    peer: "fresh",
    ours: () => isResourceModified({ httpIfModifiedSince: LATER, lastModified: DATE }),
    theirs: () => fresh({ "if-modified-since": LATER }, { "last-modified": DATE }),
  },
  {
    name: "query of three",
    peer: "URLSearchParams",
    ours: () => parseQuery("q=hello+world&page=2&sort=asc"),
    theirs: () => Array.from(new URLSearchParams("q=hello+world&page=2&sort=asc")),
  },
]

const CHROME =
  "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
const LANGUAGES = "de-AT,de;q=0.9,en-US;q=0.8,en;q=0.7"
const negotiator = (name: string, text: string) => new Negotiator({ headers: { [name]: text } })

races.push(
  {
    name: "accept, a browser's",
    peer: "negotiator",
    ours: () => MIMEAccept.fromHeader(CHROME).bestMatch(["application/json", "text/html"]),
    theirs: () => negotiator("accept", CHROME).mediaType(["application/json", "text/html"]),
  },
  {
    name: "accept, a script's",
    peer: "negotiator",
    ours: () => MIMEAccept.fromHeader("application/json, text/plain, */*").bestMatch(["text/html", "application/json"]),
    theirs: () =>
      negotiator("accept", "application/json, text/plain, */*").mediaType(["text/html", "application/json"]),
  },
  {
    name: "accept-language",
    peer: "negotiator",
    ours: () => LanguageAccept.fromHeader(LANGUAGES).bestMatch(["en", "de"]),
    theirs: () => negotiator("accept-language", LANGUAGES).language(["en", "de"]),
  },
  {
    name: "accept-encoding",
    peer: "negotiator",
    ours: () => Accept.fromHeader("gzip, deflate, br, zstd").bestMatch(["br", "gzip"]),
    theirs: () => negotiator("accept-encoding", "gzip, deflate, br, zstd").encoding(["br", "gzip"]),
  },
)

// Header objects do the same under each of these names.
interface HeadersLike extends Iterable<[string, string]> {
  get(name: string): string | null | undefined
  has(name: string): boolean
  set(name: string, value: string): void
  append(name: string, value: string): void
}

const FIELDS: [string, string][] = [
  ["Content-Type", "text/html; charset=utf-8"],
  ["Content-Length", "1234"],
  ["Vary", "Accept"],
  ["Cache-Control", "max-age=60"],
  ["X-Request-Id", "abcdef0123456789"],
]

function lengthOfAll(headers: HeadersLike): number {
  let length = 0
  for (const [, value] of headers) length += value.length
  return length
}

type HeadersClass = new (fields?: [string, string][]) => HeadersLike

const DISPOSITIONS: Record<string, string> = {
  "disposition, in quotes": 'attachment; filename="plans and more.txt"',
  "disposition of a form": 'form-data; name="field"; filename="a.txt"',
  "disposition, escaped": 'attachment; filename="a \\"b\\".txt"',
  "disposition, extended": "attachment; filename=e.txt; filename*=UTF-8''%C3%A9.txt",
}
for (const [name, text] of Object.entries(DISPOSITIONS)) {
  races.push({
    name,
    peer: "content-disposition",
    ours: () => parseOptionsHeader(text),
    theirs: () => dispositionParse(text),
  })
}

const headerJobs: Record<string, (type: HeadersClass) => () => unknown> = {
  "make of five pairs": (type) => () => new type(FIELDS),
  "make, append three": (type) => () => {
    const headers = new type()
    headers.append("Content-Type", "text/html; charset=utf-8")
    headers.append("Content-Length", "1234")
    headers.append("Vary", "Accept")
    return headers
  },
  get: (type) => {
    const headers = new type(FIELDS)
    return () => headers.get("Cache-Control")
  },
  "get, in another case": (type) => {
    const headers = new type(FIELDS)
    return () => headers.get("cache-control")
  },
  has: (type) => {
    const headers = new type(FIELDS)
    return () => headers.has("Vary")
  },
  set: (type) => {
    const headers = new type(FIELDS)
    return () => headers.set("Cache-Control", "max-age=61")
  },
  iterate: (type) => {
    const headers = new type(FIELDS)
    return () => lengthOfAll(headers)
  },
  "make, iterate": (type) => () => lengthOfAll(new type(FIELDS)),
}

const peers: [string, HeadersClass][] = [
  ["platform Headers", globalThis.Headers as unknown as HeadersClass],
  ["undici Headers", UndiciHeaders as unknown as HeadersClass],
]
for (const [name, job] of Object.entries(headerJobs)) {
  for (const [peer, type] of peers)
    races.push({ name: `headers: ${name}`, peer, ours: job(Headers), theirs: job(type) })
}

let sink: unknown

/** Nanoseconds for one call, over a round of about so many milliseconds. */
function nanoseconds(run: () => unknown, calls: number): number {
  const start = process.hrtime.bigint()
  for (let call = 0; call < calls; call++) sink = run()
  return Number(process.hrtime.bigint() - start) / calls
}

function measure({ ours, theirs }: Race): [ours: number, theirs: number] {
  // The first calls warm up, and tell how many fit into a round.
  const calls = Math.ceil((ROUND_MS * 1e6) / Math.max(nanoseconds(ours, 20_000), nanoseconds(theirs, 20_000)))
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    times[0].push(nanoseconds(ours, calls))
    times[1].push(nanoseconds(theirs, calls))
  }
  return [median(times[0]), median(times[1])]
}

const rows: string[][] = []
const slow: string[] = []
for (const race of races) {
  const [ours, theirs] = measure(race)
  rows.push([race.name, race.peer, ours.toFixed(0), theirs.toFixed(0), (ours / theirs).toFixed(2)])
  if (ours > theirs * 1.1) slow.push(`${race.name} (${(ours / theirs).toFixed(2)})`)
}
table(["http", "peer", "ours ns", "peer ns", "ratio"], rows)
target(
  `no parser is slower than its peer by more than a tenth${slow.length > 0 ? `: ${slow.join(", ")}` : ""}`,
  slow.length === 0,
)
void sink
