// Errors of an application as errors of the process, for developers who run it under a debugger or a supervisor.

import { ClientDisconnected } from "../exceptions/statuses.ts"
import type { Application, Body } from "../gateway.ts"
import { isAbortError } from "../mistakes/thrown.ts"

/** `app`, whose errors end the process as any uncaught error does, instead of being answered with 500. */
export function passthroughErrors(app: Application): Application {
  return async (environ, startResponse) => {
    try {
      return watched(await app(environ, startResponse))
    } catch (error) {
      crash(error)
      throw error
    }
  }
}

function watched(body: Body): Body {
  if (Array.isArray(body)) return body
  const watching: Body = {
    async *[Symbol.asyncIterator]() {
      try {
        yield* body
      } catch (error) {
        crash(error)
        throw error
      }
    },
    close: () => body.close?.(),
  }
  const { websocket } = body
  if (websocket === undefined) return watching
  watching.websocketLimits = body.websocketLimits
  watching.websocket = (socket) =>
    websocket.call(body, socket).catch((error: unknown) => {
      crash(error)
      throw error
    })
  return watching
}

function crash(error: unknown): void {
  // That a client has left is no error of the application.
  if (error instanceof ClientDisconnected || isAbortError(error)) return
  setImmediate(() => {
    throw error
  })
}
