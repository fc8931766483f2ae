// The middleware by its recorded names. For the linter, whose rules are not those of the recorded one, what is compared is
// which rules are broken, by the table below.

import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { emptyInput, inputFrom } from "../../src/environ/input.ts"
import { runApplication } from "../../src/environ/run.ts"
import type { Application, Body, Environ } from "../../src/gateway.ts"
import { byteStringToText } from "../../src/http/urls.ts"
import { dispatcher } from "../../src/middleware/dispatcher.ts"
import { LintError, lint } from "../../src/middleware/lint.ts"
import { PROXY_FIX_ORIGINALS, type ProxyFixOptions, proxyFix } from "../../src/middleware/proxy-fix.ts"
import { sharedData } from "../../src/middleware/shared-data.ts"
import type { SharedDataOptions } from "../../src/middleware/site-file.ts"
import { Request } from "../../src/wrappers/request.ts"
import { readEnviron } from "./environs.ts"
import type { Adapter, Case, Suite } from "./runner.ts"
import { type Json, read, readOptions } from "./values.ts"

type Outcome = Record<string, unknown>

const ignoreStart = () => async () => undefined

/** The environ as an application sees it that is called with it. */
async function seenBy(layer: (app: Application) => Application, environ: Environ): Promise<Environ> {
  let seen = environ
  const app: Application = (inner) => {
    seen = inner
    return []
  }
  await layer(app)(environ, ignoreStart)
  return seen
}

// ---- ProxyFix

const VARIABLES = ["REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME"]

const pick = (from: object) => Object.fromEntries(VARIABLES.map((name) => [name, Reflect.get(from, name)]))

/** Two counts are 1 unless given there; here all are 0. */
function proxyOptions(kwargs: Json | undefined): ProxyFixOptions {
  const given = Object.entries(readOptions(kwargs)).map(([name, count]) => [name.slice(1).toLowerCase(), count])
  return { for: 1, proto: 1, ...Object.fromEntries(given) }
}

async function runProxyFix({ kwargs, environ }: Case): Promise<Outcome> {
  const seen = await seenBy((app) => proxyFix(app, proxyOptions(kwargs)), readEnviron(environ))
  const request = new Request(seen)
  const { host, remoteAddr, rootPath } = request
  return {
    after: pick(seen),
    original: pick(seen[PROXY_FIX_ORIGINALS] as object),
    request: [request.url, host, remoteAddr, rootPath],
  }
}

// ---- DispatcherMiddleware

async function runDispatcher({ mounts, environ }: Case): Promise<Outcome> {
  let called: string | null = null
  const given = readEnviron(environ)
  // A server always has these two; the record has an environ without.
  const complete = { ...given, SCRIPT_NAME: given.SCRIPT_NAME ?? "", PATH_INFO: given.PATH_INFO ?? "" }
  const apps = (mounts as string[]).map((mount): [string, Application] => {
    const app: Application = () => {
      called = mount
      return []
    }
    return [byteStringToText(mount), app]
  })
  await dispatcher(() => [], apps)(complete, ignoreStart)
  return { app: called, SCRIPT_NAME: complete.SCRIPT_NAME, PATH_INFO: complete.PATH_INFO }
}

// ---- SharedDataMiddleware

let root = ""

async function makeTree(suite: Suite): Promise<void> {
  root = await mkdtemp(join(tmpdir(), "werkstatt-oracle-"))
  const tree = suite["tree"] as Record<string, { data: Json; mtime: number }>
  for (const [path, { data, mtime }] of Object.entries(tree)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), read(data) as Uint8Array)
    await utimes(join(root, path), mtime, mtime)
  }
}

const ETAG = "{etag}"

function sharing({ exports, kwargs }: Case, app: Application): Application {
  const { cacheTimeout, ...rest } = readOptions(kwargs)
  const options = { ...rest, ...(cacheTimeout === undefined ? {} : { maxAgeSeconds: cacheTimeout }) }
  const folders = (exports as [string, string][]).map(([prefix, path]): [string, string] => [prefix, join(root, path)])
  return sharedData(app, folders, options as SharedDataOptions)
}

async function runSharedData(testCase: Case): Promise<Outcome> {
  let passedOn = false
  const app = sharing(testCase, (_environ, startResponse) => {
    passedOn = true
    startResponse("404 Not Found", [])
    return []
  })
  const plain = readEnviron(testCase["environ"])
  for (const name of Object.keys(plain)) if (/^HTTP_(IF_|RANGE)/.test(name)) delete plain[name]
  const unconditional = await runApplication(app, { ...plain, REQUEST_METHOD: "GET" }, { buffered: true })
  const etag = unconditional.headers.get("ETag")
  passedOn = false
  const environ = readEnviron(testCase["environ"])
  for (const [name, value] of Object.entries(environ)) {
    if (typeof value === "string" && etag !== undefined) environ[name] = value.replaceAll(ETAG, etag)
  }
  const { status, headers, body } = await runApplication(app, environ, { buffered: true })
  if (passedOn) return { passed_on: true }
  const marked = headers.toList().map(([name, value]) => [name, value === etag ? ETAG : value] as [string, string])
  // Ranges are served in addition, and said to be.
  const shared = marked.filter(([name, value]) => name !== "Accept-Ranges" || value !== "bytes")
  return { response: { status, headers: shared, body: Buffer.concat(body as Uint8Array[]) } }
}

// ---- LintMiddleware

