export type { StreamContent } from "./body-source.ts"
export {
  Client,
  type ClientOptions,
  type OpenOptions,
  type OpenTarget,
  type SetCookieOptions,
  type WebSocketOpenOptions,
} from "./client.ts"
export {
  type ConformanceAnswer,
  type ConformanceCase,
  type ConformanceExpectation,
  type ConformanceRequest,
  conformance,
  differences,
  requestBytes,
  requestOptions,
  takeNotes,
} from "./conformance.ts"
export { CASE_HEADER, type ConformanceReport, conformanceApplication } from "./conformance-application.ts"
export {
  type WebSocketConformanceCase,
  type WebSocketConformanceExpectation,
  type WebSocketConformanceRequest,
  type WebSocketStep,
  websocketConformance,
} from "./conformance-websockets.ts"
export { Cookie, type CookieAttributes, CookieJar, type CookieOrigin } from "./cookie-jar.ts"
export {
  createEnviron,
  EnvironBuilder,
  type EnvironBuilderOptions,
  type QueryValue,
  requestFromValues,
} from "./environ-builder.ts"
export type { Credentials } from "./environ-builder-options.ts"
export type { FormFile, FormValue } from "./form-body.ts"
export { type RecordOptions, recordEnvirons, replay } from "./record.ts"
export { ClientRedirectError } from "./redirects.ts"
export type { BodyData } from "./request-body.ts"
export { type TestParts, TestResponse } from "./test-response.ts"
export { TestWebSocket, WebSocketRefused } from "./test-websocket.ts"
