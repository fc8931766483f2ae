// Where state lives that several requests, processes or machines share.

export { MemoryStore, type MemoryStoreOptions } from "./memory-store.ts"
export { type CallingClient, RedisStore, type RedisStoreOptions, type SendingClient } from "./redis-store.ts"
export type { IncrementOptions, SetOptions, Store } from "./store.ts"
