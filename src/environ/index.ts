// Reading an environ, and calling an application with it: what middleware and servers of one's own are made of.

export { asApplication } from "../as-application.ts"
export { type CloseCallback, ClosingIterator } from "./body.ts"
export type { Server } from "./host.ts"
export { getHost, type HostEnviron } from "./host.ts"
export { emptyInput, inputFrom } from "./input.ts"
export { LimitedStream } from "./limited-stream.ts"
export { getPathInfo } from "./path.ts"
export { RangeWrapper, type Seekable } from "./range-wrapper.ts"
export { getContentLength, getInputStream, type InputOptions, type LengthEnviron } from "./request-input.ts"
export { type RespondingView, responder } from "./responder.ts"
export { type ApplicationResult, runApplication } from "./run.ts"
export { type CurrentUrlOptions, getCurrentUrl } from "./url.ts"
