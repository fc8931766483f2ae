// A browser in a few lines: loads pages of the debugger, reads what their script would, and sends the same commands.

import type { Program } from "../serving/program.ts"

/** A page of an error. */
export interface ErrorDocument {
  status: number
  html: string
  headers: Headers
  base: string
  secret: string
  error: string
  /** In the order of the page. */
  frames: { index: number; name: string; place: string; inside: string; hasConsole: boolean }[]
}

export interface CommandAnswer {
  status: number
  body: Record<string, unknown>
  headers: Headers
  /** `html` of the answer without its tags. */
  text: string
}

export const plain = (html: string): string =>
  html
    .replace(/<[^>]*>/g, "")
    .replaceAll("&#34;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")

export class Visitor {
  readonly url: string
  cookie = ""

  constructor(url: string) {
    this.url = url
  }

  async page(path: string, headers: Record<string, string> = {}, init: RequestInit = {}): Promise<ErrorDocument> {
    const response = await fetch(this.url + path, {
      ...init,
      headers: { Accept: "text/html", ...(this.cookie && { Cookie: this.cookie }), ...headers },
    })
    return documentOf(response.status, await response.text(), response.headers)
  }

  async command(
    page: Pick<ErrorDocument, "base" | "secret" | "error">,
    name: string,
    body: object = {},
    headers: Record<string, string> = {},
  ): Promise<CommandAnswer> {
    const response = await fetch(`${this.url}${page.base}${name}`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Origin: this.url,
        "Sec-Fetch-Site": "same-origin",
        ...(this.cookie && { Cookie: this.cookie }),
        ...headers,
      },
      body: JSON.stringify({ secret: page.secret, error: page.error || undefined, ...body }),
    })
    const text = await response.text()
    let answer: Record<string, unknown> = {}
    try {
      answer = JSON.parse(text)
    } catch {
      answer = { text }
    }
    return {
      status: response.status,
      body: answer,
      headers: response.headers,
      text: plain(String(answer["html"] ?? "")).trim(),
    }
  }

  async enterPin(page: ErrorDocument, pin: string): Promise<CommandAnswer> {
    const answer = await this.command(page, "pin", { pin })
    const cookie = answer.headers.get("set-cookie")
    if (cookie !== null) this.cookie = cookie.slice(0, cookie.indexOf(";"))
    return answer
  }

  /** What code comes to in a frame, as text. */
  async evaluate(page: ErrorDocument, frame: number | undefined, code: string): Promise<string> {
    const { status, body, text } = await this.command(page, "evaluate", { frame, code })
    return status === 200 ? text : `${status} ${String(body["problem"])}`
  }
}

export function documentOf(status: number, html: string, headers: Headers): ErrorDocument {
  const data = /id="debugger-data">(.*?)<\/script>/.exec(html)?.[1]
  const { base = "", secret = "", error = "" } = data === undefined ? {} : (JSON.parse(data) as Record<string, string>)
  const frames = html
    .split(/<li class="frame(?: library)?"/)
    .slice(1)
    .map((text) => {
      const inside = text.slice(0, text.indexOf("</li>") + 5)
      return {
        index: Number(/^ data-index="(\d+)"/.exec(text)?.[1] ?? -1),
        name: plain(/<span class="fn">(.*?)<\/span> /.exec(text)?.[1] ?? ""),
        place: /<span class="place"[^>]*>(.*?)<\/span>/.exec(text)?.[1] ?? "",
        inside,
        hasConsole: inside.includes('class="console"'),
      }
    })
  return { status, html, headers, base, secret, error, frames }
}

/** The PIN that a program has printed. */
export async function pinOf(program: Program): Promise<string> {
  return (await program.printed(/Debugger PIN: ([\d-]+)/))[1] as string
}
