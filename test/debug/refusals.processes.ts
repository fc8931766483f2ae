// Where the debugger does not start, or not without being told twice.

import { describe, expect, test } from "vitest"
import { Folder, Program } from "../serving/program.ts"
import { ATTACKED, raw } from "./site.ts"
import { documentOf } from "./visitor.ts"

describe("the debugger is refused", () => {
  const refusal = async (options: string, env: Record<string, string> = {}, host = "127.0.0.1") => {
    const folder = new Folder({ "main.js": ATTACKED.replace('"127.0.0.1"', JSON.stringify(host)) })
    const program = new Program(folder, ["main.js", options], env)
    const [code] = await program.ended()
    expect(code).toBe(1)
    return program.output
  }

  test("with several processes", async () => {
    expect(await refusal('{"processes":2}')).toMatch(/TypeError: the debugger needs a single process/)
  })

  test("in production", async () => {
    expect(await refusal("{}", { NODE_ENV: "production" })).toMatch(/NODE_ENV is production/)
    expect(await refusal('{"useReloader":true}', { NODE_ENV: "production" })).toMatch(/NODE_ENV is production/)
  })

  test.each(["0.0.0.0", "::", "[::]", "192.168.1.5", "unix:///tmp/x.sock", "example.org", "127.evil.com"])(
    "on %s, unless it is allowed",
    async (host) => {
      expect(await refusal("{}", {}, host)).toMatch(/can be reached from elsewhere/)
    },
  )

  test("remoteDebugger allows it; the name of the address is not trusted for that", async () => {
    const folder = new Folder({ "main.js": ATTACKED.replace('"127.0.0.1"', '"0.0.0.0"') })
    const program = new Program(folder, ["main.js", '{"remoteDebugger":true}'])
    const port = Number(new URL(await program.url()).port)
    const of = async (host: string) =>
      documentOf(0, (await raw(port, "GET / HTTP/1.1", `Host: ${host}`, "Accept: text/html")).text, new Headers())
    expect((await of("localhost")).frames.length).toBeGreaterThan(0)
    expect((await of("0.0.0.0")).frames).toEqual([])
    expect((await of("10.1.2.3")).frames).toEqual([])
  })
})
