// What a balancer, a probe and Prometheus ask, on a socket of its own: whether the server is ready for requests, whether it is
// alive, and what it has counted. Answered by the first process, so that a worker that is at its limit says nothing wrong.

import type { Application } from "../../gateway.ts"

/** What the answers are made of. */
export interface Status {
  /** Whether requests should come. */
  isReady(): boolean
  /** Why not. */
  reason(): string
  /** Whether the server can do its work, now or soon. */
  isHealthy(): boolean
  metrics(): Promise<string>
}

const PLAIN = "text/plain; charset=utf-8"
const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
const encoder = new TextEncoder()

/** The site. */
export function statusSite(status: Status): Application {
  return async (environ, startResponse) => {
    const answer = (line: string, type: string, text: string) => {
      const bytes = encoder.encode(text)
      startResponse(line, [
        ["Content-Type", type],
        ["Content-Length", String(bytes.length)],
        ["Cache-Control", "no-store"],
      ])
      return [bytes]
    }
    if (environ.REQUEST_METHOD !== "GET" && environ.REQUEST_METHOD !== "HEAD") {
      startResponse("405 Method Not Allowed", [
        ["Allow", "GET, HEAD"],
        ["Content-Length", "0"],
      ])
      return []
    }
    const flag = (isSo: boolean, no: string) =>
      isSo ? answer("200 OK", PLAIN, "ok\n") : answer("503 Service Unavailable", PLAIN, `${no}\n`)
    switch (environ.PATH_INFO) {
      case "/-/ready":
        return flag(status.isReady(), status.reason())
      case "/-/health":
        return flag(status.isHealthy(), "no worker can be started")
      case "/metrics":
        return answer("200 OK", PROMETHEUS, await status.metrics())
      default:
        return answer("404 Not Found", PLAIN, "There are /-/ready, /-/health and /metrics.\n")
    }
  }
}
