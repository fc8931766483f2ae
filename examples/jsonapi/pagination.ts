// Pages by a cursor: the place of the last item in the order of the list. Unlike a number of items to skip, it costs the same on
// each page, and what others add or remove meanwhile makes nothing appear twice or not at all.

/** The name and the id of an item: what items are sorted by. */
export type Cursor = readonly [name: string, id: number]

export function writeCursor({ name, id }: { name: string; id: number }): string {
  return Buffer.from(JSON.stringify([name, id])).toString("base64url")
}

/** `undefined` for what `writeCursor` has not written. */
export function readCursor(text: string): Cursor | undefined {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, "base64url").toString())
  } catch {
    return undefined
  }
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [name, id] = value as unknown[]
  const isCursor =
    typeof name === "string" && !name.includes("\0") && Number.isInteger(id) && Math.abs(id as number) < 2 ** 31
  return isCursor ? [name, id as number] : undefined
}
