// What headers and forms hold, as objects: read with the verbs of the web platform, written back by themselves.

export type { WebBlob, WebURL, WebWritableStream } from "../web-platform.ts"
export { Accept, type AcceptItem, LanguageAccept, MIMEAccept } from "./accept.ts"
export { type AuthOptions, Authorization } from "./authorization.ts"
export { type CacheDirectives, RequestCacheControl, ResponseCacheControl } from "./cache-control.ts"
export { CallbackDict } from "./callback-dict.ts"
export { ContentSecurityPolicy } from "./content-security-policy.ts"
export { convert, float, type GetAllOptions, type GetOptions, int, type TypeConverter } from "./conversion.ts"
export { type DictItems, ImmutableDict, ReadonlyDict, TypeConversionDict } from "./dict.ts"
export { EnvironHeaders } from "./environ-headers.ts"
export { ETags } from "./etags.ts"
export { FileMultiDict } from "./file-multi-dict.ts"
export {
  type FileContent,
  FileStorage,
  type FileStorageOptions,
  type FileStorageSource,
  type SaveTarget,
} from "./file-storage.ts"
export { HeaderSet } from "./header-set.ts"
export {
  type HeaderNameOptions,
  type HeaderParameters,
  Headers,
  type HeadersInit,
  type HeaderValue,
  ReadonlyHeaders,
} from "./headers.ts"
export {
  CombinedMultiDict,
  ImmutableMultiDict,
  iterMultiItems,
  MultiDict,
  type MultiItems,
  type MultiOptions,
  type OneOrMany,
  ReadonlyMultiDict,
} from "./multi-dict.ts"
export { ContentRange, IfRange, Range } from "./range.ts"
export { WWWAuthenticate } from "./www-authenticate.ts"
