// A map as a table for people: what `werkstatt routes` prints.

import { endpointName, type Rule } from "./rule.ts"

/** What can be printed: a map. */
export interface Routes {
  iterRules(): Iterable<Rule>
}

/**
 * The rules of a map as a table: methods, rule, endpoint. In the order of the endpoints, with a line end behind each row.
 */
export function formatRoutes(map: Routes): string {
  const rows = [["Methods", "Rule", "Endpoint"]]
  for (const rule of map.iterRules()) {
    const methods = rule.methods === undefined ? "any" : [...rule.methods].sort().join(", ")
    rows.push([rule.websocket ? "websocket" : methods, textOf(rule), `${endpointName(rule.endpoint)}${noteOf(rule)}`])
  }
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)))
  rows.splice(1, 0, [...widths.map((width) => "-".repeat(width)), "-".repeat("Endpoint".length)])
  return rows
    .map(([a = "", b = "", c = ""]) => `${a.padEnd(widths[0] ?? 0)}  ${b.padEnd(widths[1] ?? 0)}  ${c}\n`)
    .join("")
}

function textOf(rule: Rule): string {
  if (rule.host !== undefined) return `${rule.host}${rule.rule}`
  return rule.subdomain === undefined || rule.subdomain === "" ? rule.rule : `${rule.subdomain}.${rule.rule}`
}

function noteOf(rule: Rule): string {
  if (rule.alias) return " (alias)"
  if (rule.buildOnly) return " (build only)"
  return typeof rule.redirectTo === "string" ? ` (redirects to ${rule.redirectTo})` : ""
}
