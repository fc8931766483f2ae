// The layout that all pages have.

import { type Request, Response } from "werkstatt"
import { html, type SafeHtml } from "werkstatt/http"
import { csrfField } from "werkstatt/sessions"
import { urls } from "./urls.ts"
import { currentUser, visitorOf } from "./visitor.ts"

export async function page(request: Request, title: string, body: SafeHtml, status = 200): Promise<Response> {
  const user = await currentUser(request)
  const flashes = (await visitorOf(request)).takeFlashes()
  const links =
    user === undefined
      ? html`<a href="${urls.auth.register.index.build()}">Register</a> <a href="${urls.auth.login.index.build()}">Log in</a>`
      : html`<span>${user.name}</span>
<form method="post" action="${urls.auth.logout.build()}">${await csrfField(request)}<button>Log out</button></form>`
  const text = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} - Flaskr</title>
<link rel="stylesheet" href="/static/style.css">
<link rel="icon" href="/static/icon.svg">
<header><a href="${urls.index.build()}">Flaskr</a><nav>${links}</nav></header>
<main>
<h1>${title}</h1>
${flashes.map(({ message }) => html`<p class="flash" role="status">${message}</p>`)}
${body}
</main>
</html>`
  return new Response(String(text), { status, mimetype: "text/html" })
}
