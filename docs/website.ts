// The site as an application: the folder that `npm run docs` makes, served by werkstatt/files. For a look at it, and for its tests.

import { join } from "node:path"
import { type Application, NotFound, Request, Response } from "werkstatt"
import { sendFromDirectory } from "werkstatt/files"

export const siteFolder = join(import.meta.dirname, "dist")

/** A folder's page is its index.html; what is missing is answered by 404.html. */
export function website(base = "/"): Application {
  return Request.application(async (request) => {
    const inside = request.path.startsWith(base) ? request.path.slice(base.length) : "404.html"
    const file = inside === "" || inside.endsWith("/") ? `${inside}index.html` : inside
    try {
      return await sendFromDirectory(siteFolder, file, request.environ)
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
      const page = await sendFromDirectory(siteFolder, "404.html", request.environ)
      return new Response(await page.data(), { status: 404, mimetype: "text/html" })
    }
  })
}
