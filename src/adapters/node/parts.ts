// What a server on Node brings along to its Service: how long clients may be silent, and where files come from and go.

import { FileWrapper } from "../../files/file-wrapper.ts"
import { diskStore } from "../../files/upload-store.ts"
import type { SilenceLimits } from "../../running/connections.ts"
import type { ServerParts } from "../../running/service.ts"
import type { NodeServerOptions } from "./options.ts"

export function serverParts(limits: SilenceLimits): ServerParts {
  return { limits, fileWrapper: (file, blockSize) => new FileWrapper(file, blockSize), uploadStore: diskStore }
}

/** How long clients may be silent, unless the options say otherwise. */
export function silenceLimits(options: NodeServerOptions): SilenceLimits {
  return {
    firstByteMs: options.firstByteTimeoutMs ?? 20_000,
    headMs: options.headersTimeoutMs ?? 20_000,
    requestMs: options.requestTimeoutMs ?? 300_000,
    keepAliveMs: options.keepAliveTimeoutMs ?? 5000,
    sendMs: options.sendTimeoutMs ?? 60_000,
    idleLingerMs: options.idleLingerMs ?? 1000,
  }
}
