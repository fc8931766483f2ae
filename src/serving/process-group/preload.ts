// The first module of a process that a group starts.

import { joinParent } from "./join.ts"

await joinParent()
