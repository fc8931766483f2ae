// Parsed JSON in the notation, where objects are mappings.

/** The value with Maps for objects. */
export function recordJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(recordJson)
  if (typeof value !== "object" || value === null) return value
  return new Map(Object.entries(value).map(([name, member]) => [name, recordJson(member)]))
}
