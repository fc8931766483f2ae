// What tests write as form data, as fields and files: values repeat in arrays, files come in many shapes.

import { FileStorage } from "../datastructures/file-storage.ts"
import type { FormBody } from "./form-body.ts"

type FileContent = Uint8Array | Blob | AsyncIterable<Uint8Array>

/** A file as a test writes it. A File tells its own name and type. */
export type FormFile = Blob | FileStorage | readonly [content: FileContent, filename?: string, contentType?: string]

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

const isContent = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (value instanceof Uint8Array || value instanceof Blob || Symbol.asyncIterator in value)

// `[bytes, "a.txt"]` is a file, `[fileA, fileB]` and `["x", "y"]` are several values.
function isFileTuple(value: readonly unknown[]): value is readonly [FileContent, string?, string?] {
  return (
    isContent(value[0]) &&
    value.length <= 3 &&
    value.slice(1).every((part) => part === undefined || typeof part === "string") &&
    (value.length > 1 || value[0] instanceof Uint8Array)
  )
}

/** Adds a value under a name: to the fields or to the files, whichever it is. */
export function addFormItem(name: string, value: unknown, form: FormBody): void {
  if (value === null || value === undefined) return
  if (value instanceof FileStorage || value instanceof Blob) form.files.addFile(name, value)
  else if (Array.isArray(value) && isFileTuple(value)) form.files.addFile(name, value[0], value[1], value[2])
  else if (Array.isArray(value)) for (const one of value) addFormItem(name, one, form)
  else if (isContent(value)) form.files.addFile(name, value as FileContent)
  else form.fields.append(name, String(value))
}
