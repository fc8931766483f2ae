// A guest book, in memory.

import { BadRequest, redirect } from "werkstatt"
import { html } from "werkstatt/http"
import { csrfField, getSession } from "werkstatt/sessions"
import { page } from "./page.js"
import { urls } from "./urls.js"

const entries = []

async function index(request) {
  const list = entries.map(({ name, text }) => html`<li><strong>${name}</strong>: ${text}</li>`)
  const body = html`<ul>${list}</ul>
<form method="post">${await csrfField(request)}
<p><label>Name <input name="name" required></label>
<p><label>Text <input name="text" required></label>
<p><button>Write</button></form>`
  return page(request, "Guest book", body)
}

async function action(request) {
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
