// The application behind the front servers: plain JavaScript, since a CGI script is a process that loads it as it is.

import { createHash } from "node:crypto"
import { appendFileSync } from "node:fs"

const text = (chunk) => new TextEncoder().encode(chunk)
const PLAIN = [["Content-Type", "text/plain; charset=utf-8"]]
const MEGABYTE = new Uint8Array(1024 * 1024).fill(120)

/** What became of streams is told here, since a script of CGI has no other way. */
const note = (line) => appendFileSync(new URL("./notes.txt", import.meta.url), `${line}\n`)

const SHOWN = [
  "REQUEST_METHOD",
  "SCRIPT_NAME",
  "PATH_INFO",
  "QUERY_STRING",
  "SERVER_NAME",
  "SERVER_PROTOCOL",
  "REMOTE_ADDR",
  "CONTENT_TYPE",
  "CONTENT_LENGTH",
  "HTTP_HOST",
  "HTTP_X_FIRST_NAME",
  "HTTP_X_LATIN",
  "HTTP_COOKIE",
  "HTTP_PROXY",
  "HTTP_CONTENT_TYPE",
  "HTTP_CONTENT_LENGTH",
  "wsgi.url_scheme",
]

async function* events(name) {
  try {
    for (let i = 0; i < 200; i++) {
      yield text(`data: ${i}\n\n`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    note(`${name}: through`)
  } finally {
    note(`${name}: closed`)
  }
}

async function* late() {
  yield text("the beginning")
  await new Promise((resolve) => setTimeout(resolve, 50))
  throw new Error("late")
}

function* large(megabytes) {
  for (let i = 0; i < megabytes; i++) yield MEGABYTE
}

export async function app(environ, startResponse) {
  const path = environ.PATH_INFO
  const say = (body, status = "200 OK", headers = PLAIN) => {
    startResponse(status, headers)
    return [text(body)]
  }
  if (path === "/upload") {
    const hash = createHash("sha1")
    let bytes = 0
    for await (const chunk of environ["wsgi.input"]) {
      bytes += chunk.length
      hash.update(chunk)
    }
    return say(`${bytes} ${hash.digest("hex")}`)
  }
  if (path === "/large") {
    const megabytes = Number(environ.QUERY_STRING)
    startResponse("200 OK", [["Content-Type", "application/octet-stream"]])
    return large(megabytes)
  }
  if (path === "/events") {
    startResponse("200 OK", [
      ["Content-Type", "text/event-stream"],
      ["Cache-Control", "no-store"],
      ["X-Accel-Buffering", "no"],
    ])
    return events(environ.QUERY_STRING)
  }
  if (path === "/late") {
    startResponse("200 OK", PLAIN)
    return late()
  }
  if (path === "/fail") throw new Error("at once")
  if (path === "/missing") return say("no such page", "404 Not Found")
  if (path === "/teapot") return say("", "418 I'm a teapot")
  if (path === "/nothing") {
    startResponse("204 No Content", [])
    return []
  }
  if (path === "/headers")
    return say("", "200 OK", [
      ...PLAIN,
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
      ["X-Latin", "caf\xe9"],
      ["X-Empty", ""],
    ])
  if (path === "/away") return say("", "303 See Other", [...PLAIN, ["Location", "/shop/missing"]])
  const shown = Object.fromEntries(SHOWN.filter((name) => name in environ).map((name) => [name, environ[name]]))
  return say(JSON.stringify(shown))
}
