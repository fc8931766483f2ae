// Errors that belong to no request: rejections that are not handled, and what is thrown outside of all calls. Without the
// debugger they end the process; with it they are shown and it goes on, as far as that goes. A program that handles them
// itself goes on to do so.

/** Watches for them; gives the function that stops it. */
export function onProcessErrors(report: (error: unknown, circumstance: string) => void): () => void {
  const onRejection = (error: unknown) => report(error, "unhandled rejection")
  const onException = (error: unknown) => report(error, "uncaught error")
  process.on("unhandledRejection", onRejection)
  process.on("uncaughtException", onException)
  return () => {
    process.off("unhandledRejection", onRejection)
    process.off("uncaughtException", onException)
  }
}
