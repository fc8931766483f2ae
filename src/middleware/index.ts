// What stands between a server and an application. Each is a function from application to application.

export type { ContentCoding } from "../files/precompressed.ts"
export {
  type AccessEntry,
  type AccessLogOptions,
  accessLog,
  formatCombined,
  formatCommon,
  formatJson,
} from "./access-log.ts"
export { type AddressFilterOptions, addressFilter } from "./address-filter.ts"
export { AddressList } from "./address-list.ts"
export { type BodyLimitOptions, bodyLimit } from "./body-limit.ts"
export { compose, type Middleware } from "./compose.ts"
export { type CompressOptions, compress } from "./compress.ts"
export { availableCodings, type CodingLevels } from "./content-codings.ts"
export { type CorsOptions, cors } from "./cors.ts"
export { dispatcher, type Mounts } from "./dispatcher.ts"
export { type Level, LintError, type LintOptions, lint, unclosedBodies } from "./lint.ts"
export { type OpenTelemetryOptions, openTelemetry } from "./open-telemetry.ts"
export { type FunctionTime, type ProfilerOptions, profiler, type RequestProfile } from "./profiler.ts"
export {
  type OriginalVariables,
  PROXY_FIX_ORIGINALS,
  type ProxyCount,
  type ProxyFixOptions,
  proxyFix,
} from "./proxy-fix.ts"
export { type RateLimitOptions, rateLimit } from "./rate-limit.ts"
export { getRequestId, type RequestIdOptions, requestId } from "./request-id.ts"
export { type ResponseCacheOptions, responseCache } from "./response-cache.ts"
export { type RewriteRule, type RewriteTarget, rewrite } from "./rewrite.ts"
export { cspNonce, type PolicyOption, type SecurityHeadersOptions, securityHeaders } from "./security-headers.ts"
export {
  type ExportSource,
  type Exports,
  type PackageFolder,
  sharedData,
} from "./shared-data.ts"
export type { SharedDataOptions } from "./site-file.ts"
export { RequestTimedOut, type TimeoutOptions, timeout } from "./timeout.ts"
export {
  type BodyTransform,
  type TransformBodyOptions,
  type TransformedHead,
  textTransform,
  transformBody,
} from "./transform-body.ts"
