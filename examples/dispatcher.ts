// Several applications behind one: a table of URL prefixes. The prefix moves from PATH_INFO to SCRIPT_NAME, so that
// each application finds itself at its root and still builds right URLs.
//
// GET /shop/cart   -> 200 shop sees /cart below /shop
// GET /shop        -> 200 shop sees  below /shop
// GET /blog/2026/  -> 200 blog sees /2026/ below /blog
// GET /shopping    -> 404 Not Found
// GET /            -> 404 Not Found

import { type Application, Request, Response } from "werkstatt"

/** Calls the application with the longest prefix that the path has, by whole segments; 404 when there is none. */
export function dispatch(mounts: Record<string, Application>): Application {
  const prefixes = Object.keys(mounts).sort((a, b) => b.length - a.length)
  const notFound = Request.application(() => new Response("Not Found", { status: 404 }))
  return (environ, startResponse) => {
    const path = environ.PATH_INFO
    const prefix = prefixes.find((each) => path === each || path.startsWith(`${each}/`))
    if (prefix === undefined) return notFound(environ, startResponse)
    const moved = { ...environ, SCRIPT_NAME: environ.SCRIPT_NAME + prefix, PATH_INFO: path.slice(prefix.length) }
    return (mounts[prefix] as Application)(moved, startResponse)
  }
}

const naming = (name: string) =>
  Request.application(({ environ }) => new Response(`${name} sees ${environ.PATH_INFO} below ${environ.SCRIPT_NAME}`))

export const app = dispatch({ "/shop": naming("shop"), "/blog": naming("blog") })
