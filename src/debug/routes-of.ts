// The map of rules that an error has to do with: there is no registry of maps, so it is looked for among the variables of
// the frames.

import { MapAdapter } from "../routing/map-adapter.ts"
import type { Routes } from "../routing/route-table.ts"
import { RuleMap } from "../routing/rule-map.ts"
import type { Quietly } from "./frame-variables.ts"
import type { Frame } from "./traceback.ts"

/** The map nearest to the error. */
export function routesOf(frames: readonly Frame[], quietly: Quietly): Routes | undefined {
  return quietly(() => {
    for (const { captured } of frames) {
      for (const { variables } of captured?.scopes ?? []) {
        for (const name of Object.keys(variables)) {
          const map = mapOf(() => variables[name])
          if (map !== undefined) return map
        }
      }
    }
    return undefined
  })
}

function mapOf(read: () => unknown): Routes | undefined {
  try {
    const value = read()
    if (value instanceof RuleMap) return value
    return value instanceof MapAdapter ? value.map : undefined
  } catch {
    return undefined
  }
}
