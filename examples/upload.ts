// The SHA-256 of files of any size, made while they come in; nothing is kept, neither in memory nor on disk.
//
//     curl -F file=@large.iso localhost:4000
//
// GET /          -> 200
// POST / a=1     -> 415

import { createHash } from "node:crypto"
import { Request, Response, runSimple } from "werkstatt"

const page = `<!doctype html>
<title>Upload</title>
<form method="post" enctype="multipart/form-data">
  <input type="file" name="file" multiple>
  <button>Send</button>
</form>
`

export const app = Request.application(async (request) => {
  if (request.method !== "POST") return new Response(page, { mimetype: "text/html" })
  let lines = ""
  for await (const part of request.parts()) {
    if (part.filename === undefined) continue
    const hash = createHash("sha256")
    for await (const chunk of part) hash.update(chunk)
    lines += `${hash.digest("hex")}  ${part.filename}\n`
  }
  return new Response(lines)
})

if (process.argv[1] === import.meta.filename) await runSimple("localhost", 4000, app)
