// Where `redirectTo` leads: its placeholders filled, and the whole joined to the mount. Only the text that the programmer
// wrote can name another host; values that came with the request never do.

const PLACEHOLDER = /<([^<>]+)>/g

/** The names in the placeholders of a `redirectTo`. */
export function targetNames(target: string): string[] {
  return Array.from(target.matchAll(PLACEHOLDER), ([, name]) => name as string)
}

/** A `redirectTo` with values in its placeholders. In its query they are quoted as in a query. */
export function fillTarget(target: string, valueFor: (name: string) => string): string {
  const mark = target.indexOf("?")
  return target.replace(PLACEHOLDER, (_, name: string, index: number) => {
    const text = valueFor(name)
    return mark === -1 || index < mark ? text : text.replace(/[&+=?;]/g, (character) => encodeURIComponent(character))
  })
}

/** What a target is relative to. */
export interface TargetBase {
  readonly scheme: string
  readonly host: string
  /** The mount, quoted, with slashes at both ends. */
  readonly root: string
}

// RFC 3986 section 4.2   relative-part = "//" authority path-abempty / path-absolute / path-noscheme / path-empty
const SCHEME = /^[a-z][a-z0-9+.-]*:/i

/**
 * The absolute URL of a target.
 *
 * @param written what the programmer wrote, which decides whether the target is on another host
 * @param filled the same with its values
 * @param query for a target without a query of its own
 */
export function joinTarget(base: TargetBase, written: string, filled: string, query: string): string {
  if (SCHEME.test(written)) return filled
  if (written.startsWith("//")) return `${base.scheme}:${filled}`
  const end = filled.search(/[?#]/)
  const path = end === -1 ? filled : filled.slice(0, end)
  const rest = end === -1 ? "" : filled.slice(end)
  const joined = withoutDots(written.startsWith("/") ? path : `${base.root}${path}`)
  const tail = rest === "" && query !== "" ? `?${query}` : rest
  const origin = base.host === "" ? "" : `${base.scheme}://${base.host}`
  return `${origin}/${joined.replace(/^[/\\]+/, "")}${tail}`
}

/** RFC 3986 section 5.2.4 */
function withoutDots(path: string): string {
  const result: string[] = []
  const segments = path.split("/")
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment === "..") {
      if (result.length > 1) result.pop()
      if (isLast) result.push("")
    } else if (segment === ".") {
      if (isLast) result.push("")
    } else result.push(segment)
  }
  return result.join("/")
}
