// What the first process of `serve` and its workers say to each other besides what every group does.

import type { GroupPayload } from "../process-group/link.ts"
import type { Counts } from "./metrics.ts"
import type { SettingValues } from "./settings.ts"

/** What a worker is started with. */
export interface WorkersPayload extends GroupPayload {
  readonly kind: "workers"
  /** Addresses at which each worker listens by itself (SO_REUSEPORT). */
  readonly listen: readonly string[]
}

/** From the first process. `go` answers `settings`. */
export type ToWorker = "count" | "reopen" | "go"

/** From a worker. `settings` is what its run of the program came to, before it opens anything. */
export type ToMaster = { counts: Counts } | { recycle: string } | { settings: SettingValues }
