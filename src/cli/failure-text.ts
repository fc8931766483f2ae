// What is shown of an error that ends a command. Node shows the line that threw, which helps where that line is the user's own. Of
// an error that Node or a loader made (a missing module, TypeScript that does not parse) it would show its own source first.

import { thrownHint } from "../mistakes/thrown.ts"

/** The text to show in place of Node's; undefined where Node's own is the better one. */
export function failureText(error: unknown): string | undefined {
  if (!(error instanceof Error)) {
    const hint = thrownHint(error)
    return hint === "" ? undefined : `The application failed${hint}\n`
  }
  const { code } = error as { code?: unknown }
  const isForeign = (typeof code === "string" && code.startsWith("ERR_")) || error.name === "TransformError"
  return isForeign ? `${withoutNodesFrames(error.stack ?? String(error)).trimEnd()}\n` : undefined
}

const NODES_FRAME = /^\s+at .*(?:node:|[\\/]esbuild[\\/])/

function withoutNodesFrames(stack: string): string {
  const lines = stack.split("\n")
  return lines.filter((line) => !NODES_FRAME.test(line)).join("\n")
}
