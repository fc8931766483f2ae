// What an error page tells of the request: taken down when the error comes, with secrets masked, so that nothing of the
// request is held. Bodies are not read; a form is shown if the application has parsed it.

import { getCurrentUrl } from "../environ/url.ts"
import type { Environ } from "../gateway.ts"
import { isSecretName, MASK, maskCookies, maskCredentials, maskText, maskUrl } from "../http/secrets.ts"
import { formatRoutes, type Routes } from "../routing/route-table.ts"
import { Request } from "../wrappers/request.ts"

/** A request, written down. */
export interface RequestReport {
  readonly method: string
  readonly url: string
  readonly headers: readonly [name: string, value: string][]
  readonly query: readonly [name: string, value: string][]
  readonly form: readonly [name: string, value: string][] | undefined
  readonly environ: readonly [name: string, value: unknown][]
  /** The rules of the map that was asked, as a table. */
  readonly routes: string | undefined
}

const MAX_VALUE = 2000

/** Writes a request down. */
export async function reportRequest(environ: Environ, routes: Routes | undefined): Promise<RequestReport> {
  return {
    method: environ.REQUEST_METHOD,
    url: maskUrl(urlOf(environ), isSecretName),
    headers: headersOf(environ),
    query: masked(new URLSearchParams(environ.QUERY_STRING)),
    form: await formOf(environ),
    environ: Object.keys(environ)
      .sort()
      .map((name): [string, unknown] => [name, environValue(name, environ[name])]),
    routes: tableOf(routes),
  }
}

function urlOf(environ: Environ): string {
  try {
    return getCurrentUrl(environ)
  } catch {
    return environ.REQUEST_URI ?? environ.PATH_INFO
  }
}

function headersOf(environ: Environ): [string, string][] {
  const found: [string, string][] = []
  for (const [name, value] of Object.entries(environ)) {
    if (typeof value !== "string" || (!name.startsWith("HTTP_") && !/^CONTENT_(?:TYPE|LENGTH)$/.test(name))) continue
    const title = name
      .replace(/^HTTP_/, "")
      .toLowerCase()
      .replace(/(?:^|_)[a-z]/g, (letter) => letter.toUpperCase().replace("_", "-"))
    found.push([title, headerValue(title, value)])
  }
  return found.sort(([one], [other]) => (one < other ? -1 : 1))
}

function headerValue(name: string, value: string): string {
  const lower = name.toLowerCase()
  if (lower === "cookie") return cut(maskCookies(value))
  if (/authorization$/.test(lower)) return maskCredentials(value)
  if (isSecretName(name)) return MASK
  return cut(maskUrl(maskText(value, isSecretName), isSecretName))
}

/** As it is shown in the table: texts with their secrets masked, and everything else by its own rules. */
function environValue(name: string, value: unknown): unknown {
  if (typeof value !== "string") return value
  if (name === "HTTP_COOKIE") return maskCookies(value)
  if (/AUTHORIZATION$/.test(name)) return maskCredentials(value)
  if (isSecretName(name)) return MASK
  if (name === "QUERY_STRING") return maskUrl(`?${value}`, isSecretName).slice(1)
  return maskUrl(maskText(value, isSecretName), isSecretName)
}

function masked(pairs: Iterable<[string, unknown]>): [string, string][] {
  return Array.from(pairs, ([name, value]) => [
    name,
    isSecretName(name) ? MASK : cut(maskText(textOf(value), isSecretName)),
  ])
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value
  const { filename } = (value ?? {}) as { filename?: unknown }
  return typeof filename === "string" ? `(file ${filename})` : String(value)
}

function cut(text: string): string {
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text
}

/** The fields of a form that has been parsed. A form that is not parsed yet is not waited for. */
async function formOf(environ: Environ): Promise<[string, string][] | undefined> {
  const request = environ["werkstatt.request"]
  if (!(request instanceof Request) || !request.isFormRequested) return undefined
  try {
    const both = Promise.all([request.form(), request.files()])
    const parsed = await Promise.race([both, new Promise<undefined>((resolve) => setImmediate(resolve, undefined))])
    return parsed === undefined ? undefined : masked([...parsed[0], ...parsed[1]])
  } catch {
    return undefined
  }
}

function tableOf(routes: Routes | undefined): string | undefined {
  if (routes === undefined) return undefined
  try {
    const table = formatRoutes(routes)
    return table.split("\n").length > 3 ? table.slice(0, 20_000) : undefined
  } catch {
    return undefined
  }
}
