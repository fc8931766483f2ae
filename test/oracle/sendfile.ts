// Files sent from a real folder, with the tree of the corpus in it; and safeJoin and secureFilename.

import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { inputFrom } from "../../src/environ/input.ts"
import { runApplication } from "../../src/environ/run.ts"
import type { SendFromDirectoryOptions } from "../../src/files/send-file.ts"
import { sendFile, sendFromDirectory } from "../../src/files/send-file.ts"
import type { Environ } from "../../src/gateway.ts"
import { safeJoinUnder, secureFilename } from "../../src/security.ts"
import type { Response } from "../../src/wrappers/response.ts"
import { adapter as exceptions } from "./exceptions.ts"
import type { Adapter, Case, Suite } from "./runner.ts"
import { type Json, read, readOptions } from "./values.ts"

let root = ""

async function makeTree(suite: Suite): Promise<void> {
  root = await mkdtemp(join(tmpdir(), "werkstatt-oracle-"))
  for (const [path, { data, mtime }] of Object.entries(
    suite["tree"] as Record<string, { data: Json; mtime: number }>,
  )) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), read(data) as Uint8Array)
    await utimes(join(root, path), mtime, mtime)
  }
}

const ETAG = "{etag}"

async function send(testCase: Case, environ: Environ): Promise<Response> {
  const options: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(readOptions(testCase["kwargs"]))) options[name] = value ?? undefined
  const { fn, source, directory, path } = testCase
  if (fn === "send_from_directory") {
    return sendFromDirectory(
      join(root, directory as string),
      path as string,
      environ,
      options as SendFromDirectoryOptions,
    )
  }
  const file = typeof source === "string" ? join(root, source) : (read(source) as Uint8Array)
  return sendFile(file, environ, options)
}

/** The tag of the same file with the same options for a plain GET. */
async function plainEtag(testCase: Case): Promise<string> {
  const { REQUEST_METHOD: _, ...variables } = environOf(testCase)
  const kept = Object.entries(variables).filter(([name]) => !/^HTTP_(IF_|RANGE)/.test(name))
  const response = await send(testCase, { ...Object.fromEntries(kept), REQUEST_METHOD: "GET" } as Environ)
  await response.close()
  return response.headers.get("ETag") ?? ""
}

function environOf(testCase: Case): Environ {
  const { "wsgi.input": body, ...variables } = testCase["environ"] as { [key: string]: Json }
  return { ...variables, "wsgi.input": inputFrom(read(body) as Uint8Array) } as unknown as Environ
}

async function answer(testCase: Case): Promise<Record<string, unknown>> {
  const environ = environOf(testCase)
  // Only where it is asked for: making it may fail as the call itself is to.
  const needsTag = JSON.stringify([testCase["environ"], testCase["response"] ?? null]).includes(ETAG)
  const etag = needsTag ? await plainEtag(testCase) : undefined
  for (const [name, value] of Object.entries(environ)) {
    if (typeof value === "string" && etag !== undefined) environ[name] = value.replaceAll(ETAG, etag)
  }
  const app = async (...args: Parameters<Response["respond"]>) => (await send(testCase, environ)).respond(...args)
  const { status, headers, body } = await runApplication(app, environ, { buffered: true })
  const marked = headers.toList().map(([name, value]) => {
    return name === "ETag" && value === etag && /^"[^"]+"$/.test(value) ? [name, ETAG] : [name, value]
  })
  return { response: { status, headers: marked, body: Buffer.concat(body as Uint8Array[]) } }
}

export const adapter: Adapter = {
  outcomes: ["returns", "response"],
  open: makeTree,
  describe: (value) => exceptions.describe?.(value),
  close: () => rm(root, { recursive: true }),
  run(testCase) {
    const [first, ...rest] = (testCase["args"] ?? []) as string[]
    if (testCase["fn"] === "safe_join") return { returns: safeJoinUnder("posix", first ?? "", ...rest) }
    if (testCase["fn"] === "secure_filename") return { returns: secureFilename(first ?? "") }
    return answer(testCase)
  },
}
