// For applications that cannot have two requests at work: the next one begins when the one before is over.

import type { Application } from "../gateway.ts"

/** `app`, called for a request when the responses to all requests before it are over. */
export function oneAtATime(app: Application): Application {
  let last: Promise<void> = Promise.resolve()
  return async (environ, startResponse) => {
    // A WebSocket may stay open for hours; the requests of its page must not wait for that.
    if (environ["wsgi.websocket"] !== undefined) return app(environ, startResponse)
    environ["wsgi.multithread"] = false
    const before = last
    let isOver = false
    const over = new Promise<void>((resolve) => {
      environ["wsgi.response_finished"]?.push(() => {
        isOver = true
        resolve()
      })
    })
    last = before.then(() => over)
    await before
    // The client may have left the queue.
    return isOver ? [] : app(environ, startResponse)
  }
}
