// Which requests a layer leaves out: paths with all below them, or what a function says.

import type { Environ } from "../gateway.ts"

/** A test of requests, made of an option. */
export function skipTest(
  skip: Iterable<string> | ((environ: Environ) => boolean) | undefined,
): (environ: Environ) => boolean {
  if (skip === undefined) return () => false
  if (typeof skip === "function") return skip
  const paths = [...skip].map((path) => (path.endsWith("/") ? path.slice(0, -1) : path))
  return ({ SCRIPT_NAME, PATH_INFO }) => {
    const path = SCRIPT_NAME + PATH_INFO
    return paths.some((each) => path === each || path.startsWith(`${each}/`))
  }
}
