// The front door: the names of every day. Nothing is defined here; each room has more (werkstatt/routing, ...).

export { MultiDict } from "./datastructures/multi-dict.ts"
export { Headers } from "./datastructures/headers.ts"
export { abort } from "./exceptions/abort.ts"
export { HTTPException } from "./exceptions/http-exception.ts"
export {
  BadRequest,
  Conflict,
  Forbidden,
  Gone,
  InternalServerError,
  MethodNotAllowed,
  NotFound,
  ServiceUnavailable,
  TooManyRequests,
  Unauthorized,
  UnprocessableEntity,
} from "./exceptions/statuses.ts"
export type { Application, Body, Environ, HeaderList, Responder, StartResponse, Write } from "./gateway.ts"
export { makeServer } from "./serving/make-server.ts"
export { runSimple } from "./serving/run-simple.ts"
export { application } from "./wrappers/application.ts"
export { Request } from "./wrappers/request.ts"
export { Response } from "./wrappers/response.ts"
