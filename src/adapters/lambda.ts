// Applications on AWS Lambda, behind API Gateway (REST and HTTP), function URLs and Application Load Balancers. The environ is made
// of the event directly.

import type { Writable } from "node:stream"
import type { ApplicationLike } from "../gateway.ts"
import { NEVER_SILENT } from "../running/connections.ts"
import type { Refusal } from "../running/environ.ts"
import { Service, type ServiceOptions } from "../running/service.ts"
import type { WireHead } from "../running/wire-head.ts"
import { type LambdaEvent, type LambdaRequest, requestOf } from "./lambda/event.ts"
import { CollectingExchange, StreamingExchange } from "./lambda/exchanges.ts"
import type { LambdaPrelude, LambdaResult } from "./lambda/result.ts"

export type { LambdaEvent } from "./lambda/event.ts"
export type { LambdaPrelude, LambdaResult } from "./lambda/result.ts"

/** How a handler for Lambda treats requests. */
export type LambdaOptions = Omit<ServiceOptions, "keepAlive" | "maxDiscardBytes" | "lingerMs">

/** What the runtime of Lambda has for responses that are streamed. */
interface AwsLambda {
  streamifyResponse(handler: (event: LambdaEvent, stream: Writable, context: unknown) => Promise<void>): unknown
  HttpResponseStream: { from(stream: Writable, prelude: LambdaPrelude): Writable }
}

/**
 * A handler that answers an event with a whole response. Takes the events of API Gateway in the formats 1.0 and 2.0, of
 * function URLs and of load balancers, and answers in the form of each.
 *
 * The event and Lambda's context are `aws.event` and `aws.context` in the environ. A stage in the URL is SCRIPT_NAME.
 *
 * @throws TypeError, when it is called with an event that carries no HTTP request
 * @example
 * const handler = toLambda((environ, start) => { start("200 OK", [["Content-Type", "text/plain"]]); return [new TextEncoder().encode(environ.PATH_INFO)] })
 * const event = { rawPath: "/a", rawQueryString: "", requestContext: { http: { method: "GET" } } }
 * (await handler(event)).body // => "/a"
 */
export function toLambda(
  app: ApplicationLike,
  options: LambdaOptions = {},
): (event: LambdaEvent, context?: unknown) => Promise<LambdaResult> {
  const service = serviceFor(app, options)
  return async (event, context) => {
    const request = requestOf(event)
    const exchange = new CollectingExchange(service, request, Boolean(event.multiValueHeaders))
    serve(service, request, exchange, event, context)
    return exchange.result
  }
}

/**
 * A handler that streams its responses: for function URLs with the invoke mode RESPONSE_STREAM. Only inside of Lambda's runtime for
 * Node, which has `awslambda`.
 *
 * @throws Error where there is no `awslambda`
 */
export function toLambdaStream(app: ApplicationLike, options: LambdaOptions = {}): unknown {
  const { awslambda } = globalThis as { awslambda?: AwsLambda }
  if (awslambda === undefined) {
    throw new Error("there is no awslambda here: responses are streamed only in Lambda's runtime for Node")
  }
  const service = serviceFor(app, options)
  return awslambda.streamifyResponse(async (event, stream, context) => {
    const request = requestOf(event)
    const begin = (prelude: LambdaPrelude) => awslambda.HttpResponseStream.from(stream, prelude)
    const exchange = new StreamingExchange(service, request, stream, begin)
    serve(service, request, exchange, event, context)
    await exchange.over
  })
}

function serviceFor(app: ApplicationLike, options: LambdaOptions): Service {
  // Lambda starts as many processes as there are requests at a time.
  return new Service(app, { multiprocess: true, ...options }, { limits: NEVER_SILENT })
}

function serve(
  service: Service,
  request: LambdaRequest,
  exchange: CollectingExchange | StreamingExchange,
  event: LambdaEvent,
  context: unknown,
): void {
  const further = { ...request.addresses.further, "aws.event": event, "aws.context": context }
  const addresses = { ...request.addresses, further: further as unknown as Record<string, string> }
  const refusal = service.serve(request.head, addresses, exchange)
  if (refusal === undefined) return
  exchange.respond(headOf(refusal), [new TextEncoder().encode(`${refusal.reason}\n`)])
  exchange.settle()
}

function headOf(refusal: Refusal): WireHead {
  const fields = ["Content-Type", "text/plain; charset=utf-8"]
  return {
    status: refusal.status,
    code: refusal.code,
    reason: refusal.reason,
    fields,
    contentLength: undefined,
    hasDate: false,
  }
}
