// Running an application: what servers, gateways and adapters of any protocol are made of. docs/servers.md shows how.

export type { WebSocketRecord } from "../http/common-log.ts"
export { type Carrier, Connection } from "./connection.ts"
export { Connections, NEVER_SILENT, type Peer, type SilenceLimits } from "./connections.ts"
export { drive } from "./driver.ts"
export { type Addresses, type EnvironSettings, environOf, Refusal, type WireRequestHead } from "./environ.ts"
export { type Attendant, Exchange, type Log } from "./exchange.ts"
export { canLend, type LendingBody } from "./lending.ts"
export { type MemoryAnswer, runInMemory } from "./memory-exchange.ts"
export { type OnError, reportError } from "./report.ts"
export { decodePath, isAuthority, parseTarget, type RequestTarget } from "./request-target.ts"
export {
  type DiscardLimits,
  type FinishedRequest,
  type ServerParts,
  Service,
  type ServiceOptions,
} from "./service.ts"
export { OpenWebSocket, type WebSocketCarrier, type WebSocketReceiver } from "./websocket.ts"
export { extendedConnectOf, type Handshake, type HandshakeHead, handshakeOf } from "./websocket-handshake.ts"
export type { WireHead } from "./wire-head.ts"
export { type BodyHooks, wrapBody } from "./wrap-body.ts"
