// How a file of a site is sent. Apart from shared-data.ts, so that this code is loaded with the first file.

import { NotFound } from "../exceptions/statuses.ts"
import { type SendFromDirectoryOptions, sendFile, sendFromDirectory } from "../files/send-file.ts"
import type { Environ } from "../gateway.ts"
import { httpDate } from "../http/dates.ts"
import { guessFileType } from "../http/file-types.ts"
import type { Response } from "../wrappers/response.ts"

/** How `sharedData` serves files. */
export interface SharedDataOptions
  extends Pick<SendFromDirectoryOptions, "dotFiles" | "symlinks" | "precompressed" | "contentEncoding"> {
  /**
   * Patterns of files that are not served: `*` and `?` stand for any characters and one, `[a-h]` and `[!a-h]` for one of these or
   * another. A pattern with a slash is about the path below the export, any other about the name.
   */
  disallow?: string | Iterable<string> | undefined
  /** Whether responses have an ETag, can be confirmed by 304, and tell how long they may be kept. Default true. */
  cache?: boolean | undefined
  /**
   * What an ETag is made of: path, length and last change, or the content, which makes it the same on every machine. Default
   * `state`.
   */
  etag?: "state" | "content" | undefined
  /** For how long a response may be kept without asking again. Default 43200, 12 hours. */
  maxAgeSeconds?: number | undefined
  /** The media type of files whose name does not tell it. Default `application/octet-stream`. */
  fallbackMimetype?: string | undefined
}

/** A file that a path may mean. */
export interface Candidate {
  /** The file or folder of the export. */
  readonly path: string
  /** Below that folder; empty where the export is the file itself. */
  readonly rest: string
  readonly name: string
}

/** The response with the first of the candidates that is there; undefined when no file is there. */
export async function firstFile(
  candidates: readonly Candidate[],
  environ: Environ,
  options: SharedDataOptions,
): Promise<Response | undefined> {
  for (const { path, rest, name } of candidates) {
    try {
      const sending = sendingOptions(name, options)
      const response =
        rest === "" ? await sendFile(path, environ, sending) : await sendFromDirectory(path, rest, environ, sending)
      return finished(response, options)
    } catch (error) {
      // The file of an export may have gone since.
      const isGone = rest === "" && (error as { code?: unknown }).code === "ENOENT"
      if (!(error instanceof NotFound) && !isGone) throw error
    }
  }
  return undefined
}

function sendingOptions(name: string, options: SharedDataOptions): SendFromDirectoryOptions {
  const { cache = true, maxAgeSeconds = 43_200, fallbackMimetype, dotFiles, symlinks, precompressed } = options
  const { contentEncoding, etag } = options
  const isUnknown = guessFileType(name, contentEncoding ? "decoded" : "usual").mimetype === "application/octet-stream"
  return {
    conditional: cache,
    etag: cache && (etag === "content" ? etag : true),
    contentEncoding,
    maxAge: cache ? maxAgeSeconds : undefined,
    mimetype: isUnknown ? fallbackMimetype : undefined,
    dotFiles,
    symlinks,
    precompressed,
  }
}

/** A file of a site is not for saving under another name, and public. */
function finished(response: Response, { cache = true, maxAgeSeconds = 43_200 }: SharedDataOptions): Response {
  const { headers } = response
  headers.delete("Content-Disposition")
  if (!headers.has("Date")) headers.set("Date", httpDate())
  headers.set("Cache-Control", cache ? `max-age=${maxAgeSeconds}, public` : "public")
  return response
}
