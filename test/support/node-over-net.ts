// src/adapters/node.ts for tests that run over the engine of node:net: what makes a server makes one of that engine.

import { createServer as create, type NodeServer, type NodeServerOptions } from "../../src/adapters/node.ts"
import type { ApplicationLike } from "../../src/gateway.ts"

export * from "../../src/adapters/node.ts"

export function createServer(app: ApplicationLike, options: NodeServerOptions = {}): NodeServer {
  return create(app, { ...options, engine: "net" }) as NodeServer
}
