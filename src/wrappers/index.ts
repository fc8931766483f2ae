// What a view works with: the request that it gets and the response that it gives.

export type { WebAbortSignal, WebReadableStream } from "../web-platform.ts"
export { application } from "./application.ts"
export type { BodySource, Chunk } from "./body-source.ts"
export { cachedProperty, type Property } from "./cached-property.ts"
export type { EventSourceLike, EventStreamOptions } from "./event-stream.ts"
export { appendSlashRedirect, redirect } from "./redirect.ts"
export {
  type DataOptions,
  type JsonModule,
  type JsonOptions,
  Request,
  type RequestClass,
  type RequestOptions,
} from "./request.ts"
export { type RequestFacts, RequestHead } from "./request-head.ts"
export { type ConditionalOptions, Response, type ResponseClass, type ResponseOptions } from "./response.ts"
export { type DeleteCookieOptions, ResponseHead, type ResponseHeadOptions } from "./response-head.ts"
export { ResponseStream } from "./response-stream.ts"
export type { View, ViewApplication } from "./view.ts"
export type { WebSocketHandler, WebSocketOptions } from "./websocket-body.ts"
