// The test client and its builder by their recorded names, with the application that the corpus describes.

import type { Application, Environ } from "../../src/gateway.ts"
import { Client } from "../../src/testing/client.ts"
import { Cookie } from "../../src/testing/cookie-jar.ts"
import { EnvironBuilder } from "../../src/testing/environ-builder.ts"
import type { TestResponse } from "../../src/testing/test-response.ts"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { construct, describe } from "./objects.ts"
import { type Operation, performByName, runOperations } from "./operations.ts"
import type { Adapter, Suite } from "./runner.ts"
import { type Json, read, readOptions, record } from "./values.ts"

// ---- the application

function echo(request: Request, received: Uint8Array, suite: Suite): Response {
  const { environ } = request
  const { data, type, length } = withRecordedBoundary(environ, received, suite)
  const shown = [...request.headers]
    .map(([name, value]): [string, string] => [name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()), value])
    .filter(([name]) => /^(X-.*|Content-Encoding|Content-Language|Transfer-Encoding|Accept)$/.test(name))
    .sort(([one], [other]) => (one < other ? -1 : 1))
  return Response.json({
    method: request.method,
    scheme: request.scheme,
    host: request.host,
    script_root: request.rootPath,
    path: request.path,
    query: environ.QUERY_STRING,
    content_type: type ?? null,
    content_length: length ?? null,
    cookie: environ["HTTP_COOKIE"] ?? null,
    authorization: environ["HTTP_AUTHORIZATION"] ?? null,
    headers: shown,
    body: Buffer.from(data).toString("base64"),
  })
}

function redirect(body: string, code: number | string, location: string): Response {
  return new Response(body, { status: Number(code), headers: { Location: location } })
}

function setCookies(request: Request, action: string): Response {
  const { args } = request
  const to = args.get("to")
  const response = to === undefined ? new Response("done") : redirect("done", 302, to)
  const given = args.get("path", { default: "/" })
  const options = {
    path: given === "none" ? null : given,
    domain: args.get("domain"),
    sameSite: args.get("samesite"),
    secure: args.has("secure"),
    httpOnly: args.has("httponly"),
  }
  const name = args.get("name") as string
  if (action === "delete") response.deleteCookie(name, options)
  else {
    const times = { maxAge: args.get("max_age", { type: Number }), expires: args.get("expires", { type: Number }) }
    for (const value of args.getAll("value")) response.setCookie(name, value, { ...options, ...times })
  }
  return response
}

const applicationOf = (suite: Suite): Application =>
  Request.application(async (request) => {
    const data = await request.data()
    const [first, second] = request.path.split("/").slice(1)
    if (first === "redirect")
      return redirect("redirect", second as string, request.args.get("to", { default: "/echo" }))
    if (first === "chain" && second !== "0") {
      const code = request.args.get("code", { default: "302" })
      return redirect("chain", code, `${request.rootPath}/chain/${Number(second) - 1}?code=${code}`)
    }
    if (first === "loop") return redirect("loop", 302, request.rootPath + request.path)
    if (first === "set" || first === "delete") return setCookies(request, first)
    if (first === "status") return new Response("status", { status: Number(second) })
    return echo(request, data, suite)
  })

/** A body with its headers, as if its boundary were the one of all bodies in the corpus. */
function withRecordedBoundary({ CONTENT_TYPE: type, CONTENT_LENGTH: length }: Environ, data: Uint8Array, suite: Suite) {
  const boundary = /boundary="?([^"]+)/.exec(type ?? "")?.[1]
  if (type === undefined || boundary === undefined) return { data, type, length }
  const rename = (text: string) => text.replaceAll(boundary, String(suite["boundary"]))
  const renamed = Buffer.from(rename(Buffer.from(data).toString("latin1")), "latin1")
  return {
    data: new Uint8Array(renamed),
    type: rename(type),
    length: String(Number(length) + renamed.length - data.length),
  }
}

// ---- arguments

