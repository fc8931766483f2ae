// Serves with runSimple, on the runtime's own node:http. Arguments: a port, and "reloader" to have it.

import { runSimple } from "../../dist/serving/index.js"

const [port, mode] = globalThis.Deno?.args ?? process.argv.slice(2)
await runSimple(
  "127.0.0.1",
  Number(port),
  (_environ, start) => {
    start("200 OK", [["Content-Type", "text/plain"]])
    return [new TextEncoder().encode("served by runSimple")]
  },
  { useReloader: mode === "reloader" },
)
