// A stream of server-sent events that goes on where a client has left it, also when the server was started anew meanwhile: the
// browser sends the id of the last event that it got.
//
//     npx werkstatt run examples/ticker.ts:app
//
// GET /  -> 200

import { setTimeout as sleep } from "node:timers/promises"
import { Request, Response, runSimple } from "werkstatt"

const page = `<!doctype html>
<title>Ticker</title>
<h1>Ticker</h1>
<ol id="ticks" start="0"></ol>
<script type="module">
  const ticks = document.querySelector("#ticks")
  new EventSource("/events").addEventListener("tick", ({ data }) => {
    const item = document.createElement("li")
    item.value = JSON.parse(data).n
    ticks.append(item)
  })
</script>
`

async function* ticks(after: number, signal: AbortSignal) {
  for (let n = after + 1; ; n++) {
    yield { event: "tick", id: String(n), data: { n } }
    await sleep(500, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
  }
}

export const app = Request.application((request) => {
  if (request.path !== "/events") return new Response(page, { mimetype: "text/html" })
  const last = Number(request.lastEventId ?? -1)
  return Response.events((signal) => ticks(Number.isSafeInteger(last) ? last : -1, signal))
})

if (process.argv[1] === import.meta.filename) await runSimple("localhost", 4000, app, { useReloader: true })
