// The variables of a frame, in groups: its own, those of the functions around it, those of its module. A name that is hidden
// by an inner one stands with the value that the outer one had at the throw.

import type { CapturedFrame } from "./inspection.ts"
import { MISSING, type Representation, represent } from "./representation.ts"

/** Variables that belong together. */
export interface VariableGroup {
  readonly title: "Variables" | "Closure" | "Module"
  readonly variables: readonly [name: string, value: Representation][]
  readonly more: number
}

/** Runs code whose throws are expected. */
export type Quietly = <T>(callback: () => T) => T

const MAX_VARIABLES = 60

/** All that a frame sees. */
export function variablesOf(frame: CapturedFrame, quietly: Quietly): VariableGroup[] {
  return quietly(() => {
    const seen = new Set<string>()
    const groups = new Map<VariableGroup["title"], { variables: [string, Representation][]; more: number }>()
    const groupOf = (title: VariableGroup["title"]) => {
      const group = groups.get(title) ?? { variables: [], more: 0 }
      groups.set(title, group)
      return group
    }
    const own = thisOf(frame)
    if (own !== undefined) groupOf("Variables").variables.push(["this", own])
    for (const { kind, variables } of frame.scopes) {
      const title = kind === "module" ? "Module" : kind === "closure" ? "Closure" : "Variables"
      const group = groupOf(title)
      for (const name of Object.keys(variables)) {
        if (name === "this") continue
        if (group.variables.length >= MAX_VARIABLES) {
          group.more++
          continue
        }
        const isHidden = seen.has(name)
        seen.add(name)
        group.variables.push([name, represented(name, () => read(frame, variables, name, isHidden), title)])
      }
    }
    return [...groups].map(([title, group]) => ({ title, ...group }))
  })
}

/** The names of a frame, the nearest first. */
export function namesOf(frame: CapturedFrame): string[] {
  return frame.scopes.flatMap(({ variables }) => Object.keys(variables))
}

/** As it is now, since the console may have changed it. */
function read(
  frame: CapturedFrame,
  variables: Readonly<Record<string, unknown>>,
  name: string,
  isHidden: boolean,
): unknown {
  if (frame.evaluate === undefined || isHidden || !/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name))
    return variables[name]
  try {
    return frame.evaluate(name)
  } catch {
    return variables[name]
  }
}

function represented(name: string, value: () => unknown, title: string): Representation {
  try {
    return represent(value(), {
      name,
      depth: title === "Variables" ? 2 : 1,
      maxMembers: title === "Variables" ? 25 : 10,
    })
  } catch {
    return MISSING
  }
}

function thisOf({ evaluate }: CapturedFrame): Representation | undefined {
  try {
    const value = evaluate?.("this")
    if (value === undefined || value === globalThis) return undefined
    return represent(value, { depth: 2, maxMembers: 25 })
  } catch {
    return undefined
  }
}
