// What the server says when it starts: that it is for development, where it can be reached, and how to stop it.

import { paint, type Style } from "./terminal.ts"

const WARNING = `This is a development server, not for production. For that there is: werkstatt serve`

/** Where a server can be reached. */
export interface Reachable {
  readonly urls: readonly string[]
  readonly isWide: boolean
}

/**
 * The lines that a server starts with.
 *
 * @example
 * banner({ urls: ["http://127.0.0.1:80"], isWide: false }).split("\n").slice(-3) // => [" * Running on http://127.0.0.1:80", "Press CTRL+C to quit", ""]
 */
export function banner({ urls, isWide }: Reachable, colors: boolean = false): string {
  const emphasize = (text: string, style: Style) => (colors ? paint(text, style) : text)
  const lines = [emphasize(`WARNING: ${WARNING}`, "red")]
  if (isWide) {
    lines.push(" * Running on all addresses of this machine")
    lines.push(emphasize(" * WARNING: everyone in the networks of this machine can reach it", "yellow"))
  }
  for (const url of urls) lines.push(` * Running on ${emphasize(url, "cyan")}`)
  lines.push("Press CTRL+C to quit", "")
  return lines.join("\n")
}
