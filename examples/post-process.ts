// Content post-processing: what an application sends is changed on its way, here HTML that gets a footer. Length, entity tag
// and ranges are put right by transformBody; pages that arrive chunk by chunk leave chunk by chunk.
//
// GET /        -> 200 <h1>Hello</h1><footer>Made in the workshop</footer>
// GET /slow    -> 200 <p>one<p>two<footer>Made in the workshop</footer>
// GET /text    -> 200 Hello
// HEAD /       -> 200

import { type Application, Request, Response } from "werkstatt"
import { compose, compress, type Middleware, transformBody } from "werkstatt/middleware"

const encoder = new TextEncoder()

/** Puts some HTML behind each page. */
const footer =
  (html: string): Middleware =>
  (app) =>
    transformBody(app, {
      types: ["text/html"],
      transform: () => ({ chunk: (bytes) => bytes, end: () => encoder.encode(html) }),
    })

const pages: Application = Request.application(({ path }) => {
  if (path === "/text") return new Response("Hello")
  if (path === "/slow") return new Response(["<p>one", "<p>two"].values(), { mimetype: "text/html" })
  return new Response("<h1>Hello</h1>", { mimetype: "text/html" })
})

// Nobody can read what is compressed, so compress stands outside.
export const app = compose(pages, compress, footer("<footer>Made in the workshop</footer>"))
