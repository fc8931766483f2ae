// Whether a value has to be waited for. Asked on the way of each response, since an application may answer at once or not.

/**
 * Whether a value is a promise, or another object with a `then`.
 *
 * @example
 * isThenable(Promise.resolve(1)) // => true
 * isThenable({ then: 1 }) // => false
 */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
}
