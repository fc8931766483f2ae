import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { statSync } from "node:fs"
import { connect } from "node:http2"
import { expect, onTestFinished, test } from "vitest"
import { answers, command, Folder, Program } from "../serving/program.ts"
import { sleep } from "../support/server.ts"

const site = (text: string) => `
  export const app = (environ, start) => {
    start("200 OK", [])
    return [new TextEncoder().encode("${text} " + process.env.SITE_TONE)]
  }`

test("--reload: an edit is served, an export that is gone is a page, the environment is read anew", async () => {
  const folder = new Folder({ "site.ts": site("one"), ".env": "SITE_TONE=blue" })
  const program = new Program(folder, [command, "run", "site:app", "--port", "0", "--reload", "--env-file", ".env"])
  const url = await program.url()
  await answers(url, "one blue")
  folder.write("site.ts", site("two"))
  await answers(url, "two blue")
  folder.write("site.ts", site("three").replace("app", "other"))
  await answers(url, /LoadError: site has no export "app" \(it exports: other\)/)
  folder.write("site.ts", site("four"))
  await answers(url, "four blue")
  folder.write(".env", "SITE_TONE=red")
  await answers(url, "four red")
  program.kill("SIGINT")
  expect(await program.ended()).toEqual([0, null])
})

test("--reload: an application that does not load at first is a page from the start", async () => {
  const folder = new Folder({ "site.mjs": "export const = 1" })
  const program = new Program(folder, [command, "run", "site", "--port", "0", "--reload"])
  const url = await program.url()
  await answers(url, /site\.mjs:1\nexport const = 1/)
  folder.write("site.mjs", site("one"))
  await answers(url, "one undefined")
})

test("--reload with --cert and --http2 on TLS: the certificate stays from one process to the next", async () => {
  const folder = new Folder({ "site.js": site("one") })
  const program = new Program(folder, [command, "run", "site", "-p", "0", "-r", "--cert", "adhoc", "--http2"])
  const url = await program.url()
  const ask = async () => {
    const session = connect(url, { rejectUnauthorized: false })
    onTestFinished(() => session.destroy())
    await once(session, "connect")
    const { fingerprint256 } = (session.socket as import("node:tls").TLSSocket).getPeerCertificate()
    let text = ""
    for await (const chunk of session.request({ ":path": "/" })) text += chunk
    session.close()
    return { text, fingerprint256 }
  }
  const before = await ask()
  expect(before.text).toBe("one undefined")
  folder.write("site.js", "export const = 1")
  await program.printed(/does not run; waiting/)
  const broken = await ask()
  expect(broken.text).toContain("SyntaxError")
  folder.write("site.js", site("two"))
  await program.printed(/reloading[\s\S]*reloading/)
  const after = await ask()
  expect(after.text).toBe("two undefined")
  expect([broken.fingerprint256, after.fingerprint256]).toEqual([before.fingerprint256, before.fingerprint256])
})

test("variables stand for options", async () => {
  const folder = new Folder({ "site.js": site("one"), "css/a.css": "a {}" })
  const program = new Program(folder, [command, "run"], {
    WERKSTATT_APP: "site:app",
    WERKSTATT_HOST: "127.0.0.1",
    WERKSTATT_PORT: "0",
    WERKSTATT_STATIC: "/css=css,/again=css",
    WERKSTATT_LOG_DURATION: "1",
  })
  const url = await program.url()
  expect(await (await fetch(`${url}/again/a.css`)).text()).toBe("a {}")
  await program.printed(/"GET \/again\/a\.css HTTP\/1\.1" 200 4 \d+\.\dms/)
})

test("a unix socket works with the reloader, and is gone in the end", async () => {
  const folder = new Folder({ "site.js": site("one") })
  const program = new Program(folder, [
    command,
    "run",
    "site",
    "--host",
    "unix://site.sock",
    "--socket-mode",
    "606",
    "--reload",
  ])
  await program.printed(/Running on unix:\/\/.*site\.sock/)
  expect(statSync(folder.file("site.sock")).mode & 0o777).toBe(0o606)
  const ask = () =>
    spawnSync("curl", ["-s", "--unix-socket", "site.sock", "http://localhost/"], { cwd: folder.path, encoding: "utf8" })
      .stdout
  expect(ask()).toBe("one undefined")
  folder.write("site.js", site("two"))
  await program.printed(/reloading/)
  expect(ask()).toBe("two undefined")
  program.kill("SIGTERM")
  expect(await program.ended()).toEqual([0, null])
  await sleep(50)
  const { existsSync } = await import("node:fs")
  expect(existsSync(folder.file("site.sock"))).toBe(false)
})

test.each([
  [["--http2"], /--http2 needs --cert/],
  [["--key", "x"], /--key needs --cert/],
  [["--cert", "x"], /--cert needs --key/],
  [["--static", "public"], /--static is a path and a folder/],
  [["--reloader", "magic"], /--reloader is auto, chokidar or stat, not "magic"/],
  [["--processes", "0"], /--processes takes a number from 1/],
  [["--processes", "2", "--reload"], /leave out --processes or --reload/],
  [["--fd", "x"], /--fd takes a number/],
  [["--reload", "none:app"], /One application at a time/],
])("%j is one line and exit code 2", (args, message) => {
  const folder = new Folder({ "site.js": site("one") })
  const { status, stderr } = spawnSync(process.execPath, [command, "run", "site", ...args], {
    cwd: folder.path,
    encoding: "utf8",
  })
  expect(stderr).toMatch(message)
  expect(stderr).toMatch(/^werkstatt: [^\n]*\n$/)
  expect(status).toBe(2)
})

test("--reload of a module that is not there is a wrong call, not a page", () => {
  const folder = new Folder({})
  const { status, stderr } = spawnSync(process.execPath, [command, "run", "none", "--reload"], {
    cwd: folder.path,
    encoding: "utf8",
  })
  expect([status, stderr.split("\n").length]).toEqual([2, 2])
  expect(stderr).toMatch(/There is no module "none"/)
})
