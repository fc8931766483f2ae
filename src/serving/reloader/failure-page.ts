// What is answered while the application does not run: what went wrong, and that the next save tries again. A request by a name
// that is not of this machine learns nothing (DNS rebinding).

import type { Application } from "../../gateway.ts"
import { hostIsTrusted } from "../../http/hosts.ts"
import { escapeHtml } from "../../http/html.ts"

const STYLE = `body { font: 1rem/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 60rem; padding: 0 1rem }
h1 { color: #b00020; font-size: 1.4rem }
pre { background: #f6f6f6; border-left: 4px solid #b00020; overflow: auto; padding: 1rem }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd } pre { background: #262626 } }`

const encoder = new TextEncoder()

/**
 * An application that answers every request with 500 and what went wrong.
 *
 * @param trusted the hosts that may be told
 */
export function failurePage(failure: () => string, trusted: readonly string[]): Application {
  return (environ, startResponse) => {
    const isTrusted = hostIsTrusted(environ["HTTP_HOST"] as string | undefined, trusted)
    const text = isTrusted ? failure() : "See the terminal."
    const wantsPage = String(environ["HTTP_ACCEPT"] ?? "").includes("text/html")
    startResponse("500 Internal Server Error", [
      ["Content-Type", wantsPage ? "text/html; charset=utf-8" : "text/plain; charset=utf-8"],
      ["Cache-Control", "no-store"],
      ["X-Content-Type-Options", "nosniff"],
      [
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'",
      ],
    ])
    const title = "The application does not run"
    const advice = "Mend it and save; the server tries again by itself."
    return [encoder.encode(wantsPage ? page(title, text, advice) : `${title}\n\n${text}\n\n${advice}\n`)]
  }
}

function page(title: string, text: string, advice: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
<h1>${title}</h1>
<pre>${escapeHtml(text)}</pre>
<p>${advice}</p>
`
}
