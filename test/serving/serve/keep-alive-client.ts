// Clients that keep their connections, ask again and again, and may pause between two requests; every failure is counted.

import { Agent, request } from "node:http"

/** What became of the requests. */
export interface Tally {
  answered: number
  failed: string[]
  /** How long each took, in milliseconds. */
  durations: number[]
}

export interface ClientOptions {
  clients: number
  path?: string
  /** How long client number i pauses before its next request. */
  pauseMs?: (client: number) => number
  headers?: Record<string, string>
}

/** Asks until told to stop; gives the tally. */
export function keepAsking(
  url: string,
  { clients, path = "/", pauseMs = () => 0, headers = {} }: ClientOptions,
): () => Promise<Tally> {
  const tally: Tally = { answered: 0, failed: [], durations: [] }
  let asking = true
  const { hostname, port } = new URL(url)
  const all = Array.from({ length: clients }, async (_, index) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (asking) {
      const began = performance.now()
      const outcome = await new Promise<string>((resolve) => {
        const ask = request({ host: hostname, port, path, agent, headers, timeout: 60_000 }, (response) => {
          response.on("error", (error) => resolve(`cut: ${error.message}`))
          response.on("end", () => resolve(response.statusCode === 200 ? "" : `status ${response.statusCode}`))
          response.resume()
        })
        ask.on("timeout", () => ask.destroy(new Error("timeout")))
        ask.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
        ask.end()
      })
      tally.durations.push(performance.now() - began)
      if (outcome === "") tally.answered++
      else tally.failed.push(outcome)
      const pause = pauseMs(index)
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
    }
    agent.destroy()
  })
  return async () => {
    asking = false
    await Promise.all(all)
    return tally
  }
}

/** The value below which this share of them lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
