// A turn of the event loop for others, on every runtime.

/** Calls back in a turn of its own, when what has arrived meanwhile was looked at. */
export const nextTurn: (callback: () => void) => unknown =
  typeof setImmediate === "function" ? setImmediate : (callback) => setTimeout(callback, 0)
