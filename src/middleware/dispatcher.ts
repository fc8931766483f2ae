// Several applications behind one, each below a path of its own or on a host of its own.
// A table from host to path to application; a lookup walks up the path, segment by segment, from the longest mount.
// Stands inside the layers that are for all of them (proxyFix first of all, which says what host and path are), and needs no
// layer inside.

import { asApplication } from "../as-application.ts"
import { getHost } from "../environ/host.ts"
import type { Application, ApplicationLike, Environ } from "../gateway.ts"
import { comparableHost } from "../http/hosts.ts"
import { hostToAscii } from "../http/idna.ts"
import { textToByteString } from "../http/urls.ts"
import { describe } from "../mistakes/describe.ts"

/** Where applications are mounted: as an object, or as pairs. */
export type Mounts =
  | Readonly<Record<string, ApplicationLike>>
  | Iterable<readonly [mount: string, app: ApplicationLike]>

/**
 * Calls the application with the longest mount that the path begins with, by whole segments, and `app` where there is none.
 * The mount moves from PATH_INFO to SCRIPT_NAME, so that each application finds itself at its root.
 *
 * A mount is a path, not percent-encoded: `/shop`. A slash at its end means nothing. With a host in front it holds there
 * only: `//shop.example.com`, `//shop.example.com/api`; `//.example.com` stands for all names below it too. The host is the
 * one of the Host header, without its port; the most specific host goes before a longer path.
 *
 * @throws TypeError when a mount is neither a path nor `//` and a host, or is mounted twice, or when a value is not an
 * application
 */
export function dispatcher(app: ApplicationLike, mounts: Mounts): Application {
  const inner = asApplication(app, "dispatcher")
  const table = new MountTable(mounts)
  return (environ, startResponse) => {
    const found = table.find(environ)
    if (found === undefined) return inner(environ, startResponse)
    if (found.path !== "") {
      environ.SCRIPT_NAME += found.path
      environ.PATH_INFO = environ.PATH_INFO.slice(found.path.length)
    }
    return found.app(environ, startResponse)
  }
}

interface Mount {
  path: string
  app: Application
}

/** The mounts of one host, or of all. */
class PathTable {
  readonly #apps = new Map<string, Mount>()
  #longest = 0

  add(path: string, app: Application): boolean {
    if (this.#apps.has(path)) return false
    this.#apps.set(path, { path, app })
    this.#longest = Math.max(this.#longest, path.length)
    return true
  }

  /** Looks at no prefix that is longer than the longest mount, so the work does not grow with the path. */
  find(path: string): Mount | undefined {
    let end = path.length <= this.#longest ? path.length : path.lastIndexOf("/", this.#longest)
    for (; end > 0; end = path.lastIndexOf("/", end - 1)) {
      const mount = this.#apps.get(path.slice(0, end))
      if (mount !== undefined) return mount
    }
    return this.#apps.get("")
  }
}

/**
 * The mounts of a dispatcher, and what they say of a path.
 *
 * @example
 * const [shop, api] = [() => [], () => []]
 * const table = new MountTable({ "/shop": shop, "//api.example.com/v1/": api })
 * table.find({ PATH_INFO: "/shop/cart" })?.path // => "/shop"
 * table.find({ PATH_INFO: "/shopping" }) // => undefined
 * table.find({ PATH_INFO: "/v1", HTTP_HOST: "API.example.com:8000", "wsgi.url_scheme": "http" })?.app === api // => true
 * new MountTable({ shop }) // throws TypeError
 */
export class MountTable {
  readonly #everywhere = new PathTable()
  readonly #hosts = new Map<string, PathTable>()

  constructor(mounts: Mounts) {
    if (typeof mounts !== "object" || mounts === null) {
      throw new TypeError(`dispatcher takes mounts, { "/path": app }, not ${describe(mounts)}`)
    }
    for (const [mount, app] of isPairs(mounts) ? mounts : Object.entries(mounts)) this.#add(mount, app)
  }

  /** The mount that the request is below; its path is a byte string. */
  find(environ: Environ): Mount | undefined {
    const path = environ.PATH_INFO ?? ""
    if (this.#hosts.size > 0) {
      const host = hostOf(environ)
      // From the whole name to `.example.com` to `.com`; a host is short, and so is this walk.
      for (let name = host; name !== ""; name = parentOf(name)) {
        const mount =
          (name === host ? this.#hosts.get(name)?.find(path) : undefined) ?? this.#hosts.get(`.${name}`)?.find(path)
        if (mount !== undefined) return mount
      }
    }
    return this.#everywhere.find(path)
  }

  #add(mount: string, like: ApplicationLike): void {
    const app = asApplication(like, `${JSON.stringify(mount)} of dispatcher`)
    const isHost = mount.startsWith("//")
    const slash = isHost ? mount.indexOf("/", 2) : 0
    const host = isHost ? mount.slice(2, slash === -1 ? undefined : slash) : ""
    const path = slash === -1 ? "" : mount.slice(slash).replace(/\/$/, "")
    if ((path !== "" && !path.startsWith("/")) || (isHost && (host === "" || host.includes(":")))) {
      throw new TypeError(`a mount is a path that starts with "/", or "//" and a host, not ${JSON.stringify(mount)}`)
    }
    if (!this.#table(host).add(textToByteString(path), app)) {
      throw new TypeError(`something is mounted at ${JSON.stringify(mount)} already`)
    }
  }

  #table(host: string): PathTable {
    if (host === "") return this.#everywhere
    const below = host.startsWith(".")
    const name = `${below ? "." : ""}${comparableHost(hostToAscii(below ? host.slice(1) : host))}`
    let table = this.#hosts.get(name)
    if (table === undefined) {
      table = new PathTable()
      this.#hosts.set(name, table)
    }
    return table
  }
}

function isPairs(mounts: Mounts): mounts is Iterable<readonly [string, ApplicationLike]> {
  return Symbol.iterator in mounts
}

/** The name of the host without its port, in lower case; empty when it is malformed. */
function hostOf(environ: Environ): string {
  const host = comparableHost(getHost(environ))
  return host.startsWith("[") ? host.slice(0, host.indexOf("]") + 1) : (host.split(":", 1)[0] as string)
}

function parentOf(name: string): string {
  const dot = name.indexOf(".")
  return dot === -1 ? "" : name.slice(dot + 1)
}
