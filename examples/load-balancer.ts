// A load balancer: two servers, each a process of its own, take turns. When one of them dies, the other one answers,
// and nobody is told; each is asked every second whether it lives again.
//
// GET /        -> 200 Hello from a process of its own
// GET /any?a=b -> 200 Hello from a process of its own

import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { argv } from "node:process"
import { fileURLToPath } from "node:url"
import { type Application, makeServer, Request, Response } from "werkstatt"
import { httpProxy } from "werkstatt/proxy"

const here = fileURLToPath(import.meta.url)

/** What runs in the other processes. */
async function upstream(): Promise<void> {
  const hello = Request.application(
    () => new Response("Hello from a process of its own", { headers: { "X-Process": String(process.pid) } }),
  )
  const { port } = await makeServer("127.0.0.1", 0, hello, { accessLog: false })
  process.send?.(`http://127.0.0.1:${port}`)
  // Without the balancer there is nothing to do.
  process.on("disconnect", () => process.exit())
}

const isUpstream = argv[2] === "upstream" && process.send !== undefined
export const servers: ChildProcess[] = isUpstream
  ? []
  : [1, 2].map(() => fork(here, ["upstream"], { execArgv: ["--import", "tsx"] }))

async function balancer(): Promise<Application> {
  const urls = await Promise.all(servers.map(async (server) => ((await once(server, "message")) as [string])[0]))
  for (const server of servers) {
    server.unref()
    server.channel?.unref()
  }
  const outside = Request.application(() => new Response("Not Found", { status: 404 }))
  return httpProxy(outside, { "/": { target: urls } }, { health: { path: "/", intervalMs: 1000 } })
}

if (isUpstream) await upstream()
export const app: Application = isUpstream ? () => [] : await balancer()
