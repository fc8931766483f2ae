// Sending files: which file it is, under which name and type it goes out, and how long it may be kept.
// What of it is sent (304, ranges) is decided in file-response.ts; whether a path from a client may be opened at all, in
// directory.ts.

import type { FileHandle } from "node:fs/promises"
import { basename, isAbsolute, relative, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { NotFound, PreconditionFailed } from "../exceptions/statuses.ts"
import type { Environ, FileLike, HeaderList } from "../gateway.ts"
import { dumpContentDisposition } from "../http/content-disposition.ts"
import { httpDate } from "../http/dates.ts"
import { guessFileType } from "../http/file-types.ts"
import { percentEncode } from "../http/percent.ts"
import { pastDate } from "../http/selection.ts"
import { isDevelopment } from "../mistakes/development.ts"
import { checkEnviron } from "../mistakes/environ.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { isThenable } from "../thenable.ts"
import { Response, type ResponseClass } from "../wrappers/response.ts"
import { contentTag, knownContentTag } from "./content-tag.ts"
import { type DirectoryOptions, openInDirectory } from "./directory.ts"
import { afterClosing, bodilessResponse, type FileFacts, fileResponse } from "./file-response.ts"
import { BlobSource, BytesSource, type FileSource } from "./file-source.ts"
import type { FileState } from "./file-state.ts"
import { isFileHandle, wrapFile } from "./file-wrapper.ts"
import { type FileCache, knownFiles } from "./known-files.ts"
import { adoptHandle, isMissing, type OpenFile, openFile, type PathSource } from "./open-file.ts"
import type { OpenFileCache } from "./open-file-cache.ts"
import { acceptedCodings, type ContentCoding, endingOf } from "./precompressed.ts"

/** What can be sent: a path or file URL, bytes, a Blob, or an open file. What is open belongs to the response, which closes it. */
export type SendableFile = string | URL | Uint8Array | Blob | FileHandle | FileLike

/** How nginx finds a file: what lies in `directory` here is below `location` there, which should be `internal`. */
export interface AccelMapping {
  /** The folder, as a path or file URL. */
  directory: string | URL
  /** The path of the location, which is percent-decoded already. */
  location: string
}

/** How a file is sent. */
export interface SendFileOptions<R extends Response = Response> {
  /** The media type, else guessed from the name. Text types get `; charset=utf-8`. */
  mimetype?: string | undefined
  /**
   * Whether the ending `.gz`, `.br` or `.zst` of the name is told as a Content-Encoding of what is in the file, and not as the
   * type of a file to be kept. Unless given, only `.svgz` has one. Attachments never have.
   */
  contentEncoding?: boolean | undefined
  /** Whether browsers save the file instead of showing it. */
  asAttachment?: boolean | undefined
  /** The name for saving, any text without control characters; that of the file unless given. */
  downloadName?: string | undefined
  /** Whether preconditions and ranges are looked at. True unless given. */
  conditional?: boolean | undefined
  /**
   * An entity tag, without quotes; `false` sends no tag. Of a file on disk one is made of path, length and last change, which is
   * another one on each machine, and does not see a change that keeps length and date. `content` makes it of the bytes, also
   * those of a Blob or Uint8Array: the same everywhere, and remembered as long as the file is the same.
   */
  etag?: boolean | string | undefined
  /** The last change as a date or in Unix seconds; that of the file unless given. */
  lastModified?: Date | number | undefined
  /**
   * For how many whole seconds caches may keep it without asking again; or a function that tells it by the path. Nothing
   * may be kept unasked without it, and for 0 or less.
   */
  maxAge?: number | ((path: string | undefined) => number | undefined) | undefined
  /**
   * Whether the file is sent by the server in front (only for files on disk): `true` tells Apache and lighttpd the path in
   * `X-Sendfile`; mappings tell nginx its own name for it in `X-Accel-Redirect`. Ranges are left to that server.
   * Nothing that a client sends can turn this on.
   */
  useXSendfile?: boolean | readonly AccelMapping[] | undefined
  /** Whether compressed files beside the file (`.br`, `.zst`, `.gz`) are sent to clients that accept them; or which of these. */
  precompressed?: boolean | readonly ContentCoding[] | undefined
  /** Keeps files on disk open for a moment, for further requests. */
  openFiles?: OpenFileCache | undefined
  /** The class of the response. */
  responseClass?: ResponseClass<R> | undefined
}

/** How a file below a directory is sent. */
export interface SendFromDirectoryOptions<R extends Response = Response> extends SendFileOptions<R>, DirectoryOptions {}

/** Those for a directory do not matter to a single file, and do no harm: one object may serve both. */
const OPTIONS: OptionNames<SendFromDirectoryOptions> = {
  mimetype: true,
  asAttachment: true,
  downloadName: true,
  conditional: true,
  etag: true,
  lastModified: true,
  maxAge: true,
  useXSendfile: true,
  precompressed: true,
  openFiles: true,
  responseClass: true,
  contentEncoding: true,
  dotFiles: true,
  symlinks: true,
}

/**
 * A response with a file. The path must come from the program: for paths from clients there is `sendFromDirectory`.
 *
 * Conditional requests are answered with 304, one range with 206, several as `multipart/byteranges`. Bytes and Blobs have no
 * entity tag, unless one is given or made of them; other open files (an object with `read(size)`) have no length, and no ranges.
 *
 * @throws TypeError when there is neither a name nor a media type, an attachment has no name, the name holds a control character,
 * or the path is not that of a file (a directory, a pipe); RangeError for a `maxAge` that is no whole number
 * @throws PreconditionFailed (412), RequestedRangeNotSatisfiable (416), and the error of the system when the file is missing
 */
export async function sendFile<R extends Response = Response>(
  file: SendableFile,
  environ: Environ,
  options: SendFileOptions<R> = {},
): Promise<R> {
  checkEnviron("sendFile", environ)
  if (isDevelopment) checkOptions("sendFile", options, OPTIONS)
  if (typeof file === "string") return sendPath(file, environ, options, ANYWHERE)
  if (file instanceof URL) return sendPath(fileURLToPath(file), environ, options, ANYWHERE)
  if (file instanceof Uint8Array) return answerWith(new BytesSource(file), {}, environ, options)
  if (file instanceof Blob) {
    const name = file instanceof File ? file.name : undefined
    return answerWith(new BlobSource(file), { name, blob: file }, environ, options)
  }
  if (isFileHandle(file)) return answerWith(await adoptHandle(file), {}, environ, options)
  return sendUnmeasured(file, environ, options)
}

/**
 * A response with the file that the path names below `directory`; 404 when there is no such file. The path may come from a
 * client.
 *
 * The path has `/` between its segments and is percent-decoded once, as `request.path` is. Served are regular files whose
 * real path lies inside of the directory; not those whose path has an empty segment, `.`, `..`, a backslash, a control
 * character, or (unless `dotFiles` is on) a segment that begins with a dot.
 *
 * @throws NotFound (404), and what `sendFile` throws
 */
export async function sendFromDirectory<R extends Response = Response>(
  directory: string | URL,
  path: string,
  environ: Environ,
  options: SendFromDirectoryOptions<R> = {},
): Promise<R> {
  checkEnviron("sendFromDirectory", environ)
  if (isDevelopment) checkOptions("sendFromDirectory", options, OPTIONS)
  const root = typeof directory === "string" ? directory : fileURLToPath(directory)
  const { dotFiles = false, symlinks = "inside" } = options
  // The part that the client chose comes last, so that it cannot pass for any of the others.
  const scope = `${dotFiles} ${symlinks} ${root}\0`
  const open = async (name: string, known: FileState | undefined) => {
    const file = await openInDirectory(root, name, options, known)
    if (file === undefined) throw new NotFound()
    return file
  }
  return sendPath(path, environ, options, { scope, open })
}

type Options = SendFileOptions<Response>

/** Where paths lead to files, and by which rules. */
interface Place {
  /** Stands for the rules in front of a path. */
  readonly scope: string
  open(path: string, known: FileState | undefined): Promise<OpenFile>
}

const ANYWHERE: Place = { scope: "", open: (path) => openFile(path) }

/** What is known of a file besides its bytes. */
interface FileIdentity {
  /** For the type, and for saving. */
  name?: string | undefined
  /** On disk. */
  path?: string | undefined
  /** In which coding it is, being sent for another file. */
  coding?: ContentCoding | undefined
  blob?: Blob | undefined
}

/** Sends the file in the first of the codings in which it is there, else as it is. */
async function sendPath<R extends Response>(
  path: string,
  environ: Environ,
  options: SendFileOptions<R>,
  place: Place,
): Promise<R> {
  const name = basename(path)
  const cache: FileCache = options.openFiles ?? knownFiles
  const needsLittle = mayNeedNoContent(environ)
  for (const coding of [...codingsFor(name, environ, options), undefined]) {
    const variant = coding === undefined ? path : path + endingOf(coding)
    const key = place.scope + variant
    const known = needsLittle ? cache.stateOf(key) : undefined
    const response = known && answerWithoutFile(known, { name, path: known.path, coding }, environ, options)
    if (response !== undefined) return response
    let file: PathSource
    try {
      const opening = cache.open(key, () => place.open(variant, knownFiles.lastStateOf(key)))
      file = isThenable(opening) ? await opening : opening
    } catch (error) {
      if (coding !== undefined && (isMissing(error) || error instanceof NotFound)) continue
      throw error
    }
    return answerWith(file, { name, path: file.state.path, coding }, environ, options)
  }
  throw new NotFound()
}

/** Whether the answer may be a 304, or one to HEAD. */
function mayNeedNoContent(environ: Environ): boolean {
  const { REQUEST_METHOD: method, HTTP_IF_NONE_MATCH: tags, HTTP_IF_MODIFIED_SINCE: date } = environ
  return method === "HEAD" || tags !== undefined || date !== undefined
}

function codingsFor(name: string, environ: Environ, { precompressed, downloadName }: Options): ContentCoding[] {
  if (!precompressed || guessFileType(downloadName ?? name, "decoded").coding !== undefined) return []
  const accepted = environ["HTTP_ACCEPT_ENCODING"]
  if (typeof accepted !== "string") return []
  return acceptedCodings(accepted, precompressed === true ? undefined : precompressed)
}

/** The response, if it needs neither content nor an entity tag that has to be made of it. */
function answerWithoutFile<R extends Response>(
  state: FileState,
  identity: FileIdentity,
  environ: Environ,
  options: SendFileOptions<R>,
): R | undefined {
  const tag = options.etag === "content" ? knownContentTag(state) : state.version
  if (tag === undefined) return undefined
  return bodilessResponse(state.size, environ, factsOf(state, tag, identity, options), classOf(options))
}

function answerWith<R extends Response>(
  source: FileSource,
  identity: FileIdentity,
  environ: Environ,
  options: SendFileOptions<R>,
): R | Promise<R> {
  const respond = (tag: string | undefined): R | Promise<R> => {
    let facts: FileFacts
    try {
      facts = factsOf(source, tag, identity, options)
    } catch (error) {
      return fail(error)
    }
    return fileResponse(source, environ, facts, classOf(options))
  }
  const fail = (error: unknown) =>
    afterClosing<never>(source, () => {
      throw error
    })
  if (options.etag !== "content") return respond(source.version)
  return contentTag(source, identity.blob).then(respond, fail)
}

/** A file of unknown length goes to the server as it is; conditions are looked at all the same. */
async function sendUnmeasured<R extends Response>(
  file: FileLike,
  environ: Environ,
  options: SendFileOptions<R>,
): Promise<R> {
  try {
    const { mimetype, headers, etag, lastModified } = factsOf(undefined, undefined, {}, options)
    const body = wrapFile(environ, file)
    const response = new (classOf(options))(body, { headers, mimetype, directPassthrough: true })
    if (etag !== undefined) response.setEtag(etag)
    if (lastModified !== undefined) response.lastModified = pastDate(lastModified)
    if (options.conditional !== false) response.makeConditional(environ)
    if (response.statusCode === 412) throw new PreconditionFailed()
    return response
  } catch (error) {
    await file.close?.()
    throw error
  }
}

/** @param tag what the entity tag is unless the options say otherwise */
function factsOf(
  source: Pick<FileSource, "modified"> | undefined,
  tag: string | undefined,
  { name, path, coding }: FileIdentity,
  options: Options,
): FileFacts {
  const { asAttachment = false, conditional, contentEncoding, etag = true, lastModified, useXSendfile } = options
  const downloadName = options.downloadName ?? name
  const headers: HeaderList = []
  let { mimetype } = options
  if (mimetype === undefined || contentEncoding) {
    if (downloadName === undefined) throw new TypeError("a file without a name needs a mimetype or a downloadName")
    const isKept = asAttachment || contentEncoding === false
    const type = guessFileType(downloadName, isKept ? "as-it-is" : contentEncoding ? "decoded" : "usual")
    mimetype ??= type.mimetype
    if (type.coding !== undefined) headers.push(["Content-Encoding", type.coding])
  }
  if (coding !== undefined) headers.push(["Content-Encoding", coding])
  if (options.precompressed) headers.push(["Vary", "Accept-Encoding"])
  if (downloadName !== undefined) {
    headers.push(["Content-Disposition", dumpContentDisposition(asAttachment ? "attachment" : "inline", downloadName)])
  } else if (asAttachment) {
    throw new TypeError("an attachment without a name needs a downloadName")
  }
  headers.push(...cacheHeaders(typeof options.maxAge === "function" ? options.maxAge(path) : options.maxAge))
  return {
    mimetype,
    headers,
    conditional,
    etag: etag === false ? undefined : etag === true || etag === "content" ? tag : etag,
    lastModified: typeof lastModified === "number" ? new Date(lastModified * 1000) : (lastModified ?? source?.modified),
    handOver: path !== undefined && useXSendfile ? handOver(path, useXSendfile) : undefined,
  }
}

function cacheHeaders(maxAge: number | undefined): HeaderList {
  if (maxAge === undefined) return [["Cache-Control", "no-cache"]]
  if (!Number.isSafeInteger(maxAge)) throw new RangeError(`maxAge is a whole number of seconds, not ${maxAge}`)
  return [
    ["Cache-Control", `${maxAge > 0 ? "public" : "no-cache"}, max-age=${maxAge}`],
    ["Expires", httpDate(Math.floor(Date.now() / 1000) + maxAge)],
  ]
}

/** Both servers percent-decode what they are told. */
function handOver(path: string, mappings: true | readonly AccelMapping[]): [name: string, value: string] {
  const absolute = resolve(path)
  if (mappings === true) return ["X-Sendfile", percentEncode(absolute, "/")]
  for (const { directory, location } of mappings) {
    const below = relative(typeof directory === "string" ? directory : fileURLToPath(directory), absolute)
    if (below === "" || below === ".." || below.startsWith(`..${sep}`) || isAbsolute(below)) continue
    const prefix = location.endsWith("/") ? location : `${location}/`
    return ["X-Accel-Redirect", prefix + percentEncode(below.replaceAll(sep, "/"), "/")]
  }
  throw new TypeError(`no mapping of useXSendfile has the file ${absolute}`)
}

function classOf<R extends Response>({ responseClass }: SendFileOptions<R>): ResponseClass<R> {
  // Without a class, R is what it is by default.
  return responseClass ?? (Response as unknown as ResponseClass<R>)
}
