import { spawnSync } from "node:child_process"
import { expect, test } from "vitest"
import { command, Folder } from "../serving/program.ts"

const APP = `
  import { RuleMap, rule } from "werkstatt/routing"
  import { Request, Response } from "werkstatt/wrappers"
  export const urls = new RuleMap([rule("/", "index"), rule("/<int:id>", "item", { methods: ["POST"] })])
  export const app = Request.application(async (request) => {
    if (request.path === "/throw") throw new Error("mine")
    const status = Number(request.args.get("status") ?? 200)
    const seen = [request.method, request.url, request.headers.get("Content-Type"), request.headers.get("X-A"), await request.text(), process.env.SITE_TONE]
    return new Response(seen.join("|"), { status, headers: [["X-B", "1"], ["X-B", "2"]] })
  })
  export const stream = (environ, start) => {
    start("200 OK", [])
    return (async function* () { for (const part of ["a", "b"]) yield new TextEncoder().encode(part) })()
  }
  export const site = Object.assign(app.bind(), { rules: urls })
  export const none = () => []`

function werkstatt(args: string[], input?: string) {
  const folder = new Folder({
    "site.js": APP,
    "bare.js": "export const urls = 3",
    "tree.js": `import { resources, routes } from "werkstatt/routing"
      export const urls = routes({ index: "/", users: resources("users", { only: ["show"] }) })`,
    ".env": "SITE_TONE=blue",
    "body.json": "{}",
  })
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd: folder.path,
    encoding: "utf8",
    input,
    timeout: 30_000,
  })
  return { status, stdout, stderr }
}

const FORM = "application/x-www-form-urlencoded"

test.each([
  [["site:app", "/a?b=c"], "GET|http://localhost/a?b=c||||"],
  [["site", "https://example.com/a", "-X", "DELETE"], "DELETE|https://example.com/a||||"],
  [["site", "/", "-d", "a=1", "-d", "b=2"], `POST|http://localhost/|${FORM}||a=1&b=2|`],
  [
    ["site", "/", "-X", "PUT", "-H", "Content-Type: application/json", "-H", "X-A: 1:2", "-d", "@body.json"],
    "PUT|http://localhost/|application/json|1:2|{}|",
  ],
  [["site", "/", "-d", "@-"], `POST|http://localhost/|${FORM}||from outside|`],
  [["site", "/", "--env-file", ".env"], "GET|http://localhost/||||blue"],
  [["site:stream", "/"], "ab"],
])("fetch %j", (args, expected) => {
  const { status, stdout, stderr } = werkstatt(["fetch", ...args], "from outside")
  expect(stderr).toBe("")
  expect([status, stdout]).toEqual([0, expected])
})

test("-i prints status and headers, repeated ones too; HEAD has no body", () => {
  const { stdout } = werkstatt(["fetch", "site", "/", "-i", "-X", "HEAD"])
  expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(stdout).toMatch(/\r\nX-B: 1\r\nX-B: 2\r\n/)
  expect(stdout).toMatch(/\r\n\r\n$/)
})

test.each([
  ["200", 0],
  ["304", 0],
  ["399", 0],
  ["400", 22],
  ["503", 22],
])("status %s is exit code %i", (code, exit) => {
  expect(werkstatt(["fetch", "site", `/?status=${code}`]).status).toBe(exit)
})

test("an error of the application is shown with its stack", () => {
  const { status, stdout, stderr } = werkstatt(["fetch", "site", "/throw"])
  expect([status, stdout]).toEqual([1, ""])
  expect(stderr).toMatch(/Error: mine[\s\S]*site\.js/)
})

test.each([
  [["fetch", "site"], /What from which application\?/],
  [["fetch", "site", "a"], /A path starts with a slash, not as "a"/],
  [["fetch", "site", "/a", "/b"], /One path at a time/],
  [["fetch", "site", "/", "-H", "none"], /A header is a name, a colon and a value/],
  [["fetch", "site", "/", "-H", "a b: c"], /a b/],
  [["fetch", "site", "/", "-d", "@none"], /none cannot be read \(ENOENT\)/],
  [["fetch", "none", "/"], /There is no module "none"/],
  [["routes"], /Which map\?/],
  [["routes", "bare"], /bare leads to no RuleMap/],
  [["routes", "site:missing"], /no export "missing"/],
])("%j is one line and exit code 2", (args, message) => {
  const { status, stdout, stderr } = werkstatt(args)
  expect(stderr).toMatch(message)
  expect(stderr).toMatch(/^werkstatt: [^\n]*\n$/)
  expect([status, stdout]).toEqual([2, ""])
})

test.each(["site", "site:urls", "site:app", "site:site"])("routes %s prints the table", (name) => {
  const { status, stdout } = werkstatt(["routes", name])
  expect(status).toBe(0)
  expect(stdout).toMatch(/^Methods +Rule +Endpoint\n[- ]+\nany +\/ +index\nPOST +\/<int:id> +item\n$/)
})

test.each(["tree", "tree:urls"])("routes %s prints what routes(...) has made", (name) => {
  const { status, stdout } = werkstatt(["routes", name])
  expect(status).toBe(0)
  expect(stdout).toMatch(/\nany +\/ +index\nGET, HEAD +\/users\/<id> +users\.show\n$/)
})

test.each(["run", "fetch", "routes"])("%s --help says how it is called", (name) => {
  const { status, stdout } = werkstatt([name, "--help"])
  expect(status).toBe(0)
  expect(stdout).toMatch(new RegExp(`^Usage: werkstatt ${name} MODULE`))
})

test("--version", () => {
  expect(werkstatt(["--version"]).stdout).toMatch(/^werkstatt \d+\.\d+\.\d+\n$/)
})
