// The load of the hosts' tests, as a program on a machine of its own: keep-alive clients that ask until they are told to stop,
// and one line of JSON with what became of it.

import { keepAsking } from "../serving/serve/keep-alive-client.ts"

const [url = "", clients = "8"] = process.argv.slice(2)
const stop = keepAsking(url, {
  clients: Number(clients),
  path: "/work",
  pauseMs: (client) => [0, 5, 40, 150][client % 4] as number,
})
process.stdout.write("asking\n")
process.once("SIGTERM", async () => {
  const { answered, failed } = await stop()
  const kinds: Record<string, number> = {}
  for (const kind of failed) kinds[kind] = (kinds[kind] ?? 0) + 1
  process.stdout.write(`${JSON.stringify({ answered, failed: failed.length, kinds })}\n`)
  process.exit()
})
