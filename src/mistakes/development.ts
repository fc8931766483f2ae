// Whether the program runs in development: everywhere but where NODE_ENV says `production`. What is asked of every response
// and would cost time is asked only then.

const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } }

/** Known when the program starts, so that a branch on it costs nothing. */
export const isDevelopment: boolean = process?.env?.["NODE_ENV"] !== "production"
