// What the first process of `serve` and its workers say to each other besides what every group does.

import type { Counts } from "./metrics.ts"

/** From the first process. */
export type ToWorker = "count" | "reopen"

/** From a worker. */
export type ToMaster = { counts: Counts } | { recycle: string }
