// Runs tests that were written for node:http over the engine of node:net: what they import as src/adapters/node.ts is
// test/support/node-over-net.ts.

import { fileURLToPath } from "node:url"

/** Tests that say nothing of node:http itself. */
export const engineTests: readonly string[] = [
  "test/adapters/node/{body,conformance,connections,environ,input,malformed,proxied-connections,slow-reader}.test.ts",
  "test/adapters/node/{start-response,websocket,websocket-clients}.test.ts",
  "test/load/{connections,early-answers}.load.ts",
]

const stand = fileURLToPath(new URL("support/node-over-net.ts", import.meta.url))

/** A plugin of Vite. */
export function overNet(): {
  name: string
  enforce: "pre"
  resolveId(source: string, importer?: string): string | undefined
} {
  return {
    name: "over-net",
    enforce: "pre",
    resolveId: (source, importer) =>
      source.endsWith("/src/adapters/node.ts") && importer !== stand ? stand : undefined,
  }
}
