// Runs tests that were written for node:http over the engine of node:net: what they import to make a server is a module of
// test/support that makes one of that engine.

import { fileURLToPath } from "node:url"

/** Tests that say nothing of node:http itself. */
export const engineTests: readonly string[] = [
  "test/adapters/node/{body,conformance,connections,environ,input,malformed,proxied-connections,slow-reader}.test.ts",
  "test/adapters/node/{start-response,websocket,websocket-clients}.test.ts",
  "test/serving/{make-server,tls}.test.ts",
  "test/load/{connections,early-answers}.load.ts",
  "test/front-servers/*.gateways.ts",
  "test/examples/websocket.browser.ts",
]

const stand = (name: string) => fileURLToPath(new URL(`support/${name}.ts`, import.meta.url))
const stands = new Map([
  ["/src/adapters/node.ts", stand("node-over-net")],
  ["/src/serving/make-server.ts", stand("make-server-over-net")],
])

interface Plugin {
  name: string
  enforce: "pre"
  resolveId(source: string, importer?: string): string | undefined
}

/** A plugin of Vite. */
export function overNet(): Plugin {
  return {
    name: "over-net",
    enforce: "pre",
    resolveId: (source, importer) => {
      for (const [end, file] of stands) if (source.endsWith(end) && importer !== file) return file
      return undefined
    },
  }
}
