// A page that shows what an application gets to see: the runtime, and the environ of the very request. To try a server or
// a proxy with it: what a client sends may be anything, so all of it is escaped; secrets are masked, and the variables of
// the process are not shown at all.
//
//     npx werkstatt run examples/testapp.ts:app
//
// GET /         -> 200
// GET /a?b=%3C  -> 200

import { inspect } from "node:util"
import { type Application, type Environ, Request, Response } from "werkstatt"
import { escapeHtml } from "werkstatt/http"

/** Variables that let somebody in. */
const SECRET = /AUTHORIZATION|COOKIE|TOKEN|SECRET|PASSWORD|API_?KEY|SSL_CLIENT/

function shown(name: string, value: unknown): string {
  if (SECRET.test(name)) return "(not shown)"
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value === "function") return "a function"
  const text = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY })
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

function rows(pairs: Iterable<[string, string]>): string {
  return Array.from(pairs, ([name, value]) => `<tr><th>${escapeHtml(name)}<td>${escapeHtml(value)}\n`).join("")
}

function environRows(environ: Environ): string {
  const names = Object.keys(environ).sort()
  return rows(names.map((name) => [name, shown(name, environ[name])]))
}

export function page(environ: Environ): string {
  const { versions, platform, arch } = process
  return `<!doctype html>
<html lang=en>
<meta charset=utf-8>
<title>It works</title>
<style>body { font: 16px sans-serif; margin: 2em } th { text-align: left; padding-right: 1em } td { font-family: monospace }</style>
<h1>It works</h1>
<h2>Runtime</h2>
<table>
${rows([
  ["Node", versions.node],
  ["Platform", `${platform} ${arch}`],
  ["Folder of this module", import.meta.dirname],
])}</table>
<h2>Environ</h2>
<table>
${environRows(environ)}</table>
<h2>Versions</h2>
<table>
${rows(Object.entries(versions).map(([name, version]) => [name, String(version)]))}</table>
`
}

export const testApp: Application = Request.application(
  ({ environ }) => new Response(page(environ), { mimetype: "text/html", headers: { "Cache-Control": "no-store" } }),
)

export { testApp as app }
