// Middleware is a function from application to application. The request passes the layers from the outermost to the
// innermost, the response on its way back from the innermost to the outermost.
//
// GET /  -> 200 outer in, middle in, inner in, view, inner out, middle out, outer out

import { type Application, Request, Response, type StartResponse } from "werkstatt"

const encoder = new TextEncoder()

/** A layer that writes down when it was passed: in the environ on the way in, in the body on the way out. */
export function layer(name: string, app: Application): Application {
  return async (environ, startResponse) => {
    const trail = (environ["example.trail"] as string[] | undefined) ?? []
    // Who makes the body longer takes back what was said of its length.
    const start: StartResponse = (status, headers, error) =>
      startResponse(
        status,
        headers.filter(([field]) => field.toLowerCase() !== "content-length"),
        error,
      )
    const body = await app({ ...environ, "example.trail": [...trail, `${name} in`] }, start)
    return appending(body, `, ${name} out`)
  }
}

/** The same body with some text behind it. Whoever replaces a body closes the one that was there. */
function appending(body: Awaited<ReturnType<Application>>, text: string) {
  return {
    async *[Symbol.asyncIterator]() {
      yield* body
      yield encoder.encode(text)
    },
    close: () => body.close?.(),
  }
}

const view = Request.application(({ environ }) => {
  const trail = environ["example.trail"] as string[]
  return new Response([...trail, "view"].join(", "))
})

export const app = layer("outer", layer("middle", layer("inner", view)))
