import { describe, expect, test } from "vitest"
import { form, mapOf, resources, route, routes } from "../../src/routing/index.ts"

describe("form", () => {
  test("shows and takes a form at one URL", () => {
    const urls = routes({ contact: form("contact"), login: form("/auth/<realm>/login") })
    expect(urls.contact.index.build()).toBe("/contact")
    expect(urls.contact.action.build()).toBe("/contact")
    expect(urls.login.action.build({ realm: "x" })).toBe("/auth/x/login")
    const at = mapOf(urls).bind("h")
    expect(at.match("/contact").endpoint).toBe("contact.index")
    expect(at.match("/contact", { method: "POST" }).endpoint).toBe("contact.action")
    expect(at.allowedMethods("/contact").sort()).toEqual(["GET", "HEAD", "POST"])
  })
})

describe("resources", () => {
  test.each([
    ["GET", "/users", "users.index"],
    ["GET", "/users/new", "users.new"],
    ["POST", "/users", "users.create"],
    ["GET", "/users/5", "users.show"],
    ["GET", "/users/5/edit", "users.edit"],
    ["PUT", "/users/5", "users.update"],
    ["PATCH", "/users/5", "users.update"],
    ["DELETE", "/users/5", "users.destroy"],
  ])("%s %s is %s", (method, path, endpoint) => {
    const at = mapOf(routes({ users: resources("users") })).bind("h")
    expect(at.match(path, { method }).endpoint).toBe(endpoint)
  })

  test("are those that are asked for, with a placeholder of another kind", () => {
    const urls = routes({ users: resources("/admin/users/", { only: ["index", "show"], param: "int:number" }) })
    expect(Object.keys(urls.users)).toEqual(["index", "show"])
    expect(urls.users.index.build()).toBe("/admin/users")
    expect(urls.users.show.build({ number: 5 })).toBe("/admin/users/5")
    expect(urls.users.show.match("/admin/users/7")).toEqual({ number: 7 })
    // @ts-expect-error: a number is needed
    expect(() => urls.users.show.build({ number: "x" })).toThrow("<number>")
    // @ts-expect-error: it was not asked for
    expect(urls.users.edit).toBeUndefined()
  })

  test("names that there are not are refused", () => {
    // @ts-expect-error: it is called show
    expect(() => resources("users", { only: ["shwo"] })).toThrow('no route "shwo". Did you mean "show"?')
    // @ts-expect-error: it is called only
    expect(() => resources("users", { olny: ["show"] })).toThrow('no option "olny". Did you mean "only"?')
  })
})

test("route takes what rule takes", () => {
  const urls = routes({ show: route("/<int:id>", { methods: ["GET"], defaults: { lang: "en" } }) })
  expect(urls.show.rule.methods?.has("HEAD")).toBe(true)
  expect(urls.show.build({ id: 1 })).toBe("/1")
  expect(urls.show.build({ id: 1, lang: "en" })).toBe("/1")
  // @ts-expect-error: it is called methods
  expect(() => routes({ show: route("/", { method: ["GET"] }) })).toThrow('Did you mean "methods"?')
  // @ts-expect-error: a slash is missing
  expect(() => routes({ show: route("x") })).toThrow("starts with a slash")
})
