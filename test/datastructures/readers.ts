// Every class that reads a header, by name, for tests of what holds for all of them.

import * as objects from "../../src/datastructures/index.ts"

export interface Read {
  toHeader(): string
  equals?(other: unknown): boolean
}

export const READERS: Record<string, (text: string) => Read | undefined> = {
  Accept: (text) => objects.Accept.fromHeader(text),
  MIMEAccept: (text) => objects.MIMEAccept.fromHeader(text),
  LanguageAccept: (text) => objects.LanguageAccept.fromHeader(text),
  Authorization: (text) => objects.Authorization.fromHeader(text),
  WWWAuthenticate: (text) => objects.WWWAuthenticate.fromHeader(text),
  RequestCacheControl: (text) => objects.RequestCacheControl.fromHeader(text),
  ResponseCacheControl: (text) => objects.ResponseCacheControl.fromHeader(text),
  ContentSecurityPolicy: (text) => objects.ContentSecurityPolicy.fromHeader(text),
  ContentRange: (text) => objects.ContentRange.fromHeader(text),
  ETags: (text) => objects.ETags.fromHeader(text),
  HeaderSet: (text) => objects.HeaderSet.fromHeader(text),
  IfRange: (text) => objects.IfRange.fromHeader(text),
  Range: (text) => objects.Range.fromHeader(text),
}
