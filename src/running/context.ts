// The asynchronous context (AsyncLocalStorage) in which an application answered. A middleware may call the application in
// a context of its own, and what the server calls later, the steps of the body and its close, belongs there too.
// Where the runtime has no node:async_hooks, there is no such context.

/** Runs functions in the context in which it was made. */
export interface CallContext {
  runInAsyncScope<This, Args extends unknown[], Result>(
    callback: (this: This, ...args: Args) => Result,
    thisArg?: This,
    ...args: Args
  ): Result
}

interface AsyncHooks {
  AsyncResource: new (type: string) => CallContext
}

// Looked up by name, so that bundles for runtimes without it need no stand-in.
const { process } = globalThis as { process?: { getBuiltinModule?(name: string): AsyncHooks | undefined } }
const AsyncResource = process?.getBuiltinModule?.("node:async_hooks")?.AsyncResource

/** The context that is current now. */
export function currentContext(): CallContext | undefined {
  return AsyncResource === undefined ? undefined : new AsyncResource("werkstatt.response")
}
