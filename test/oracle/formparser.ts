// Bodies of forms, as `FormDataParser` reads them when they come in pieces.

import type { FileStorage } from "../../src/datastructures/file-storage.ts"
import { inputFrom } from "../../src/environ/input.ts"
import { FormDataParser } from "../../src/forms/form-data-parser.ts"
import { byteStringToText } from "../../src/http/urls.ts"
import { recordFile } from "./objects.ts"
import type { Adapter } from "./runner.ts"
import { type Json, read, readOptions } from "./values.ts"

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.slice(start, start + size)
}

/** Headers hold byte strings here, and text in the corpus. */
async function recordUpload(file: FileStorage): Promise<Json> {
  const recorded = (await recordFile(file)) as { headers: { $multi: [string, string][] } }
  const headers = recorded.headers.$multi.map(([name, value]) => [name, byteStringToText(value)])
  return { ...recorded, headers: { $multi: headers } }
}

export const adapter: Adapter = {
  outcomes: ["returns"],
  async run({ body, content_type: contentType, limits, silent, buffer_size: size, content_length: announced }) {
    const bytes = read(body) as Uint8Array
    const { maxFormMemorySize, maxFormParts } = readOptions(limits) as { [limit: string]: number | null | undefined }
    const parser = new FormDataParser({
      silent: silent === true,
      maxFormMemorySize: maxFormMemorySize ?? Number.POSITIVE_INFINITY,
      maxFormParts: maxFormParts ?? Number.POSITIVE_INFINITY,
    })
    const stream = inputFrom(pieces(bytes, (size as number | undefined) ?? 65536))
    const contentLength = announced === undefined ? bytes.length : ((announced as number | null) ?? undefined)
    const { form, files } = await parser.parse(stream, contentType as string, contentLength)
    const uploads = await Promise.all(Array.from(files, async ([name, file]) => [name, await recordUpload(file)]))
    return { returns: { form: [...form], files: uploads } }
  },
}
