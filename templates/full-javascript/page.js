// The layout of all pages.

import { Response } from "werkstatt"
import { html } from "werkstatt/http"
import { getSession } from "werkstatt/sessions"

export async function page(request, title, body, status = 200) {
  const session = await getSession(request)
  const text = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<link rel="stylesheet" href="/static/style.css">
<main>
<h1>${title}</h1>
${session.takeFlashes().map(({ message }) => html`<p role="status">${message}</p>`)}
${body}
</main>
</html>`
  return new Response(String(text), { status, mimetype: "text/html" })
}

export async function errorPage(request, error) {
  const response = error.getResponse(request)
  const shown = await page(request, error.name, html`<p>${error.message}</p>`)
  response.setData(await shown.text())
  response.mimetype = "text/html"
  return response
}
