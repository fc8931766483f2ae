// A guest book, in memory.

import { BadRequest, type Request, type Response, redirect } from "werkstatt"
import { html } from "werkstatt/http"
import { csrfField, getSession } from "werkstatt/sessions"
import { page } from "./page.ts"
import { urls } from "./urls.ts"

const entries: { name: string; text: string }[] = []

async function index(request: Request): Promise<Response> {
  const list = entries.map(({ name, text }) => html`<li><strong>${name}</strong>: ${text}</li>`)
  const body = html`<ul>${list}</ul>
<form method="post">${await csrfField(request)}
<p><label>Name <input name="name" required></label>
<p><label>Text <input name="text" required></label>
<p><button>Write</button></form>`
  return page(request, "Guest book", body)
}

async function action(request: Request): Promise<Response> {
  const form = await request.form()
  const name = form.get("name")?.trim() ?? ""
  const text = form.get("text")?.trim() ?? ""
  if (name === "" || text === "") throw new BadRequest("A name and a text are needed.")
  entries.push({ name, text })
  const session = await getSession(request)
  session.flash(`Thank you, ${name}.`)
  return redirect(urls.guestbook.index.build())
}

export const guestbookViews = { index, action }
