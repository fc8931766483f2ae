// Colours for terminals; plain text for pipes, files, and users who asked for it.

/** An output that may be a terminal. */
export interface Output {
  readonly isTTY?: boolean
}

/**
 * Whether colours may be written there: to terminals that know them, unless NO_COLOR says no, or where FORCE_COLOR says yes.
 *
 * @example
 * hasColors({ isTTY: true }, { TERM: "xterm" }) // => true
 * hasColors({ isTTY: true }, { TERM: "dumb" }) // => false
 * hasColors({ isTTY: true }, { TERM: "xterm", NO_COLOR: "1" }) // => false
 * hasColors({}, { FORCE_COLOR: "1" }) // => true
 */
export function hasColors(output: Output, env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  if (env["NO_COLOR"]) return false
  const forced = env["FORCE_COLOR"]
  if (forced !== undefined) return forced !== "0" && forced !== "false"
  return output.isTTY === true && env["TERM"] !== "dumb"
}

// Parameters of Select Graphic Rendition (ECMA-48 section 8.3.117).
const STYLES = { bold: "1", cyan: "36", green: "32", yellow: "33", red: "1;31", magenta: "1;35" } as const

export type Style = keyof typeof STYLES

/**
 * A text in a style.
 *
 * @example
 * paint("ready", "green") // => "\u001b[32mready\u001b[0m"
 */
export function paint(text: string, style: Style): string {
  return `\x1b[${STYLES[style]}m${text}\x1b[0m`
}
