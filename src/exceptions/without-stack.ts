// Errors that say something about the request and nothing about the code. A stack trace is most of what an error costs, and
// clients can ask for any number of errors.

/**
 * The error that `make` makes, without a stack trace where the runtime lets that be.
 *
 * @example
 * withoutStack(() => new Error("no")).message // => "no"
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return make()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
