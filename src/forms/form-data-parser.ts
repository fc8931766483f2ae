// The body of a request as fields and files. Its type decides which parser reads it; the limits are the same for all.
// A body that is malformed is an error of the client, and so is one that is too large; nothing is passed over in
// silence unless that was asked for. After an error, files that were stored before are closed again.

import { FileStorage } from "../datastructures/file-storage.ts"
import { dictOfPairs, ImmutableMultiDict } from "../datastructures/multi-dict.ts"
import { GatheredChunks } from "../environ/concatenation.ts"
import { HandledIterator, handled, settled } from "../environ/handled.ts"
import { getContentLength, getInputStream } from "../environ/request-input.ts"
import { UnsupportedMediaType } from "../exceptions/statuses.ts"
import type { Environ, InputStream } from "../gateway.ts"
import { parseMediaType } from "../http/media-types.ts"
import { type FormPart, PartReader } from "./form-part.ts"
import { type FormLimits, MalformedForm, type SettledLimits, settleLimits, tooLarge } from "./limits.ts"
import { boundaryOf, defaultDecoder, type EventDecoderFactory } from "./multipart.ts"
import type { FieldEvent } from "./multipart-events.ts"
import { decodeField } from "./part-head.ts"
import { memoryStore, type UploadStore, uploadStoreOf } from "./upload-store.ts"
import { readUrlencoded } from "./urlencoded.ts"

/** How forms are read, and how much of them. */
export interface FormDataParserOptions extends FormLimits {
  /** Whether a malformed form counts as an empty one instead of being an error. False unless given. */
  readonly silent?: boolean | undefined
  /** Where files go. What the server's environ names, or else memory, unless given. */
  readonly uploadStore?: UploadStore | undefined
  /** What decodes multipart bodies: MultipartDecoder unless given, or `busboyDecoder` of `werkstatt/forms/busboy`. */
  readonly decoder?: EventDecoderFactory | undefined
}

/** A form that was read. */
export interface ParsedForm {
  /** The body, which is read to its end if it was a form, and not touched otherwise. */
  readonly stream: InputStream
  /** The texts. */
  readonly form: ImmutableMultiDict<string>
  /** The files, which have to be closed. */
  readonly files: ImmutableMultiDict<FileStorage>
}

const URLENCODED = "application/x-www-form-urlencoded"
const MULTIPART = "multipart/form-data"

/**
 * The form in the body of a request, without a request class: the stream, the fields and the files.
 *
 * @throws as `FormDataParser.parse`
 */
export function parseFormData(
  environ: Environ,
  options?: FormDataParserOptions,
): Promise<[stream: InputStream, form: ParsedForm["form"], files: ParsedForm["files"]]> {
  const parsing = new FormDataParser(options).parseFromEnviron(environ)
  return handled(parsing.then(({ stream, form, files }) => [stream, form, files]))
}

/**
 * Reads forms: urlencoded and multipart.
 */
export class FormDataParser {
  readonly #options: FormDataParserOptions
  readonly #limits: SettledLimits

  /** @throws RangeError when a limit is not a number from 0 */
  constructor(options: FormDataParserOptions = {}) {
    this.#options = options
    this.#limits = settleLimits(options)
  }

