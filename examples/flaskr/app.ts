// The application: views, error pages, and the layers around them.

import { mkdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type Application, HTTPException, Request } from "werkstatt"
import { html } from "werkstatt/http"
import { withContext } from "werkstatt/local"
import { compose, securityHeaders, sharedData } from "werkstatt/middleware"
import { views } from "werkstatt/routing"
import { csrf, sessions } from "werkstatt/sessions"
import { apiViews } from "./api.ts"
import { authViews } from "./auth.ts"
import { index, postViews } from "./blog.ts"
import type { Database } from "./database.ts"
import { page } from "./page.ts"
import { urls } from "./urls.ts"
import { context } from "./visitor.ts"

export interface Settings {
  database: Database
  /** What sessions are signed with. */
  secret: string
  /** The folder that pictures are kept in. */
  pictures: string
}

class BlogRequest extends Request {
  // A post with a picture of 2 MiB.
  override maxContentLength = 3 * 1024 * 1024
  override maxFileSize = 2 * 1024 * 1024
  override maxFiles = 1
}

export function makeApp({ database, secret, pictures }: Settings): Application {
  mkdirSync(pictures, { recursive: true })
  const view = views(urls, { index, auth: authViews, posts: postViews(pictures), api: apiViews })
  const pages = BlogRequest.application(async (request) => {
    context.set("database", database)
    try {
      return await view(request)
    } catch (error) {
      if (error instanceof HTTPException && isForPeople(request, error)) return errorPage(request, error)
      throw error
    }
  })
  return compose(
    pages,
    withContext,
    securityHeaders,
    (inner) => sessions(inner, { secret }),
    csrf,
    (inner) => sharedData(inner, { "/static": fileURLToPath(new URL("static", import.meta.url)) }),
  )
}

/** Redirects are errors too, and the API speaks JSON. */
function isForPeople(request: Request, error: HTTPException): boolean {
  return (error.code ?? 0) >= 400 && !request.path.startsWith("/api/")
}

async function errorPage(request: Request, error: HTTPException) {
  const response = error.getResponse(request)
  const shown = await page(request, error.name, html`<p>${error.message}</p>`)
  response.setData(await shown.text())
  response.mimetype = "text/html"
  return response
}
