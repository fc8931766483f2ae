// A chat with rooms: names from a cookie, a page, and a WebSocket for each visitor. One process; for several, let Redis pass the
// messages on (docs/websocket.md). Run it with
//
//     npx werkstatt run examples/chat.ts:app
//
// GET /                -> 303
// GET /room/blue       -> 200
// GET /room/blue/live  -> 426

import { Request, Response, redirect, runSimple } from "werkstatt"
import type { ServerWebSocket } from "werkstatt/gateway"
import { html } from "werkstatt/http"
import { RuleMap, rule, views } from "werkstatt/routing"

const rooms = new Map<string, Set<ServerWebSocket>>()

function tell(room: string, message: { name: string; text: string }): void {
  const text = JSON.stringify(message)
  // Not awaited: nobody waits for the slowest. One that takes nothing is given up when `maxBufferedBytes` wait for it.
  for (const socket of rooms.get(room) ?? []) void socket.send(text)
}

async function chat(socket: ServerWebSocket, room: string, name: string): Promise<void> {
  const members = rooms.get(room) ?? new Set()
  rooms.set(room, members.add(socket))
  tell(room, { name, text: "is here" })
  try {
    for await (const text of socket) if (typeof text === "string") tell(room, { name, text })
  } finally {
    members.delete(socket)
    if (members.size === 0) rooms.delete(room)
    tell(room, { name, text: "has left" })
  }
}

const page = (room: string, name: string) => html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${room}</title>
<h1>${room}</h1>
<p>You are <b id="name">${name}</b>.</p>
<ul id="messages"></ul>
<form><input id="text" aria-label="Message" autocomplete="off" autofocus><button>Say</button></form>
<script type="module">
  const messages = document.querySelector("#messages"), text = document.querySelector("#text")
  let socket
  const connect = () => {
    socket = new WebSocket(location.pathname + "/live")
    socket.onmessage = ({ data }) => {
      const { name, text } = JSON.parse(data)
      const item = document.createElement("li")
      item.textContent = name + ": " + text
      messages.append(item)
    }
    socket.onclose = ({ code }) => setTimeout(connect, code === 1012 ? 0 : 1000)
  }
  connect()
  document.querySelector("form").onsubmit = (event) => {
    event.preventDefault()
    if (text.value !== "") socket.send(text.value)
    text.value = ""
  }
</script>
</html>
`

const ADJECTIVES = ["Quick", "Quiet", "Bright", "Gentle", "Brave"]
const ANIMALS = ["Fox", "Owl", "Otter", "Heron", "Lynx"]
const any = (words: string[]) => words[Math.floor(Math.random() * words.length)]

const urls = new RuleMap([
  rule("/", () => redirect("/room/lobby")),
  rule("/room/<name>", (request: Request, { name: room }: { name: string }) => {
    const known = request.cookies.get("name")
    const name = known ?? `${any(ADJECTIVES)} ${any(ANIMALS)}`
    const response = new Response(String(page(room, name)), { mimetype: "text/html" })
    if (known === undefined) response.setCookie("name", name, { httpOnly: true, sameSite: "lax" })
    return response
  }),
  rule(
    "/room/<name>/live",
    (request: Request, { name: room }: { name: string }) => {
      const name = request.cookies.get("name") ?? "Somebody"
      return Response.websocket((socket) => chat(socket, room, name), { maxMessageBytes: 4096 })
    },
    { websocket: true },
  ),
])

export const app = Request.application(views(urls))

if (process.argv[1] === import.meta.filename) await runSimple("localhost", 4000, app, { useReloader: true })
