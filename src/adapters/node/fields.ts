// Header fields for a response of node:http on which others may have set some before.

import type { ServerResponse } from "node:http"

interface Field {
  name: string
  values: string[]
}

/**
 * Sets fields, names and values in turn. They take the place of those that others have set; cookies and Vary are added to them,
 * since each layer has its own.
 */
export function setFields(response: ServerResponse, fields: readonly string[]): void {
  const byName = new Map<string, Field>()
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    const lowered = name.toLowerCase()
    let field = byName.get(lowered)
    if (field === undefined) {
      field = { name, values: lowered === "set-cookie" || lowered === "vary" ? valuesOf(response, lowered) : [] }
      byName.set(lowered, field)
    }
    const value = fields[i + 1] as string
    if (lowered !== "vary" || !field.values.includes(value)) field.values.push(value)
  }
  for (const { name, values } of byName.values()) {
    response.setHeader(name, values.length === 1 ? (values[0] as string) : values)
  }
}

function valuesOf(response: ServerResponse, name: string): string[] {
  const before = response.getHeader(name)
  if (before === undefined) return []
  return Array.isArray(before) ? [...before] : [String(before)]
}
