// A body that is a form: fields and files that can be changed until it is sent. Nothing is encoded before that, and what it is
// encoded as follows from what is in it unless a type was asked for. Values repeat in arrays, files come in many shapes.

import { FileMultiDict } from "../datastructures/file-multi-dict.ts"
import { FileStorage } from "../datastructures/file-storage.ts"
import { MultiDict } from "../datastructures/multi-dict.ts"
import { chooseBoundary, encodeMultipart, type FormEntry } from "../forms/encode.ts"
import { parseOptionsHeader } from "../http/fields.ts"
import { dumpQuery } from "../http/urls.ts"
import { type SentBody, sourceOfBytes } from "./body-source.ts"

/** The type of a form with files. */
export const MULTIPART = "multipart/form-data"
const URLENCODED = "application/x-www-form-urlencoded"

/** A file as a test writes it. A File tells its own name and type. */
export type FormFile =
  | Blob
  | FileStorage
  | readonly [content: Uint8Array | Blob | AsyncIterable<Uint8Array>, filename?: string, contentType?: string]

/** A value of a form: a field, a file, several of them, or nothing. */
export type FormValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | FormFile
  | readonly (string | number | bigint | boolean | FormFile)[]

/** Fields and files; with none of either it is no body at all. */
export class FormBody {
  #fields: MultiDict<string> | undefined
  #files: FileMultiDict | undefined

  /** The texts; made when they are first asked for. */
  get fields(): MultiDict<string> {
    this.#fields ??= new MultiDict<string>()
    return this.#fields
  }

  set fields(fields: MultiDict<string>) {
    this.#fields = fields
  }

  /** The files; made when they are first asked for. */
  get files(): FileMultiDict {
    this.#files ??= new FileMultiDict()
    return this.#files
  }

  set files(files: FileMultiDict) {
    this.#files = files
  }

  /** What it is sent as by default. */
  get contentType(): string | undefined {
    if (this.#hasFiles) return MULTIPART
    return this.#hasFields ? URLENCODED : undefined
  }

  get #hasFields(): boolean {
    return this.#fields !== undefined && this.#fields.size > 0
  }

  get #hasFiles(): boolean {
    return this.#files !== undefined && this.#files.size > 0
  }

  /** Encodes it as that type. TypeError when it cannot hold what is there. */
  send(type: string | undefined): SentBody {
    if (type === undefined) return { source: undefined, contentType: undefined }
    const [name, parameters] = parseOptionsHeader(type)
    const mimetype = name.toLowerCase()
    if (mimetype === MULTIPART) return this.#sendMultipart(parameters.get("boundary") ?? chooseBoundary())
    const [hasFields, hasFiles] = [this.#hasFields, this.#hasFiles]
    if (!hasFields && !hasFiles) return { source: undefined, contentType: type }
    if (mimetype !== URLENCODED || hasFiles) {
      throw new TypeError(`A form with ${hasFiles ? "files" : "fields"} cannot be sent as ${JSON.stringify(type)}`)
    }
    return { source: sourceOfBytes(dumpQuery(this.fields)), contentType: type }
  }

  #sendMultipart(boundary: string): SentBody {
    const entries: FormEntry[] = [...(this.#fields ?? []), ...(this.#files ?? [])]
    // The spelling that is less usual, and that every parser has to understand: an empty preamble, a quoted boundary.
    const options = { boundary, preamble: "" }
    const { contentLength, body } = encodeMultipart(entries, options)
    let first: AsyncIterable<Uint8Array> | undefined = body
    const open = () => {
      const bytes = first ?? encodeMultipart(entries, options).body
      first = undefined
      return bytes
    }
    const source = { length: contentLength, rewinds: true, open }
    return { source, contentType: `${MULTIPART}; boundary="${boundary}"` }
  }

  /** Closes the files. */
  close(): void | Promise<void> {
    return this.#files?.close()
  }
}

type Content = Uint8Array | Blob | AsyncIterable<Uint8Array>

const isContent = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (value instanceof Uint8Array || value instanceof Blob || Symbol.asyncIterator in value)

// `[bytes, "a.txt"]` is a file, `[fileA, fileB]` and `["x", "y"]` are several values.
function isFileTuple(
  value: readonly unknown[],
): value is readonly [content: Content, filename?: string, contentType?: string] {
  return (
    isContent(value[0]) &&
    value.length <= 3 &&
    value.slice(1).every((part) => part === undefined || typeof part === "string") &&
    (value.length > 1 || value[0] instanceof Uint8Array)
  )
}

/** Adds a value under a name: to the fields, or to the files if it is a file. */
export function addFormItem(name: string, value: unknown, form: FormBody): void {
  if (value === null || value === undefined) return
  if (value instanceof FileStorage || value instanceof Blob) form.files.addFile(name, value)
  else if (Array.isArray(value) && isFileTuple(value)) form.files.addFile(name, value[0], value[1], value[2])
  else if (Array.isArray(value)) for (const one of value) addFormItem(name, one, form)
  else if (isContent(value)) form.files.addFile(name, value as Content)
  else form.fields.append(name, String(value))
}
