// Pages that load themselves anew: each has a script at its end that keeps a stream of events open. When the process that
// serves is replaced, the stream breaks, the browser asks again, and is told by a new name that there is something new.
// A page of another site, or one that uses a name that is not ours, gets nothing (DNS rebinding).

import type { Application, Environ, HeaderList } from "../../gateway.ts"
import { hostIsTrusted } from "../../http/hosts.ts"
import { textTransform, transformBody } from "../../middleware/transform-body.ts"

const STREAM = "/__werkstatt__/reload"
/** The path of the script that pages get. */
export const RELOAD_SCRIPT = "/__werkstatt__/reload.js"

const SCRIPT_TEXT = `{
  const own = document.currentScript.dataset.generation
  const events = new EventSource("${STREAM}")
  events.onmessage = ({ data }) => { if (data !== own) location.reload() }
  addEventListener("pagehide", () => events.close())
}
`
const encoder = new TextEncoder()

/** The reloading of pages that one process has served. */
export class LiveReload {
  readonly #generation: string
  readonly #trusted: readonly string[]
  readonly #open = new Set<() => void>()

  /**
   * @param generation letters, digits and hyphens; differs from one process to the next
   * @param hosts names that the server goes by besides those of this machine
   */
  constructor(generation: string, hosts: readonly string[] = []) {
    this.#generation = generation
    this.#trusted = trustedHosts(hosts)
  }

  /** `app`, with the script at the end of its pages. */
  wrap(app: Application): Application {
    const tag = `<script src="${RELOAD_SCRIPT}" data-generation="${this.#generation}"></script>\n`
    // Behind the end of the document, where every browser takes it; a transform that looked for </body> would hold back text.
    const pages = transformBody(app, {
      transform: () => ({
        ...textTransform((text) => text),
        end: () => encoder.encode(tag),
        whole: (bytes) => joined(bytes, tag),
      }),
    })
    return (environ, startResponse) => {
      const path = environ.SCRIPT_NAME + environ.PATH_INFO
      if (path !== STREAM && path !== RELOAD_SCRIPT) return pages(environ, startResponse)
      if (!isSameOrigin(environ) || !hostIsTrusted(hostOf(environ), this.#trusted)) {
        startResponse("403 Forbidden", fields("text/plain; charset=utf-8"))
        return [encoder.encode("Not from here.\n")]
      }
      if (path === RELOAD_SCRIPT) {
        startResponse("200 OK", fields("text/javascript; charset=utf-8"))
        return [encoder.encode(SCRIPT_TEXT)]
      }
      startResponse("200 OK", fields("text/event-stream"))
      return this.#events()
    }
  }

  /** Ends the streams: the browsers ask again. */
  close(): void {
    for (const end of this.#open) end()
  }

  async *#events(): AsyncGenerator<Uint8Array> {
    let end: () => void = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    this.#open.add(end)
    try {
      yield encoder.encode(`retry: 200\ndata: ${this.#generation}\n\n`)
      await ended
    } finally {
      this.#open.delete(end)
    }
  }
}

/** The names and addresses of this machine, and those that the server was given. */
export function trustedHosts(hosts: readonly string[]): string[] {
  return [".localhost", "127.0.0.1", "[::1]", ...hosts.map((host) => (host.includes(":") ? `[${host}]` : host))]
}

/** Whether a request comes from a page of this site, or from no page at all. */
export function isSameOrigin(environ: Environ): boolean {
  const site = environ["HTTP_SEC_FETCH_SITE"]
  if (site !== undefined && site !== "same-origin" && site !== "none") return false
  const origin = environ["HTTP_ORIGIN"]
  return origin === undefined || origin === `${environ["wsgi.url_scheme"]}://${hostOf(environ) ?? ""}`
}

function hostOf(environ: Environ): string | undefined {
  const host = environ["HTTP_HOST"]
  return typeof host === "string" ? host : undefined
}

function fields(type: string): HeaderList {
  return [
    ["Content-Type", type],
    ["Cache-Control", "no-store"],
    ["X-Content-Type-Options", "nosniff"],
  ]
}

function joined(bytes: Uint8Array, tag: string): Uint8Array {
  const end = encoder.encode(tag)
  const both = new Uint8Array(bytes.length + end.length)
  both.set(bytes)
  both.set(end, bytes.length)
  return both
}