/** The rule that a recorded kind of warning is about; none where the gateway allows what is warned of there. */
const RULES: Record<string, string | undefined> = {
  "status-not-text": "L17",
  "status-not-three-digits": "L17",
  "status-malformed": "L17",
  "status-below-100": "L17",
  "headers-not-a-list": "L18",
  "header-not-a-pair": "L18",
  "header-not-text": "L18",
  "status-header": "L19",
  "bad-exc-info": "L23",
  "weak-etag-lower-case": "L29",
  "etag-unquoted": "L29",
  // RFC 9110 section 10.2.2: a Location may be relative.
  "location-relative": undefined,
  "body-is-text": "L25",
  "item-not-bytes": "L26",
  "write-not-bytes": "L26",
  "not-started": "L26",
  "iterated-after-close": "L26",
  "not-closed": "L27",
  "entity-header-in-304": "L29",
  "body-in-304": "L28",
  "content-length-in-bodiless": "L21",
  "body-in-bodiless": "L28",
  "content-length-mismatch": "L28",
  // The input of the gateway ends by itself where that is safe.
  "read-without-size": undefined,
  "read-too-many-arguments": "L15",
  "readline-without-size": undefined,
  "readline-with-size": undefined,
  "input-closed": "L15",
  "errors-closed": "L15",
  "errors-write-not-text": "L16",
  "environ-key-missing": "L3",
  "environ-version": "L7",
  "script-name-without-slash": "L10",
  "path-info-without-slash": "L10",
}

interface LintedApp {
  status: Json
  headers: Json[]
  headers_as?: string
  body: Json
  write?: Json[]
  start?: string
  exc_info?: Json
  actions?: [string, ...Json[]][]
}

function describedApp(described: LintedApp): Application {
  const values = (json: Json) => (Array.isArray(json) ? json.map((item) => read(item)) : read(json))
  return async (environ, startResponse) => {
    for (const [name, ...args] of described.actions ?? []) {
      const [stream, method] = name.split(".") as [string, string]
      const target = environ[`wsgi.${stream}`] as Record<string, (...given: unknown[]) => unknown>
      await target[method === "readline" ? "readLine" : method]?.(...args)
    }
    const start = () => {
      const error = described.exc_info === undefined ? [] : [read(described.exc_info)]
      return startResponse(
        read(described.status) as string,
        values(described.headers) as [string, string][],
        ...(error as []),
      )
    }
    if (described.start === undefined) {
      const write = start()
      for (const chunk of described.write ?? []) await write(read(chunk) as Uint8Array)
      const body = values(described.body)
      // An array is complete here, and nobody can watch it being iterated.
      return (Array.isArray(body) ? { [Symbol.iterator]: () => body.values() } : body) as Body
    }
    const chunks = values(described.body) as Uint8Array[]
    return (async function* () {
      for (const [index, chunk] of chunks.entries()) {
        yield chunk
        if (index === 0 && described.start === "late") start()
      }
    })()
  }
}

const errors = { write: () => {}, writeLines: () => {}, flush: () => {} }

/** What a server adds to a recorded environ. */
function servedEnviron(json: Json | undefined): Environ {
  const { "wsgi.input": body, ...variables } = json as { [key: string]: Json }
  const bytes = body === undefined ? new Uint8Array() : (read(body) as Uint8Array)
  return {
    ...variables,
    "wsgi.version": [1, 0],
    // A stream has no close() here; an application that calls one anyhow is to be found out, not to fail.
    "wsgi.input": bytes.length === 0 ? emptyInput : inputFrom(bytes),
    "wsgi.errors": errors,
    "wsgi.multithread": true,
    "wsgi.multiprocess": false,
    "wsgi.run_once": false,
  } as unknown as Environ
}

async function brokenRules(testCase: Case): Promise<Set<string>> {
  const broken = new Set<string>()
  const described = testCase["app"] as unknown as LintedApp & { iterate_after_close?: boolean }
  const app = lint(describedApp(described), { report: ({ rule }) => void broken.add(rule) })
  try {
    const body = (await app(servedEnviron(testCase["environ"]), ignoreStart)) as AsyncIterable<Uint8Array> & Body
    if (described.iterate_after_close) await body.close?.()
    for await (const _ of body);
    if (!described.iterate_after_close) await body.close?.()
  } catch (error) {
    if (!(error instanceof LintError) && !(error instanceof TypeError)) throw error
  }
  return broken
}

async function runLint(testCase: Case): Promise<Outcome> {
  const recorded = testCase["warnings"] as [string, string][]
  const expected = new Set(recorded.map(([, kind]) => RULES[kind]).filter((rule) => rule !== undefined))
  const known = new Set(Object.values(RULES))
  const broken = [...(await brokenRules(testCase))].filter((rule) => known.has(rule))
  // An error ends it all here, so what the recorded linter goes on to find is not found.
  const same = broken.length === 0 ? expected.size === 0 : broken.every((rule) => expected.has(rule))
  return { app: testCase["app"], warnings: same ? recorded : broken }
}

const RUNNERS: Record<string, (testCase: Case) => Promise<Outcome>> = {
  ProxyFix: runProxyFix,
  DispatcherMiddleware: runDispatcher,
  SharedDataMiddleware: runSharedData,
  LintMiddleware: runLint,
}

export const adapter: Adapter = {
  outcomes: ["app", "after", "original", "request", "SCRIPT_NAME", "PATH_INFO", "passed_on", "response", "warnings"],
  open: makeTree,
  close: () => rm(root, { recursive: true }),
  run: (testCase) => (RUNNERS[testCase["middleware"] as string] as typeof runLint)(testCase),
}
