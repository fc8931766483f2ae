// The classes of exceptions/ by their recorded names, and abort.

import { WWWAuthenticate } from "../../src/datastructures/www-authenticate.ts"
import { inputFrom } from "../../src/environ/input.ts"
import { runApplication } from "../../src/environ/run.ts"
import { abort } from "../../src/exceptions/abort.ts"
import { defaultExceptions } from "../../src/exceptions/default-exceptions.ts"
import { HTTPException } from "../../src/exceptions/http-exception.ts"
import * as statuses from "../../src/exceptions/statuses.ts"
import type { Environ, Responder } from "../../src/gateway.ts"
import { Response } from "../../src/wrappers/response.ts"
import type { Adapter } from "./runner.ts"
import { type Construct, camel, type Json, read, readOptions } from "./values.ts"

type Options = Record<string, unknown>

// The order of the recorded constructors' arguments; ours take those before the description by themselves.
const PARAMETERS: Record<string, string[]> = {
  BadRequestKeyError: ["key"],
  MethodNotAllowed: ["validMethods"],
  RequestedRangeNotSatisfiable: ["length", "units"],
}
const LAST_PARAMETERS: Record<string, string[]> = {
  Unauthorized: ["wwwAuthenticate"],
  TooManyRequests: ["retryAfter"],
  ServiceUnavailable: ["retryAfter"],
}

const construct: Construct = (name, args) => {
  if (name === "Response") {
    const [body, status] = args as [string, number?]
    return new Response(body, status === undefined ? {} : { status })
  }
  const [type, parameters, token] = args as [string, Map<string, string>?, string?]
  return new WWWAuthenticate(type, { parameters, token })
}

/** The arguments in our order: those of the class, then the options. */
function ourArguments(name: string, args: Json[], kwargs: Json | undefined): unknown[] {
  const first = PARAMETERS[name] ?? []
  const order = [...first, "description", "response", ...(LAST_PARAMETERS[name] ?? [])]
  const positional = args.map((argument, index) => [order[index], read(argument, construct)])
  const given: Options = { ...Object.fromEntries(positional), ...readOptions(kwargs, construct) }
  const options: Options = {}
  for (const [key, value] of Object.entries(given)) {
    if (first.includes(key) || value === null) continue
    // Digits as text stand for a number, which is what it takes here.
    options[key] = key === "retryAfter" && typeof value === "string" ? Number(value) : value
  }
  return [...first.map((key) => given[key] ?? undefined), options]
}

function make(name: string, args: Json[], kwargs: Json | undefined, properties: Json | undefined): HTTPException {
  const types: Record<string, unknown> = { ...statuses, HTTPException }
  const error: HTTPException = Reflect.construct(
    types[name] as new () => HTTPException,
    ourArguments(name, args, kwargs),
  )
  for (const [property, value] of Object.entries(properties ?? {})) Object.assign(error, { [camel(property)]: value })
  return error
}

function thrownByAbort(args: Json[], kwargs: Json | undefined): unknown {
  const [status, ...rest] = args
  const name = defaultExceptions.get(status as number)?.name ?? ""
  try {
    const given = rest.length > 0 || kwargs ? ourArguments(name, rest, kwargs) : []
    abort(read(status, construct) as number, ...(given as []))
  } catch (error) {
    return error
  }
}

async function answer(responder: Responder, environ: Json | undefined): Promise<Options> {
  const variables = (environ ?? { REQUEST_METHOD: "GET", PATH_INFO: "/" }) as unknown as Environ
  const input = inputFrom(new Uint8Array())
  const app = responder.respond.bind(responder)
  const { status, headers, body } = await runApplication(app, { ...variables, "wsgi.input": input }, { buffered: true })
  return { status, headers: headers.toList(), body: new Uint8Array(Buffer.concat(body as Uint8Array[])) }
}

export const adapter: Adapter = {
  outcomes: ["code", "name", "description", "returns", "response"],
  async run({ fn, op, exception, args, kwargs, set, environ, ...outcome }) {
    if (fn === "default_exceptions") return { returns: defaultExceptions.get((args as number[])[0] as number)?.name }
    if (fn === "abort") {
      const error = thrownByAbort(args as Json[], kwargs)
      if (!(error instanceof HTTPException) || !("response" in outcome)) return { returns: error }
      return { returns: error, response: await answer(error, undefined) }
    }
    const error = make(exception as string, args as Json[], kwargs, set)
    if (op === "__str__") return { returns: String(error) }
    const { code, name, description } = error
    return { code, name, description, response: await answer(error, environ) }
  },
  describe(value) {
    if (!(value instanceof HTTPException)) return undefined
    const { code, description } = value
    const { validMethods, length } = value as Partial<statuses.MethodNotAllowed & statuses.RequestedRangeNotSatisfiable>
    return {
      $raises: value.constructor.name,
      code: code ?? null,
      description: description === undefined ? null : String(description),
      valid_methods: validMethods ? { $set: [...validMethods] } : null,
      length: length ?? null,
    }
  },
}
