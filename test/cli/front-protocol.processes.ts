// `werkstatt run` and `werkstatt serve` behind a front server, as processes.

import { expect, test } from "vitest"
import { command, Folder, Program, WAIT } from "../serving/program.ts"
import { askGateway, type GatewayName } from "../support/front-server.ts"

const site = (text: string) => `
  export const app = (environ, start) => {
    start("200 OK", [])
    return [new TextEncoder().encode("${text} " + environ.SCRIPT_NAME + "|" + environ.PATH_INFO)]
  }`

/** Asks until the answer is that. */
async function answersBy(protocol: GatewayName, path: string, target: string, expected: RegExp): Promise<void> {
  await expect
    .poll(async () => Buffer.from((await askGateway(protocol, path, { target })).body).toString(), WAIT)
    .toMatch(expected)
}

test.each<GatewayName>(["scgi", "uwsgi", "fastcgi"])(
  "run --protocol %s --reload: an edit is served, and what does not load is a page",
  async (protocol) => {
    const folder = new Folder({ "site.js": site("one") })
    const path = folder.file("site.sock")
    const options = ["--host", `unix://${path}`, "--protocol", protocol, "--script-name", "/shop", "--reload"]
    const program = new Program(folder, [command, "run", "site", ...options])
    await program.printed(/Running on unix:/)
    await answersBy(protocol, path, "/shop/a", /^one \/shop\|\/a$/)
    folder.write("site.js", "export const = 1")
    await answersBy(protocol, path, "/shop/a", /^The application does not run/)
    folder.write("site.js", site("two"))
    await answersBy(protocol, path, "/shop/a", /^two \/shop\|\/a$/)
    program.kill("SIGINT")
    expect(await program.ended()).toEqual([0, null])
  },
)

test("serve --protocol fastcgi: workers answer, and end when they are told to", async () => {
  const folder = new Folder({ "site.js": site("one") })
  const path = folder.file("site.sock")
  const options = ["--bind", `unix:${path}`, "--protocol", "fastcgi", "--script-name", "/shop", "--workers", "2"]
  const program = new Program(folder, [command, "serve", "site", ...options])
  await program.printed(/Ready, with 2 workers/)
  for (let i = 0; i < 4; i++) await answersBy("fastcgi", path, "/shop/a", /^one \/shop\|\/a$/)
  program.kill("SIGTERM")
  expect(await program.ended()).toEqual([0, null])
})

test.each([
  ["run", ["--protocol", "ajp"], /--protocol is one of http, scgi, uwsgi, fastcgi, not "ajp"/],
  ["run", ["--protocol", "scgi", "--host", "0.0.0.0"], /scgi on 0\.0\.0\.0 would believe every client that reaches it/],
  ["run", ["--script-name", "/shop"], /scriptName is for front servers/],
  ["serve", ["--protocol", "ajp"], /protocol is one of http, scgi, uwsgi, fastcgi/],
  ["serve", ["--protocol", "scgi", "--bind", ":8000"], /scgi on :: would believe every client that reaches it/],
  ["serve", ["--protocol", "scgi", "--allow-from", "localhost"], /not an address or a network: "localhost"/],
  ["serve", ["--proxy-protocol-from", "nowhere"], /not an address or a network: "nowhere"/],
])("%s %j is refused with a sentence", async (name, options, message) => {
  const folder = new Folder({ "site.js": site("one") })
  const program = new Program(folder, [command, name, "site", ...options])
  expect(await program.ended()).toEqual([2, null])
  expect(program.output).toMatch(message)
})
