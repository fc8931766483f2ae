// Registration, login and logout.

import { randomBytes } from "node:crypto"
import { type Request, type Response, redirect } from "werkstatt"
import { html, type SafeHtml } from "werkstatt/http"
import { checkPasswordHash, generatePasswordHash, safeRedirectTarget } from "werkstatt/security"
import { csrfField } from "werkstatt/sessions"
import { page } from "./page.ts"
import { urls } from "./urls.ts"
import { currentUser, database, type User, visitorOf } from "./visitor.ts"

const credentials = (csrf: SafeHtml, button: string, autocomplete: string) => html`<form method="post">${csrf}
<p><label>Name <input name="name" required autocomplete="username"></label>
<p><label>Password <input name="password" type="password" required autocomplete="${autocomplete}"></label>
<p><button>${button}</button></form>`

async function showRegister(request: Request): Promise<Response> {
  return page(request, "Register", credentials(await csrfField(request), "Register", "new-password"))
}

async function register(request: Request): Promise<Response> {
  const form = await request.form()
  const name = form.get("name")?.trim() ?? ""
  const password = form.get("password") ?? ""
  if (name === "" || password === "") return again(request, "A name and a password are required.", showRegister)
  const hash = await generatePasswordHash(password)
  // Nothing else runs between the question and the answer: the database is synchronous.
  if (database().get("SELECT id FROM user WHERE name = ?", name) !== undefined) {
    return again(request, `${name} is already registered.`, showRegister)
  }
  database().run("INSERT INTO user (name, password) VALUES (?, ?)", name, hash)
  return redirect(urls.auth.login.index.build())
}

/** Shows a form again, with what was wrong. */
async function again(request: Request, problem: string, show: typeof showRegister): Promise<Response> {
  const session = await visitorOf(request)
  session.flash(problem)
  const response = await show(request)
  response.statusCode = 400
  return response
}

/** Checked where there is no such user, so that both take as long. */
const noPassword = await generatePasswordHash(randomBytes(16).toString("hex"))

async function showLogin(request: Request): Promise<Response> {
  return page(request, "Log in", credentials(await csrfField(request), "Log in", "current-password"))
}

async function login(request: Request): Promise<Response> {
  const form = await request.form()
  const user = database().get<User & { password: string }>("SELECT * FROM user WHERE name = ?", form.get("name") ?? "")
  const isRight = await checkPasswordHash(user?.password ?? noPassword, form.get("password") ?? "")
  if (user === undefined || !isRight) return again(request, "That is not the name, or not the password.", showLogin)
  const session = await visitorOf(request)
  session.clear()
  // The session gets a new identity with this: see docs/sessions.md.
  session.set("userId", user.id)
  return redirect(safeRedirectTarget(request.args.get("next")) ?? urls.index.build())
}

async function logout(request: Request): Promise<Response> {
  const session = await visitorOf(request)
  session.clear()
  return redirect(urls.index.build())
}

/** Sends visitors to the login first, and back afterwards. */
export function loginRequired<Values>(view: (request: Request, values: Values, user: User) => Promise<Response>) {
  return async (request: Request, values: Values): Promise<Response> => {
    const user = await currentUser(request)
    if (user !== undefined) return view(request, values, user)
    const next = request.method === "GET" ? request.path : urls.index.build()
    return redirect(urls.auth.login.index.build({}, { query: { next } }))
  }
}

export const authViews = {
  register: { index: showRegister, action: register },
  login: { index: showLogin, action: login },
  logout,
}
