// Servers for development: bound in a program of one's own, or as a process that reloads and tells.

export type { LoggedRequest } from "./access-log.ts"
export type { ApplicationOptions } from "./application-server.ts"
export { makeServer, type ServerOptions, type WerkstattServer } from "./make-server.ts"
export { isRunningFromReloader } from "./reloader/child-link.ts"
export type { ReloaderType } from "./reloader/watcher.ts"
export { type ReloaderOptions, type RunOptions, runSimple, runWithReloader } from "./run-simple.ts"
export { type CertificatePair, generateAdhocSslPair, loadSslContext, makeSslDevcert, type SslContext } from "./tls.ts"
