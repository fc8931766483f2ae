// Servers for development: bound in a program of one's own, or as a process that reloads and tells.

export type { LoggedRequest } from "./access-log.ts"
export type { ApplicationOptions } from "./application-server.ts"
export type { FrontProtocol } from "./front-protocol.ts"
export { makeServer, type ServerOptions, type WerkstattServer } from "./make-server.ts"
export { isRunningFromReloader } from "./process-group/link.ts"
export type { ReloaderType } from "./reloader/watcher.ts"
export { type ReloaderOptions, type RunOptions, runSimple, runWithReloader } from "./run-simple.ts"
export type { AccessFormat, FinishedEntry } from "./serve/access-format.ts"
export { type ServeOptions, serve } from "./serve/serve.ts"
export { SettingError, type SettingOptions } from "./serve/settings.ts"
export type { HookOptions } from "./serve/worker.ts"
export { type CertificatePair, generateAdhocSslPair, loadSslContext, makeSslDevcert, type SslContext } from "./tls.ts"
