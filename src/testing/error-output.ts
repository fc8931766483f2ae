// Where the errors of an application go that runs without a server: to the error output of the process. The stream is looked
// up for each write, so that what a test puts in its place is heeded.

import type { ErrorStream } from "../gateway.ts"

/** The error output of the process. */
export const stderr: ErrorStream = {
  write: (text) => void process.stderr.write(text),
  writeLines: (lines) => void process.stderr.write([...lines].join("")),
  flush: () => undefined,
}