  /** The form in the body of a request. */
  parseFromEnviron(environ: Environ): Promise<ParsedForm> {
    return handled(this.#parseFromEnviron(environ))
  }

  async #parseFromEnviron(environ: Environ): Promise<ParsedForm> {
    const { uploadStore = uploadStoreOf(environ) } = this.#options
    const stream = getInputStream(environ, { maxContentLength: this.#limits.maxContentLength })
    return this.parse(stream, environ.CONTENT_TYPE, getContentLength(environ), uploadStore)
  }

  /**
   * The form in a stream. One that is not of a type for forms is not touched, and gives no fields and no files.
   *
   * @param contentType the header; its type says what is parsed, and its boundary how
   * @param contentLength bytes, where they were announced
   * @param uploadStore where files go; that of the parser unless given
   * @throws RequestEntityTooLarge (413) beyond a limit, whose name it tells; BadRequest (400) when the form is malformed;
   *   ClientDisconnected (400) when the body is cut short; and the errors of the upload store
   */
  parse(
    stream: InputStream,
    contentType: string | undefined,
    contentLength?: number,
    uploadStore: UploadStore = this.#options.uploadStore ?? memoryStore,
  ): Promise<ParsedForm> {
    return settled(() => this.#parse(stream, contentType, contentLength, uploadStore))
  }

  #parse(
    stream: InputStream,
    contentType: string | undefined,
    contentLength: number | undefined,
    uploadStore: UploadStore,
  ): ParsedForm | Promise<ParsedForm> {
    const type = contentType === URLENCODED ? URLENCODED : parseMediaType(contentType)[0]
    if (type !== URLENCODED && type !== MULTIPART) return parsed(stream, [], [])
    this.#checkLength(contentLength)
    return type === URLENCODED
      ? this.#parseUrlencoded(stream, contentLength)
      : this.#parseMultipart(stream, contentType as string, uploadStore)
  }

  /** At once, where the body is at hand. */
  #parseUrlencoded(stream: InputStream, contentLength: number | undefined): ParsedForm | Promise<ParsedForm> {
    const { maxFormMemorySize } = this.#limits
    if (contentLength !== undefined && contentLength > maxFormMemorySize) {
      throw tooLarge("maxFormMemorySize", maxFormMemorySize)
    }
    const fields = readUrlencoded(stream, this.#limits, contentLength)
    return fields instanceof Promise ? fields.then((all) => parsed(stream, all, [])) : parsed(stream, fields, [])
  }

  /**
   * The parts of a multipart form as they come, for programs that want to have them elsewhere than in memory or in the upload
   * store. The limits hold; files are as large as `maxContentLength` lets them be.
   *
   * @throws UnsupportedMediaType (415) when the body is no multipart form; and as `parse`
   */
  parts(
    stream: InputStream,
    contentType: string | undefined,
    contentLength?: number,
  ): AsyncIterableIterator<FormPart, undefined> {
    let reader: PartReader | undefined
    return new HandledIterator(async () => {
      reader ??= this.#openParts(stream, contentType, contentLength)
      const part = await reader.nextPart()
      return part === undefined ? { done: true, value: undefined } : { done: false, value: part }
    })
  }

  #openParts(stream: InputStream, contentType: string | undefined, contentLength: number | undefined): PartReader {
    if (parseMediaType(contentType)[0] !== MULTIPART) throw new UnsupportedMediaType(`The body has to be ${MULTIPART}.`)
    this.#checkLength(contentLength)
    return this.#readerOf(stream, contentType as string)
  }

  // What is not announced is counted by what reads it.
  #checkLength(contentLength: number | undefined): void {
    const { maxContentLength } = this.#limits
    if (contentLength !== undefined && contentLength > maxContentLength) {
      throw tooLarge("maxContentLength", maxContentLength)
    }
  }

  #readerOf(stream: InputStream, contentType: string): PartReader {
    const { decoder = defaultDecoder } = this.#options
    return new PartReader(stream, decoder(boundaryOf(contentType), this.#limits), this.#limits)
  }

  async #parseMultipart(stream: InputStream, contentType: string, uploadStore: UploadStore): Promise<ParsedForm> {
    try {
      return await this.#readParts(stream, contentType, uploadStore)
    } catch (error) {
      if (this.#options.silent && error instanceof MalformedForm) return parsed(stream, [], [])
      throw error
    }
  }

  async #readParts(stream: InputStream, contentType: string, uploadStore: UploadStore): Promise<ParsedForm> {
    const reader = this.#readerOf(stream, contentType)
    const fields: [string, string][] = []
    const files: [string, FileStorage][] = []
    let field: FieldEvent | undefined
    let chunks = new GatheredChunks()
    try {
      for (;;) {
        // Most of what a chunk holds is at hand at once; waiting for each piece of it would be most of the cost.
        const next = reader.nextEvent()
        const event = next instanceof Promise ? await next : next
        if (event === undefined) return parsed(stream, fields, files)
        if (event.type === "field") {
          field = event
        } else if (event.type === "data" && field !== undefined) {
          chunks.push(event.data)
          if (event.moreData) continue
          fields.push([field.name, decodeField(chunks.whole(), field.headers)])
          chunks = new GatheredChunks()
        } else if (event.type === "file") {
          const part = reader.open(event)
          const content = await uploadStore.store(part)
          const { name, filename, headers } = part
          files.push([name, new FileStorage(content, { name, filename: filename as string, headers })])
          await reader.skip()
        }
      }
    } catch (error) {
      await Promise.allSettled(files.map(([, file]) => file.close()))
      throw error
    }
  }
}

// They can't change, so all forms without files share them.
const NO_FIELDS: ImmutableMultiDict<string> = new ImmutableMultiDict()
const NO_FILES: ImmutableMultiDict<FileStorage> = new ImmutableMultiDict()

function parsed(stream: InputStream, fields: [string, string][], files: [string, FileStorage][]): ParsedForm {
  return {
    stream,
    form: fields.length === 0 ? NO_FIELDS : dictOfPairs(fields),
    files: files.length === 0 ? NO_FILES : dictOfPairs(files),
  }
}
