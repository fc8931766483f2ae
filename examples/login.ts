// Who is it? A login with a session, messages for the next page, and forms that no other site can send.
//
//     SECRET_KEY=$(node -p "crypto.randomBytes(32).toString('hex')") node --import tsx examples/login.ts
//
// GET  /                         -> 303
// GET  /login                    -> 200
// POST /login name=ada&password=x -> 403
// GET  /none                     -> 404

import { randomBytes } from "node:crypto"
import { application, type Request, Response, RuleMap, redirect, rule, runSimple } from "werkstatt"
import { html, type SafeHtml } from "werkstatt/http"
import { compose, securityHeaders } from "werkstatt/middleware"
import { checkPasswordHash, generatePasswordHash, safeRedirectTarget } from "werkstatt/security"
import { csrf, csrfField, getSession, sessions } from "werkstatt/sessions"

interface Visitor {
  user: string
  visits: number
}
const visitorOf = getSession<Visitor>

const users = new Map([["ada", await generatePasswordHash("lovelace")]])
/** Somebody's whom nobody knows the password of: who is not there takes as long as who is. */
const nobody = await generatePasswordHash(randomBytes(16).toString("hex"))

const urls = new RuleMap([
  rule("/", "home", { methods: ["GET"] }),
  rule("/login", "login", { methods: ["GET", "POST"] }),
  rule("/logout", "logout", { methods: ["POST"] }),
])

async function page(request: Request, title: string, body: SafeHtml, status = 200): Promise<Response> {
  const flashes = (await visitorOf(request)).takeFlashes()
  const text = html`<!doctype html><title>${title}</title><h1>${title}</h1>
${flashes.map(({ category, message }) => html`<p class="${category}">${message}</p>`)}${body}`
  return new Response(String(text), { status, mimetype: "text/html" })
}

async function home(request: Request): Promise<Response> {
  const session = await visitorOf(request)
  if (!session.has("user")) return redirect("/login?next=/")
  session.update("visits", (visits = 0) => visits + 1)
  const body = html`<p>Hello ${session.get("user")}, visit ${session.get("visits")}.</p>
<form method="post" action="/logout">${await csrfField(request)}<button>Log out</button></form>`
  return page(request, "Home", body)
}

async function login(request: Request): Promise<Response> {
  const form = html`<form method="post">${await csrfField(request)}
<input name="name"><input name="password" type="password"><button>Log in</button></form>`
  if (request.method === "GET") return page(request, "Log in", form)
  const { name = "", password = "" } = Object.fromEntries(await request.form())
  const session = await visitorOf(request)
  if (!(await checkPasswordHash(users.get(name) ?? nobody, password))) {
    session.flash("That is not the name, or not the password.", "error")
    return page(request, "Log in", form, 401)
  }
  // A change of `user` gives the session a new identity.
  session.set("user", name).flash("Welcome back.")
  return redirect(safeRedirectTarget(request.args.get("next")) ?? "/")
}

async function logout(request: Request): Promise<Response> {
  const session = await visitorOf(request)
  session.clear()
  session.flash("See you.")
  return redirect("/login")
}

const views = { home, login, logout }
const pages = application((request) => views[urls.bindToEnviron(request.environ).match().endpoint](request))
const secret = process.env["SECRET_KEY"] ?? randomBytes(32)
export const app = compose(pages, securityHeaders, (inner) => sessions(inner, { secret }), csrf)

if (process.argv[1] === import.meta.filename) await runSimple("localhost", 4000, app)
