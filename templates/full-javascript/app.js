// The application: views, error pages, and the layers around them.

import { randomBytes } from "node:crypto"
import { fileURLToPath } from "node:url"
import { HTTPException, Request } from "werkstatt"
import { compose, securityHeaders, sharedData } from "werkstatt/middleware"
import { views } from "werkstatt/routing"
import { csrf, sessions } from "werkstatt/sessions"
import { guestbookViews } from "./guestbook.js"
import { errorPage } from "./page.js"
import { urls } from "./urls.js"

const view = views(urls, { guestbook: guestbookViews })

const pages = Request.application(async (request) => {
  try {
    return await view(request)
  } catch (error) {
    // Redirects are HTTP errors too.
    if (error instanceof HTTPException && (error.code ?? 0) >= 400) return errorPage(request, error)
    throw error
  }
})

const key = process.env["SECRET_KEY"]
if (key === undefined && process.env["NODE_ENV"] === "production")
  throw new Error("SECRET_KEY is not set: see README.md")
// Without a key, sessions end with the server.
const secret = key ?? randomBytes(32)

export const app = compose(
  pages,
  securityHeaders,
  (inner) => sessions(inner, { secret }),
  csrf,
  (inner) => sharedData(inner, { "/static": fileURLToPath(new URL("static", import.meta.url)) }),
)
