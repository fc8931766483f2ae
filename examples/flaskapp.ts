// A very small framework in the manner of Flask, to be served from the command line:
//
//     npx werkstatt run examples/flaskapp.ts:app --port 5000
//
// GET /search         -> 200 Nothing to search for
// GET /search?q=tea   -> 200 Results for tea
// GET /               -> 404

import { type Application, NotFound, Request, Response } from "werkstatt"

type View = (request: Request) => string | Response | Promise<string | Response>

/** An application with a table of routes. What a view returns as text becomes a plain response. */
export function flask(routes: Record<string, View>): Application {
  const table = new Map(Object.entries(routes))
  return Request.application(async (request) => {
    const view = table.get(request.path)
    if (view === undefined) throw new NotFound()
    const answer = await view(request)
    return typeof answer === "string" ? new Response(answer, { mimetype: "text/plain" }) : answer
  })
}

export const app = flask({
  "/search": ({ args }) => (args.has("q") ? `Results for ${args.get("q")}` : "Nothing to search for"),
})
