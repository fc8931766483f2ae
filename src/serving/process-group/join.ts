// What a process of a group does first, before any module of the application: it ties its life to the parent's, reports what
// ends it, and waits until it is told to begin, since a process may be started ahead of time.

import { inspect } from "node:util"
import { endWithParent } from "./guard.ts"
import { type GroupPayload, setParentLink } from "./link.ts"
import { PARENT_VARIABLE, type ParentMessage } from "./messages.ts"
import { report } from "./report.ts"

/**
 * Makes this process one of its parent's group, if a parent of this kind has started it.
 *
 * @param prepare is done meanwhile
 */
export async function joinParent(prepare?: () => Promise<unknown>): Promise<void> {
  const parentPid = process.env[PARENT_VARIABLE]
  // A process that the application starts inherits the flag that leads here, but not the variable.
  if (parentPid === undefined || process.send === undefined) return
  delete process.env[PARENT_VARIABLE]
  endWithParent(Number(parentPid))
  process.on("uncaughtExceptionMonitor", (error) => report({ failed: display(error) }))
  const begun = beginning()
  await prepare?.()
  const { generation, payload } = await begun
  setParentLink({ generation, payload: payload as GroupPayload })
  process.channel?.unref()
}

function beginning(): Promise<Extract<ParentMessage, { werkstatt: "begin" }>> {
  return new Promise((resolve) => {
    const onMessage = (message: ParentMessage): void => {
      if (message.werkstatt !== "begin") return
      process.off("message", onMessage)
      resolve(message)
    }
    process.on("message", onMessage)
  })
}

function display(error: unknown): string {
  try {
    return inspect(error)
  } catch {
    return "(what was thrown cannot be shown)"
  }
}
