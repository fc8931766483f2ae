// The classes of datastructures/ by their recorded names: made of recorded arguments, and written down in the notation.

import { Accept, LanguageAccept, MIMEAccept } from "../../src/datastructures/accept.ts"
import { Authorization } from "../../src/datastructures/authorization.ts"
import { RequestCacheControl, ResponseCacheControl } from "../../src/datastructures/cache-control.ts"
import { CallbackDict } from "../../src/datastructures/callback-dict.ts"
import { ContentSecurityPolicy } from "../../src/datastructures/content-security-policy.ts"
import { ImmutableDict, ReadonlyDict, TypeConversionDict } from "../../src/datastructures/dict.ts"
import { EnvironHeaders } from "../../src/datastructures/environ-headers.ts"
import { ETags } from "../../src/datastructures/etags.ts"
import { FileStorage } from "../../src/datastructures/file-storage.ts"
import { HeaderSet } from "../../src/datastructures/header-set.ts"
import { Headers, ReadonlyHeaders } from "../../src/datastructures/headers.ts"
import {
  CombinedMultiDict,
  ImmutableMultiDict,
  MultiDict,
  ReadonlyMultiDict,
} from "../../src/datastructures/multi-dict.ts"
import { ContentRange, IfRange, Range } from "../../src/datastructures/range.ts"
import { WWWAuthenticate } from "../../src/datastructures/www-authenticate.ts"
import { type Construct, type Describe, type Json, record, recordHeaders, recordMulti } from "./values.ts"

const CLASSES: Record<string, unknown> = {
  Accept,
  Authorization,
  CallbackDict,
  CombinedMultiDict,
  ContentRange,
  ContentSecurityPolicy,
  ETags,
  HeaderSet,
  Headers,
  IfRange,
  ImmutableDict,
  ImmutableMultiDict,
  ImmutableTypeConversionDict: ImmutableDict,
  LanguageAccept,
  MIMEAccept,
  MultiDict,
  Range,
  RequestCacheControl,
  ResponseCacheControl,
  TypeConversionDict,
  WWWAuthenticate,
}

/** Classes whose arguments have another form here; the names are those of the recorded ones, in order. */
const OTHER_FORMS: Record<string, { names: string[]; make: (given: Record<string, never>) => object }> = {
  Authorization: {
    names: ["type", "parameters", "token"],
    make: ({ type, ...options }) => new Authorization(type as never, options),
  },
  WWWAuthenticate: {
    names: ["type", "parameters", "token"],
    make: ({ type, ...options }) => new WWWAuthenticate(type as never, options),
  },
  ETags: {
    names: ["strong", "weak", "starTag"],
    make: ({ strong, weak, starTag }) => new ETags(strong, weak, starTag),
  },
  EnvironHeaders: {
    names: ["environ"],
    make: ({ environ }) => new EnvironHeaders(Object.fromEntries(environ as unknown as Map<string, unknown>)),
  },
  FileStorage: {
    names: ["stream", "filename", "name", "contentType", "contentLength", "headers"],
    make: ({ stream, ...options }) => new FileStorage(stream, options),
  },
  IfRange: { names: ["etag", "date"], make: (given) => new IfRange(given) },
}

/** `{"$new": ...}`, and the `new` of a case: a class, or `from_header` of one. */
export const construct: Construct = (name, args, kwargs) => {
  const [type = "", method] = name.split(".")
  const form = OTHER_FORMS[type]
  if (method === undefined && form !== undefined) {
    const given = Object.fromEntries(args.map((argument, index) => [form.names[index], argument]))
    return form.make({ ...given, ...kwargs } as Record<string, never>)
  }
  const found = CLASSES[type] as { new (...args: unknown[]): object; fromHeader(text: unknown): unknown } | undefined
  if (found === undefined) throw new Error(`There is no ${name}`)
  return method === undefined ? new found(...args) : found.fromHeader(args[0])
}

/** Objects of the library in the notation. */
export const describe: Describe = (value) => {
  const type = value.constructor.name
  const inner = (item: unknown): Json => record(item, describe)
  if (value instanceof Accept) return { $type: type, items: inner([...value]), provided: value.provided }
  if (value instanceof HeaderSet) return { $type: type, items: [...value] }
  if (value instanceof ETags) {
    const strong = [...value].sort()
    const weak = [...value.asSet({ includeWeak: true })].filter((tag) => value.isWeak(tag)).sort()
    return { $type: type, strong, weak, star_tag: value.starTag }
  }
  if (value instanceof IfRange) return { $type: type, etag: inner(value.etag), date: inner(value.date) }
  if (value instanceof Range) return { $type: type, units: value.units, ranges: inner(value.ranges) }
  if (value instanceof ContentRange) {
    const { units, start, stop, length } = value
    return { $type: type, units: inner(units), start: inner(start), stop: inner(stop), length: inner(length) }
  }
  if (
    value instanceof RequestCacheControl ||
    value instanceof ResponseCacheControl ||
    value instanceof ContentSecurityPolicy
  ) {
    return { $type: type, items: inner([...value]), provided: value.provided }
  }
  if (value instanceof Authorization || value instanceof WWWAuthenticate) {
    const { parameters, token } = value
    return { $type: type, type: value.type, parameters: inner(parameters), token: inner(token) }
  }
  if (value instanceof ReadonlyMultiDict) return recordMulti(value, describe)
  if (value instanceof ReadonlyHeaders) return recordHeaders(value)
  if (value instanceof ReadonlyDict) return { $dict: inner([...value]) }
  return undefined
}

/** A file in the notation. Its bytes have to be waited for, so it is written down before its turn. */
export async function recordFile(file: FileStorage): Promise<Json> {
  const { name, filename, contentType, headers } = file
  return {
    $type: "FileStorage",
    name: record(name),
    filename: record(filename),
    content_type: record(contentType),
    headers: recordHeaders(headers),
    body: record(await file.bytes()),
  }
}