/** Some that the builder takes have names of their own in the corpus, `null` stands for what was left out. */
function builderOptions(args: unknown[], kwargs: Record<string, unknown>): Record<string, unknown> {
  const positional: Record<string, unknown> = { path: args[0], baseUrl: args[1], queryString: args[2] }
  const given = Object.entries({ ...positional, ...kwargs }).filter(
    ([, value]) => value !== undefined && value !== null,
  )
  const options = Object.fromEntries(given)
  if (options["data"] instanceof Map) options["data"] = [...options["data"]]
  for (const name of ["environBase", "environOverrides"])
    if (options[name] instanceof Map) options[name] = Object.fromEntries(options[name] as Map<string, unknown>)
  if (options["json"] instanceof Map || Array.isArray(options["json"])) options["json"] = plain(options["json"])
  return options
}

/** A JSON value: mappings as plain objects. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(Array.from(value, ([name, item]) => [name, plain(item)]))
  return Array.isArray(value) ? value.map(plain) : (value ?? null)
}

// ---- the builder

async function buildEnviron(builder: EnvironBuilder, suite: Suite): Promise<Record<string, unknown>> {
  const environ: Environ = builder.getEnviron()
  const told = Object.entries(environ).filter(([name]) => !name.startsWith("wsgi."))
  const { data, type, length } = withRecordedBoundary(environ, await environ["wsgi.input"].read(), suite)
  const result: Record<string, unknown> = {
    ...Object.fromEntries(told),
    "wsgi.url_scheme": environ["wsgi.url_scheme"],
    "wsgi.input": data,
  }
  if (type !== undefined) result["CONTENT_TYPE"] = type
  if (length !== undefined) result["CONTENT_LENGTH"] = length
  return result
}

/** MultiDict and Headers have methods of other names. */
const METHODS: Record<string, string> = { add: "append", __setitem__: "set", __getitem__: "get" }

function performOnBuilder(target: object, operation: Operation): unknown {
  return performByName(target, { ...operation, name: METHODS[operation.name] ?? operation.name })
}

// ---- the client

async function shown(response: TestResponse): Promise<Record<string, unknown>> {
  const text = await response.text()
  const location = (of: { headers: { get(name: string): string | undefined } }) => of.headers.get("Location") ?? null
  return {
    status: response.status,
    location: location(response),
    set_cookie: response.headers.getAll("Set-Cookie"),
    history: response.history.map((before) => [before.statusCode, location(before), before.request.url]),
    request: [response.request.method, response.request.url],
    body: response.isJson && text !== "" ? JSON.parse(text) : text,
  }
}

async function performOnClient(client: object, { name, args, options }: Operation): Promise<unknown> {
  const own = client as Client
  if (name === "get_cookie") return own.getCookie(args[0] as string, args[1] as string, args[2] as string)
  const renamed = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null))
  for (const [from, to] of [
    ["httponly", "httpOnly"],
    ["samesite", "sameSite"],
  ] as const) {
    if (from in renamed) [renamed[to], renamed[from]] = [renamed[from], undefined]
  }
  if (name === "set_cookie") return own.setCookie(args[0] as string, args[1] as string | undefined, renamed)
  if (name === "delete_cookie") return own.deleteCookie(args[0] as string, renamed)
  const method = own[name as "open"].bind(own)
  return shown(await method(builderOptions(args, options)))
}

function describeCookie(value: object): Json | undefined {
  if (!(value instanceof Cookie)) return describe(value)
  return {
    $type: "Cookie",
    key: value.key,
    value: value.value,
    decoded_key: value.decodedKey,
    decoded_value: value.decodedValue,
    expires: record(value.expires),
    max_age: value.maxAge ?? null,
    domain: value.domain,
    origin_only: value.originOnly,
    path: value.path,
    secure: value.secure,
    http_only: value.httpOnly,
    same_site: value.sameSite ?? null,
  }
}

export const adapter: Adapter = {
  outcomes: ["environ", "results"],
  describe: describeCookie,
  async run({ fn, args, kwargs, ops, client, steps }, suite) {
    if (fn === "Client") {
      const options = readOptions(client) as ConstructorParameters<typeof Client>[1]
      return {
        results: await runOperations(new Client(applicationOf(suite), options), steps, performOnClient, construct),
      }
    }
    const given = ((args ?? []) as Json[]).map((argument) => read(argument, construct))
    const builder = new EnvironBuilder(builderOptions(given, readOptions(kwargs, construct)))
    const results = ops && (await runOperations(builder, ops, performOnBuilder, construct))
    const environ = await buildEnviron(builder, suite)
    return results ? { results, environ } : { environ }
  },
}
