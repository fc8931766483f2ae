// Response by its recorded names, and the two functions that make one.

import { WWWAuthenticate } from "../../src/datastructures/www-authenticate.ts"
import { RequestedRangeNotSatisfiable } from "../../src/exceptions/statuses.ts"
import type { Environ } from "../../src/gateway.ts"
import type { BodySource } from "../../src/wrappers/body-source.ts"
import { appendSlashRedirect, redirect } from "../../src/wrappers/redirect.ts"
import { Response, type ResponseOptions } from "../../src/wrappers/response.ts"
import { ResponseStream } from "../../src/wrappers/response-stream.ts"
import { perform as performOnObject } from "./datastructures.ts"
import { answerOf, readEnviron } from "./environs.ts"
import { recordJson } from "./json.ts"
import { construct, describe as describeObject } from "./objects.ts"
import { type Operation, runOperations } from "./operations.ts"
import type { Adapter, Case } from "./runner.ts"
import { type Describe, type Json, read, readOptions, record } from "./values.ts"

type Options = Record<string, unknown>

const describe: Describe = (value) => {
  if (!(value instanceof RequestedRangeNotSatisfiable)) return describeObject(value)
  return { $raises: value.constructor.name, code: value.code ?? null, length: value.length ?? null }
}

const chunksOf = async (chunks: AsyncIterable<Uint8Array>) => {
  const seen: Uint8Array[] = []
  for await (const chunk of chunks) seen.push(chunk)
  return seen
}

const METHODS: Record<string, (response: Response, args: unknown[], options: Options, environ: Environ) => unknown> = {
  add_etag: (response, _, options) => response.addEtag(options),
  delete_cookie: (response, [key], options) => response.deleteCookie(key as string, cookie(options)),
  get_data: (response, _, { asText }) => (asText ? response.text() : response.data()),
  get_json: async (response, _, options) => recordJson(await response.json(options)),
  iter_encoded: (response) => chunksOf(response.iterEncoded()),
  make_conditional: (response, _, options, environ) => void response.makeConditional(environ, defined(options)),
  set_cookie: (response, [key, value], options) => response.setCookie(key as string, value as string, cookie(options)),
}

/** An option is spelled in another way. */
function cookie({ httponly, samesite, ...options }: Options): Options {
  return defined({ ...options, httpOnly: httponly, sameSite: samesite })
}

function defined(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** A content range has no `set` here: the response gets a new one. */
function withNewRange(operation: Json): Json {
  const [name, start, stop, length = null, units = "bytes"] = operation as Json[]
  if (name !== "content_range.set") return operation
  return ["@set", "content_range", { $new: "ContentRange", args: [units, start, stop, length] } as Json] as Json
}

/** Where objects of the response have another name or order. */
function performOnPart(object: object, operation: Operation): unknown {
  const { kind, name, args } = operation
  if (object instanceof ResponseStream && name === "writelines") return object.writeLines(args[0] as Iterable<string>)
  if (object instanceof WWWAuthenticate && kind !== "call" && !(name in object)) {
    return kind === "get" ? object.get(name) : object.set(name, args[0] as string)
  }
  return performOnObject(object, operation)
}

function perform(environ: Environ): (object: object, operation: Operation) => unknown {
  return async (object, operation) => {
    const { kind, name, args, options } = operation
    if (!(object instanceof Response)) return record(await performOnPart(object, operation), describe)
    if (name === "data") return kind === "set" ? object.setData(args[0] as string) : object.data()
    const meaning = kind === "call" && Object.hasOwn(METHODS, name) ? METHODS[name] : undefined
    const result = meaning ? meaning(object, args, options, environ) : performOnObject(object, operation)
    return record(await result, describe)
  }
}

/** A class with these settings, and the names of those that its objects have. */
function classWith(config: Options): typeof Response {
  const { defaultStatus = Response.defaultStatus, defaultMimetype = Response.defaultMimetype, ...switches } = config
  return class extends Response {
    static override readonly defaultStatus = defaultStatus as number
    static override readonly defaultMimetype = (defaultMimetype ?? undefined) as string | undefined
    constructor(body?: BodySource, options?: ResponseOptions) {
      super(body, options)
      Object.assign(this, switches)
    }
  }
}

async function callFunction({ fn, args }: Case, environ: Environ): Promise<Options> {
  const [first, code] = (args as Json[]).map((argument) => read(argument)) as [string, number?]
  const response = fn === "redirect" ? redirect(first, code) : appendSlashRedirect(environ, code)
  return { response: await answerOf(response, environ) }
}

export const adapter: Adapter = {
  outcomes: ["created", "results", "returns", "response"],
  async run(testCase) {
    const environ = readEnviron(testCase["environ"])
    if (testCase["fn"] !== undefined) return callFunction(testCase, environ)
    const [body, status] = (testCase["args"] as Json[]).map((argument) => read(argument, construct))
    const options = { status, ...readOptions(testCase["kwargs"], construct) } as ResponseOptions
    let response: Response
    try {
      response = new (classWith(readOptions(testCase["config"])))(body as BodySource, options)
    } catch (error) {
      return { created: error, results: [] }
    }
    const results = await runOperations(
      response,
      (testCase["ops"] as Json[]).map(withNewRange),
      perform(environ),
      construct,
    )
    try {
      return { results, response: await answerOf(response, environ) }
    } catch (error) {
      return { results, response: error }
    }
  },
  describe,
}
