// The first module of a process that the reloader starts, before any of the application. It sets up the reports of what
// is loaded and what goes wrong, and then waits: a process is started ahead of time and begins when a file has changed.

import * as nodeModule from "node:module"
import { ownFile } from "../../own-files.ts"
import { joinParent } from "../process-group/join.ts"
import { load, reportFile, reportMissing, resolveSync } from "./module-hooks.ts"

/** What Node 22.15 and later have: hooks in the thread of the application, for import and require alike. */
interface SynchronousHooks {
  registerHooks?(hooks: { resolve: unknown; load: unknown }): void
}

/** Inside of `require`. */
interface Require {
  prototype: { load(filename: string): void }
  _resolveFilename(request: string, parent: { filename?: string | null } | undefined, ...rest: unknown[]): string
}

await joinParent(async () => {
  watchModules()
  // Most of what an application waits for when it starts is this package.
  await import("../run-simple.ts")
})

function watchModules(): void {
  const { registerHooks } = nodeModule as SynchronousHooks
  if (registerHooks !== undefined) registerHooks({ resolve: resolveSync, load })
  else nodeModule.register(ownFile("serving/reloader/module-hooks").href)
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
