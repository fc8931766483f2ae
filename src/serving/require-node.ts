// What starts this program anew, with flags for Node, and hands connections to it: other runtimes have neither.

/** @throws Error on Bun and Deno, which have node:http but not all of Node */
export function requireNode(what: string): void {
  const { Bun, Deno } = globalThis as { Bun?: unknown; Deno?: unknown }
  const runtime = Bun !== undefined ? "Bun" : Deno !== undefined ? "Deno" : undefined
  if (runtime === undefined) return
  throw new Error(
    `${what} of runSimple needs Node, and this is ${runtime}. Leave it out, or use the --watch of ${runtime}.`,
  )
}
