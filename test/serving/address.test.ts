import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, lstatSync, openSync, writeFileSync } from "node:fs"
import { request } from "node:http"
import { createServer } from "node:net"
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import { describe, expect, onTestFinished, test } from "vitest"
import { makeServer, type ServerOptions } from "../../src/serving/make-server.ts"
import { sharedFolder } from "../support/files.ts"
import { answering } from "../support/server.ts"

const folder = sharedFolder()

async function start(host: string, port = 0, options: ServerOptions = {}, app = answering("hi")) {
  const server = await makeServer(host, port, app, { accessLog: false, ...options })
  onTestFinished(() => server.close())
  return server
}

/** Asks over a unix socket. */
function overSocket(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: "/", headers: { Host: "site.test:81" } }, async (response) => {
      let text = ""
      for await (const chunk of response) text += chunk
      resolve(text)
    })
      .on("error", reject)
      .end()
  })
}

describe("unix sockets", () => {
  test("serve, name themselves by the client's Host, and are taken away in the end", async () => {
    const path = join(folder, "plain.sock")
    let seen: unknown[] = []
    const server = await start(`unix://${path}`, 0, {}, (environ, startResponse) => {
      seen = [environ.SERVER_NAME, environ.SERVER_PORT, "REMOTE_ADDR" in environ]
      return answering("over a socket")(environ, startResponse)
    })
    expect([server.url, server.port, server.isWide]).toEqual([`unix://${path}`, 0, false])
    expect(await overSocket(path)).toBe("over a socket")
    expect(seen).toEqual(["site.test", "81", false])
    await server.close()
    expect(existsSync(path)).toBe(false)
  })

  test.each([0o600, 0o660, 0o666, 0o777])("take a mode: %i", async (socketMode) => {
    const path = join(folder, "mode.sock")
    const server = await start(`unix://${path}`, 0, { socketMode })
    expect(lstatSync(path).mode & 0o777).toBe(socketMode)
    await server.close()
  })

  test.each([-1, 0o1000, 1.5, Number.NaN])("take no mode %s", async (socketMode) => {
    await expect(start(`unix://${join(folder, "none.sock")}`, 0, { socketMode })).rejects.toThrow(RangeError)
  })

  test.skipIf(spawnSync("curl", ["--version"]).error)("curl asks over one", async () => {
    const path = join(folder, "curl.sock")
    const server = await start(`unix://${path}`)
    const curl = spawn("curl", ["-s", "--unix-socket", path, "http://localhost/"], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    const [chunk] = (await once(curl.stdout, "data")) as [Buffer]
    expect(chunk.toString()).toBe("hi")
    await server.close()
  })

  test("a file on which no server listens any more is replaced, one that is in use is not", async () => {
    const path = join(folder, "stale.sock")
    const program = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`
    spawnSync(process.execPath, ["-e", program])
    expect(lstatSync(path).isSocket()).toBe(true)
    await start(`unix://${path}`)
    expect(await overSocket(path)).toBe("hi")
    await expect(start(`unix://${path}`)).rejects.toThrow(/is in use by another program\. .* choose another path/)
    expect(await overSocket(path)).toBe("hi")
  })

  test("a file that is no socket stays, and so does a folder that is not there", async () => {
    const path = join(folder, "file")
    writeFileSync(path, "mine")
    await expect(start(`unix://${path}`)).rejects.toThrow(/is there already and is not a socket/)
    await expect(start(`unix://${join(folder, "none", "a.sock")}`)).rejects.toThrow(/cannot be made/)
  })
})

describe("addresses", () => {
  test.each(["::1", "[::1]"])("%s is served and has brackets in its URL", async (host) => {
    const server = await start(host)
    expect(server.url).toBe(`http://[::1]:${server.port}`)
    expect(await (await fetch(server.url)).text()).toBe("hi")
  })

  test("localhost is 127.0.0.1", async () => {
    const server = await start("localhost")
    expect(server.urls).toEqual([`http://localhost:${server.port}`])
    expect(await (await fetch(`http://127.0.0.1:${server.port}`)).text()).toBe("hi")
  })

  test("0.0.0.0 tells the addresses of all interfaces", async () => {
    const server = await start("0.0.0.0")
    const outer = Object.values(networkInterfaces())
      .flat()
      .filter((each) => each?.family === "IPv4" && !each.internal)
      .map((each) => `http://${each?.address}:${server.port}`)
    expect(server.isWide).toBe(true)
    expect(server.urls).toEqual([`http://127.0.0.1:${server.port}`, ...outer])
    for (const url of server.urls) expect(await (await fetch(url)).text()).toBe("hi")
  })
})

describe("inherited descriptors", () => {
  test("a socket that was bound elsewhere is served", async () => {
    const other = createServer()
    other.listen(0, "127.0.0.1")
    await once(other, "listening")
    onTestFinished(() => void other.close())
    const { port } = other.address() as { port: number }
    const { fd } = (other as unknown as { _handle: { fd: number } })._handle
    const program = `import { makeServer } from "werkstatt/serving"
      const app = (environ, start) => { start("200 OK", []); return [new TextEncoder().encode("inherited")] }
      const server = await makeServer("localhost", 0, app, { fd: 3, accessLog: false })
      console.log(server.url)`
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      cwd: fileURLToPath(new URL("../../", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit", fd],
    })
    onTestFinished(() => void child.kill("SIGKILL"))
    const [line] = (await once(child.stdout as Readable, "data")) as [Buffer]
    expect(line.toString()).toBe(`http://localhost:${port}\n`)
    // Both take connections; the one that answers is the other process.
    const ask = () =>
      fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(1000) }).then(
        (each) => each.text(),
        () => "",
      )
    let answer = ""
    for (let i = 0; i < 50 && answer === ""; i++) answer = await ask()
    expect(answer).toBe("inherited")
  })

  test.each([-1, 1.5, Number.NaN])("%s is none", async (fd) => {
    await expect(start("localhost", 0, { fd })).rejects.toThrow(RangeError)
  })

  test("one that is no socket is refused with a sentence", async () => {
    const fd = openSync(join(folder, "no-socket"), "w")
    await expect(start("localhost", 0, { fd })).rejects.toThrow(/is not a socket to listen on/)
  })
})
