// The first module of a process that the reloader starts, before any of the application. It sets up the reports of what
// is loaded and what goes wrong, and then waits: a process is started ahead of time and begins when a file has changed.

import * as nodeModule from "node:module"
import { inspect } from "node:util"
import { endWithParent } from "../process-group/guard.ts"
import { setReloaderLink } from "./child-link.ts"
import { CHILD_VARIABLE, type ParentMessage } from "./messages.ts"
import { load, report, reportFile, reportMissing, resolveSync } from "./module-hooks.ts"

/** What Node 22.15 and later have: hooks in the thread of the application, for import and require alike. */
interface SynchronousHooks {
  registerHooks?(hooks: { resolve: unknown; load: unknown }): void
}

/** Inside of `require`. */
interface Require {
  prototype: { load(filename: string): void }
  _resolveFilename(request: string, parent: { filename?: string | null } | undefined, ...rest: unknown[]): string
}

// A process that the application starts inherits the flag that leads here, but not the variable.
const parentPid = process.env[CHILD_VARIABLE]
if (parentPid !== undefined && process.send !== undefined) {
  delete process.env[CHILD_VARIABLE]
  // No orphan: without its parent the application has no connections.
  endWithParent(Number(parentPid))
  process.on("uncaughtExceptionMonitor", (error) => report({ failed: display(error) }))
  watchModules()
  // Most of what an application waits for when it starts is this package.
  await import("../run-simple.ts")
  const { generation, shared } = await begun()
  setReloaderLink({ generation, shared })
  process.channel?.unref()
}

function begun(): Promise<Extract<ParentMessage, { werkstatt: "begin" }>> {
  return new Promise((resolve) => {
    const onMessage = (message: ParentMessage): void => {
      if (message.werkstatt !== "begin") return
      process.off("message", onMessage)
      resolve(message)
    }
    process.on("message", onMessage)
  })
}

function watchModules(): void {
  const { registerHooks } = nodeModule as SynchronousHooks
  const ending = import.meta.url.slice(import.meta.url.lastIndexOf("."))
  if (registerHooks !== undefined) registerHooks({ resolve: resolveSync, load })
  else nodeModule.register(`./module-hooks${ending}`, import.meta.url)
  watchRequire()
}

/** Hooks do not see what is required in Node 20, nor where a loader of TypeScript has its own way. */
function watchRequire(): void {
  const Module = nodeModule.Module as unknown as Require
  const { load: loadFile } = Module.prototype
  Module.prototype.load = function (filename) {
    reportFile(filename)
    loadFile.call(this, filename)
  }
  const resolveFilename = Module._resolveFilename
  Module._resolveFilename = (request, parent, ...rest) => {
    try {
      return resolveFilename.call(Module, request, parent, ...rest)
    } catch (error) {
      reportMissing(request, parent?.filename ?? undefined)
      throw error
    }
  }
}

function display(error: unknown): string {
  try {
    return inspect(error)
  } catch {
    return "(what was thrown cannot be shown)"
  }
}
