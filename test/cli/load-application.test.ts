import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, test } from "vitest"
import { LoadError, loadApplication, parseName } from "../../src/cli/load-application.ts"
import { sharedFolder } from "../support/files.ts"

const folder = sharedFolder()

beforeAll(() => {
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write("package.json", `{ "type": "module" }`)
  write(
    "site.js",
    `export const app = () => ["site"]; export const other = () => ["other"]; export const text = "no function"`,
  )
  write("second.mjs", `export function application() { return ["second"] }`)
  write("third.mjs", `export default () => ["third"]`)
  write("old.cjs", `exports.app = () => ["old"]`)
  write("factory.mjs", `export const make = async () => () => ["made"]; export const bad = () => 3`)
  write("nothing.mjs", `export const value = 1`)
  write("both.mjs", `export const app = { fetch() {} }; export default () => ["default"]`)
  write("responder.mjs", `export const app = { respond: () => ["responder"] }`)
  write("exports.cjs", `exports.value = 1`)
  write("hono.mjs", `export default { fetch() {}, request() {}, route() {}, onError() {} }`)
  write("express.mjs", `export const app = Object.assign(() => {}, { handle() {}, use() {}, set() {}, listen() {} })`)
  write("koa.mjs", `export default new (class Application { callback() {} use() {} createContext() {} listen() {} })()`)
  write("fastify.mjs", `export const app = { inject() {}, ready() {}, register() {}, listen() {} }`)
  write("worker.mjs", `export default { fetch() {} }`)
  write("later.mjs", `export const app = Promise.resolve(() => [])`)
  write("node-server.mjs", `import { createServer } from "node:http"; export default createServer()`)
  write("klass.mjs", `export default class App {}`)
  write("broken.mjs", `throw new Error("the module's own error")`)
})

describe("parseName", () => {
  test.each([
    ["main:app", { module: "main", exportName: "app", isFactory: false }],
    ["a/b.ts:make()", { module: "a/b.ts", exportName: "make", isFactory: true }],
    ["C:\\site\\main.ts", { module: "C:\\site\\main.ts", exportName: undefined, isFactory: false }],
    ["C:/site/main.ts:app", { module: "C:/site/main.ts", exportName: "app", isFactory: false }],
    ["main:größe", { module: "main", exportName: "größe", isFactory: false }],
    ["main:__proto__", { module: "main", exportName: "__proto__", isFactory: false }],
  ])("takes %s apart", (name, expected) => {
    expect(parseName(name)).toEqual(expected)
  })

  test.each(["main:", "main:a b", "main:make(1)", "main:1a", "main:a.b"])("refuses %s", (name) => {
    expect(() => parseName(name)).toThrow(LoadError)
  })
})

describe("loadApplication", () => {
  test.each([
    ["site:app", "site"],
    ["site.js:other", "other"],
    ["./site", "site"],
    ["second", "second"],
    ["third", "third"],
    ["old.cjs:app", "old"],
    ["old", "old"],
    ["factory:make()", "made"],
    ["both", "default"],
    ["responder", "responder"],
  ])("finds %s", async (name, answer) => {
    const app = await loadApplication(name, folder)
    expect((app as unknown as () => unknown)()).toEqual([answer])
  })

  test.each([
    ["missing:app", /There is no module "missing"/],
    ["site:missing", /no export "missing" \(it exports: app, other, text\)/],
    ["site:text", /"text" in site is "no function", which is not what werkstatt serves/],
    ["site:constructor", /no export "constructor"/],
    ["site:__proto__", /no export "__proto__"/],
    ["nothing", /neither "app" nor "application" nor a default \(it exports: value\)/],
    ["exports.cjs", /neither "app" nor "application" nor a default \(it exports: .*value/],
    ["site:othr", /no export "othr" \(it exports: app, other, text\)\. Did you mean "other"\?/],
    ["hono", /"default" in hono is an application of Hono, which is not what werkstatt serves/],
    ["express", /"app" in express is an application of Express/],
    ["koa", /"default" in koa is an application of Koa/],
    ["fastify", /"app" in fastify is an application of Fastify/],
    ["worker", /"default" in worker is an application for the platform's fetch/],
    ["later", /"app" in later is a promise, .* Is an await missing\?/],
    ["node-server", /"default" in node-server is a server of Node/],
    ["klass", /"default" in klass is the class App/],
    ["factory:bad()", /bad\(\) in factory gave 3, which is not what werkstatt serves/],
    ["@@@", /There is no module/],
  ])("says in one line what is wrong with %s", async (name, message) => {
    const error = await loadApplication(name, folder).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(LoadError)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).not.toContain("\n")
  })

  test("lets errors of the module itself pass", async () => {
    await expect(loadApplication("broken", folder)).rejects.toThrow("the module's own error")
  })
})
