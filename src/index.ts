// The front door: the names of every day. Nothing is defined here; each room has more (werkstatt/routing, ...). It is to load
// quickly: what a request needs comes at once, servers and files when they are asked for.

export { int } from "./datastructures/conversion.ts"
export { Headers } from "./datastructures/headers.ts"
export { MultiDict } from "./datastructures/multi-dict.ts"
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
export { sendFile, sendFromDirectory } from "./front/files.ts"
export { makeServer, runSimple } from "./front/serving.ts"
export type {
  Application,
  ApplicationLike,
  Body,
  Environ,
  HeaderList,
  Responder,
  StartResponse,
  Write,
} from "./gateway.ts"
export { rule } from "./routing/rule.ts"
export { endpointPrefix, subdomain, submount } from "./routing/rule-factories.ts"
export { RuleMap } from "./routing/rule-map.ts"
export { application } from "./wrappers/application.ts"
export { redirect } from "./wrappers/redirect.ts"
export { Request } from "./wrappers/request.ts"
export { Response } from "./wrappers/response.ts"
