// A handler, and the server to try it on.
//
// GET /           -> 200 Hello World!
// GET /?name=you  -> 200 Hello you!

import { Request, Response, runSimple } from "werkstatt"

export const app = Request.application((request) => new Response(`Hello ${request.args.get("name") ?? "World"}!`))

if (process.argv[1] === import.meta.filename) await runSimple("localhost", 4000, app, { useReloader: true })
