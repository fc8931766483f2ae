// A WebSocket that says back what it hears, and a page to try it from. Needs the package ws.
//
// GET /    -> 200
// GET /ws  -> 426

import { Request, Response, runSimple } from "werkstatt"
import { RuleMap, rule, views } from "werkstatt/routing"

const page = `<!doctype html>
<title>Echo</title>
<form><input autofocus><button>Send</button></form>
<pre></pre>
<script type="module">
  const log = document.querySelector("pre"), form = document.querySelector("form")
  const socket = new WebSocket("/ws")
  socket.onmessage = ({ data }) => log.append("< " + data + "\\n")
  socket.onclose = ({ code }) => log.append("closed with " + code + "\\n")
  form.onsubmit = (event) => {
    event.preventDefault()
    socket.send(form[0].value)
    log.append("> " + form[0].value + "\\n")
    form.reset()
  }
</script>
`

const urls = new RuleMap([
  rule("/", () => new Response(page, { mimetype: "text/html" })),
  rule(
    "/ws",
    () =>
      Response.websocket(async (socket) => {
        for await (const message of socket) await socket.send(message)
      }),
    { websocket: true },
  ),
])

export const app = Request.application(views(urls))

if (process.argv[1] === import.meta.filename) await runSimple("localhost", 4000, app, { useReloader: true })
