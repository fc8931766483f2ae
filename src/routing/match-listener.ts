// How a middleware learns which rule a request matched: it puts a listener into the environ, and a map that is bound to the
// environ calls it. A file of its own, so that a middleware does not load the router.

import type { Rule } from "./rule.ts"

/** Is told which rule a request has matched, and where the map is mounted: decoded, with slashes at both ends. */
export type MatchListener = (rule: Rule, scriptName: string) => void

/** The key of an environ under which a middleware puts a MatchListener. */
export const ON_MATCH_KEY = "werkstatt.on_match"
