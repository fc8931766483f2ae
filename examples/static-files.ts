// Files of a folder over HTTP, here those of the examples themselves. Conditional requests, ranges and types come with
// sendFromDirectory; what leads out of the folder, or has a dot in front, is not there.
//
// GET /hello.ts              -> 200
// GET /                      -> 200
// GET /none.txt              -> 404
// GET /../package.json       -> 404
// GET /%2e%2e/package.json   -> 404
// GET /.gitignore            -> 404

import { readdir } from "node:fs/promises"
import { Request, Response } from "werkstatt"
import { sendFromDirectory } from "werkstatt/files"

const folder = new URL(".", import.meta.url)

async function list(): Promise<Response> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".ts")).sort()
  const items = names.map((name) => `<li><a href="/${encodeURIComponent(name)}">${name.replaceAll("<", "&lt;")}</a>`)
  return new Response(`<!doctype html><title>Examples</title><ul>${items.join("")}</ul>`, { mimetype: "text/html" })
}

export const app = Request.application((request) => {
  if (request.path === "/") return list()
  return sendFromDirectory(folder, request.path.slice(1), request.environ, {
    // For mime-types, .ts is a video.
    mimetype: request.path.endsWith(".ts") ? "text/plain" : undefined,
    maxAge: 60,
  })
})
