// Request by its recorded names. What is a property there and reads the body is a method here.

import type { FileStorage } from "../../src/datastructures/file-storage.ts"
import type { ReadonlyMultiDict } from "../../src/datastructures/multi-dict.ts"
import { Request } from "../../src/wrappers/request.ts"
import { perform as performOnObject } from "./datastructures.ts"
import { readEnviron } from "./environs.ts"
import { recordJson } from "./json.ts"
import { construct, describe, recordFile } from "./objects.ts"
import { type Operation, runOperations } from "./operations.ts"
import type { Adapter } from "./runner.ts"
import { type Json, readOptions, record } from "./values.ts"

const PROPERTIES: Record<string, Meaning> = {
  data: (request) => request.data({ parseFormData: true }),
  files: async (request) => recordFiles(await request.files()),
  form: (request) => request.form(),
  json: async (request) => recordJson(await request.json()),
  query_string: (request) => Uint8Array.from(request.queryString, (byte) => byte.charCodeAt(0)),
  script_root: (request) => request.rootPath,
  url_root: (request) => request.rootUrl,
  values: (request) => request.values(),
}

type Meaning = (request: Request, options: Record<string, unknown>) => unknown

const METHODS: Record<string, Meaning> = {
  get_data: (request, { asText, ...options }) => (asText ? request.text(options) : request.data(options)),
  get_json: async (request, options) => recordJson(await request.json(options)),
}

async function recordFiles(files: ReadonlyMultiDict<FileStorage>): Promise<Json> {
  const pairs = await Promise.all(Array.from(files, async ([name, file]) => [name, await recordFile(file)] as Json[]))
  return { $multi: pairs }
}

async function perform(object: object, operation: Operation): Promise<unknown> {
  return record(await performOn(object, operation), describe)
}

function performOn(object: object, operation: Operation): unknown {
  const { kind, name, options } = operation
  const table = kind === "get" ? PROPERTIES : METHODS
  if (!(object instanceof Request) || !Object.hasOwn(table, name)) return performOnObject(object, operation)
  return table[name]?.(object, options)
}

export const adapter: Adapter = {
  outcomes: ["results"],
  async run({ environ, config, ops }) {
    const request = new Request(readEnviron(environ))
    for (const [name, value] of Object.entries(readOptions(config)))
      Object.assign(request, { [name]: value ?? undefined })
    return { results: await runOperations(request, ops, perform, construct) }
  },
}
