// Errors as problem documents (RFC 9457), whatever the client accepts: this API speaks nothing else.

import type { StandardSchemaV1 } from "@standard-schema/spec"
import type { Logger } from "pino"
import { HTTPException, InternalServerError, type Request, type Response, UnprocessableEntity } from "werkstatt"
import type { Problem } from "werkstatt/exceptions"
import { getRequestId } from "werkstatt/middleware"

/** A 422 that tells a program what is wrong, and where. */
export class Invalid extends UnprocessableEntity {
  readonly issues: readonly StandardSchemaV1.Issue[]

  constructor(issues: readonly StandardSchemaV1.Issue[], description = "The request is not what this URL takes.") {
    super(description)
    this.issues = issues
  }

  override getProblem(): Problem {
    const errors = this.issues.map(({ message, path = [] }) => ({
      pointer: path.map((step) => `/${String(typeof step === "object" ? step.key : step)}`).join(""),
      detail: message,
    }))
    return { ...super.getProblem(), errors }
  }
}

type View = (request: Request) => Promise<Response>

/** The view with its errors as answers. One that is no HTTP error is logged, and the client is told nothing of it. */
export function problems(view: View, log: Logger): View {
  return async (request) => {
    try {
      return await view(request)
    } catch (error) {
      if (!(error instanceof HTTPException)) {
        // In development the debugger shows it.
        if ("werkstatt.debug.preserve_context" in request.environ) throw error
        log.error({ err: error, requestId: getRequestId(request.environ) })
      }
      const known = error instanceof HTTPException ? error : new InternalServerError()
      // With its status and its headers: Allow, Retry-After, WWW-Authenticate.
      const response = known.getResponse(request)
      if (response.statusCode < 400) return response
      response.setData(JSON.stringify(known.getProblem(request.environ)))
      response.mimetype = "application/problem+json"
      return response
    }
  }
}
