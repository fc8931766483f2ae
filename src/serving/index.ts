export type { ServerOptions, WerkstattServer } from "./make-server.ts"
export { makeServer } from "./make-server.ts"
export { runSimple } from "./run-simple.ts"
