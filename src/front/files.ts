// What sends files as the front door has it: it is loaded with the first file.

import type { SendableFile, SendFileOptions, SendFromDirectoryOptions } from "../files/send-file.ts"
import type { Environ } from "../gateway.ts"
import type { Response } from "../wrappers/response.ts"

type Files = typeof import("../files/send-file.ts")
let loaded: Files | undefined

async function files(): Promise<Files> {
  loaded ??= await import("../files/send-file.ts")
  return loaded
}

/** `sendFile` of `werkstatt/files`: a response with a file, whose path comes from the program. */
export async function sendFile<R extends Response = Response>(
  file: SendableFile,
  environ: Environ,
  options?: SendFileOptions<R>,
): Promise<R> {
  return (loaded ?? (await files())).sendFile(file, environ, options)
}

/** `sendFromDirectory` of `werkstatt/files`: the file that a stranger's path names below `directory`, or 404. */
export async function sendFromDirectory<R extends Response = Response>(
  directory: string | URL,
  path: string,
  environ: Environ,
  options?: SendFromDirectoryOptions<R>,
): Promise<R> {
  return (loaded ?? (await files())).sendFromDirectory(directory, path, environ, options)
}
