// An application that shows what an application gets to see: the runtime, the packages, and the environ of the very request.
// To try a server or a proxy with it. What a client sends may be anything, so all of it is escaped; what goes by the name of a
// secret is not shown, and the variables of the process are not shown at all.

import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import type { Application, Environ } from "./gateway.ts"
import { escapeHtml } from "./http/html.ts"
import { isSecretName, maskUrl } from "./http/secrets.ts"
import { describe } from "./mistakes/describe.ts"
import { Request } from "./wrappers/request.ts"
import { Response } from "./wrappers/response.ts"

/**
 * Answers every request with a page about the runtime and about the request itself.
 *
 *     npx werkstatt run werkstatt/testapp
 *
 * @example
 * testApp.length // => 2
 */
export const testApp: Application = Request.application(
  ({ environ }) => new Response(page(environ), { mimetype: "text/html", headers: { "Cache-Control": "no-store" } }),
)

/** The same, for `werkstatt run werkstatt/testapp`. */
export default testApp

function page(environ: Environ): string {
  const { versions, platform, arch } = process
  const runtime: [string, string][] = [
    ["Node", versions.node],
    ["Platform", `${platform} ${arch}`],
    ["Folder", process.cwd()],
  ]
  return `<!doctype html>
<html lang=en>
<meta charset=utf-8>
<title>It works</title>
<style>body { font: 16px sans-serif; margin: 2em } th { text-align: left; padding-right: 1em } td { font-family: monospace }</style>
<h1>It works</h1>
${table("Runtime", runtime)}${table("Environ", environPairs(environ))}${table("Packages", packages())}${table(
  "Versions",
  Object.entries(versions).map(([name, version]): [string, string] => [name, String(version)]),
)}${table(
  "Where packages are looked for",
  (requireHere().resolve.paths("a") ?? []).map((path, index): [string, string] => [String(index + 1), path]),
)}`
}

function table(title: string, pairs: readonly (readonly [string, string])[]): string {
  const rows = pairs.map(([name, value]) => `<tr><th>${escapeHtml(name)}<td>${escapeHtml(value)}\n`)
  return `<h2>${title}</h2>\n<table>\n${rows.join("")}</table>\n`
}

function environPairs(environ: Environ): [string, string][] {
  return Object.keys(environ)
    .sort()
    .map((name) => [name, shown(name, environ[name])])
}

/** A certificate of a client does not let the client in by itself; it only identifies it. */
const CERTIFICATE = /^SSL_CLIENT/

/** Variables that hold a query. */
const URLS = new Set(["REQUEST_URI", "RAW_URI", "HTTP_REFERER"])

function shown(name: string, value: unknown): string {
  if (isSecretName(name) || CERTIFICATE.test(name)) return "(not shown)"
  if (typeof value === "string") {
    if (name === "QUERY_STRING") return JSON.stringify(maskUrl(`?${value}`, isSecretName).slice(1))
    return JSON.stringify(URLS.has(name) ? maskUrl(value, isSecretName) : value)
  }
  // Objects are named, not opened: what is in them may be the whole request again.
  return Array.isArray(value) ? JSON.stringify(value) : describe(value)
}

function requireHere(): NodeJS.Require {
  return createRequire(join(process.cwd(), "index.js"))
}

/** The packages that the project in this folder names, with the versions that are installed. */
function packages(): [string, string][] {
  const manifest = jsonOf(join(process.cwd(), "package.json"))
  const names = Object.keys({ ...manifest["dependencies"], ...manifest["devDependencies"] }).sort()
  return names.map((name) => [name, installedVersion(name)])
}

function installedVersion(name: string): string {
  for (const folder of requireHere().resolve.paths(name) ?? []) {
    const { version } = jsonOf(join(folder, name, "package.json"))
    if (typeof version === "string") return version
  }
  return "not installed"
}

function jsonOf(file: string): Record<string, Record<string, unknown> | undefined> & { version?: unknown } {
  try {
    return JSON.parse(readFileSync(file, "utf8"))
  } catch {
    return {}
  }
}
