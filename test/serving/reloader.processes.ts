// The reloader at its edges: what is watched, requests during a restart, and how all of its processes end.

import { once } from "node:events"
import { readdirSync } from "node:fs"
import { request } from "node:http"
import { describe, expect, test } from "vitest"
import { WebSocket } from "ws"
import { RawClient, sleep } from "../support/server.ts"
import { answers, childrenOf, untilChildren, WAIT } from "./program.ts"
import { MAIN, noOrphans, onGo, SPEAKING, start, text } from "./reloading.ts"

describe("a process that is replaced", () => {
  test("twenty saves in a burst are one restart", async () => {
    const { folder, program, url } = await start({ "main.js": MAIN(), "text.js": text("one") })
    await answers(url, "one")
    let pauses = 0
    for (let i = 1; i <= 20; i++) {
      folder.write("text.js", text(`burst ${i}`))
      const written = performance.now()
      await sleep(10)
      // A busy machine may tear the burst apart.
      if (performance.now() - written > 40) pauses++
    }
    await answers(url, "burst 20")
    await sleep(300)
    expect(program.output.match(/Detected change/g)?.length).toBeLessThanOrEqual(1 + pauses)
  })

  test("finishes the request that it is at, while the next one answers", async () => {
    const slow = `
      import { runSimple } from "werkstatt/serving"
      import { text } from "./text.js"
      const app = async (environ, start) => {
        if (environ.PATH_INFO === "/slow") {
          console.log("begun")
          await new Promise((resolve) => setTimeout(resolve, 800))
        }
        start("200 OK", [])
        return [new TextEncoder().encode(text)]
      }
      await runSimple("127.0.0.1", 0, app, { useReloader: true })`
    const { folder, program, url } = await start({ "main.js": slow, "text.js": text("one") })
    await answers(url, "one")
    const old = fetch(`${url}/slow`)
    await program.printed(/begun/)
    folder.write("text.js", text("two"))
    await answers(url, "two")
    expect(await (await old).text()).toBe("one")
  })

  test("a request that is sent in pieces during a restart is answered whole", async () => {
    const echo = `
      import { runSimple } from "werkstatt/serving"
      import "./text.js"
      const app = async (environ, start) => {
        const body = await environ["wsgi.input"].read()
        start("200 OK", [])
        return [body]
      }
      await runSimple("127.0.0.1", 0, app, { useReloader: true })`
    const { folder, program, url } = await start({ "main.js": echo, "text.js": text("one") })
    await answers(url, "")
    folder.write("text.js", text("two"))
    await program.printed(/Detected change/)
    const client = new RawClient(Number(new URL(url).port)).send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123",
    )
    await sleep(50)
    client.send("4567890")
    expect(await client.end()).toMatch(/\r\nConnection: close\r\n[\s\S]*\r\n\r\n1234567890$/)
  })

  test("a WebSocket is closed with 1012, and one that comes again at once meets the next process", async () => {
    const { folder, url } = await start({ "main.js": SPEAKING, "text.js": text("one") })
    const open = async () => {
      const socket = new WebSocket(`${url.replace("http", "ws")}/socket`)
      const [message] = await once(socket, "message")
      return { socket, greeting: String(message) }
    }
    const first = await open()
    expect(first.greeting).toBe("one")
    folder.write("text.js", text("two"))
    expect((await once(first.socket, "close"))[0]).toBe(1012)
    const second = await open()
    expect(second.greeting).toBe("two")
    second.socket.terminate()
  })

  test("a connection on which nothing is said yet outlives it", async () => {
    const { folder, url } = await start({ "main.js": MAIN(), "text.js": text("one") })
    await answers(url, "one")
    const idle = new RawClient(Number(new URL(url).port))
    await sleep(100)
    folder.write("text.js", text("two"))
    await answers(url, "two")
    expect(await idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").end()).toMatch(/two$/)
  })
})

describe("what is watched", () => {
  test("modules of TypeScript, of CommonJS, and those that are imported late", async () => {
    const main = `
      import { runSimple } from "werkstatt/serving"
      import { createRequire } from "node:module"
      import { typed } from "./typed.ts"
      const old = createRequire(import.meta.url)("./old/one.cjs")
      const app = async (environ, start) => {
        const { late } = await import("./late/late.js")
        start("200 OK", [])
        return [new TextEncoder().encode([typed, old, late].join(" "))]
      }
      await runSimple("127.0.0.1", 0, app, { useReloader: true })`
    const { folder, url } = await start(
      {
        "main.ts": main,
        "typed.ts": `export const typed: string = "typed1"`,
        "old/one.cjs": `module.exports = require("../older/two.cjs")`,
        "older/two.cjs": `module.exports = "old1"`,
        "late/late.js": `export const late = "late1"`,
      },
      ["--import", "tsx", "main.ts"],
    )
    await answers(url, "typed1 old1 late1")
    folder.write("typed.ts", `export const typed: string = "typed2"`)
    await answers(url, "typed2 old1 late1")
    folder.write("older/two.cjs", `module.exports = "old2"`)
    await answers(url, "typed2 old2 late1")
    folder.write("late/late.js", `export const late = "late2"`)
    await answers(url, "typed2 old2 late2")
  })

  test("a module that is missing is seen when it is made, in a new folder too", async () => {
    const { folder, program, url } = await start({ "main.js": MAIN(), "text.js": text("one") })
    await answers(url, "one")
    folder.write("text.js", `export { text } from "./deep/down/other.js"`)
    await answers(url, /Cannot find module/)
    folder.write("deep/down/other.js", text("found"))
    await answers(url, "found")
    expect(program.child.exitCode).toBeNull()
  })

  test("extra files and folders are, excluded ones are not", async () => {
    const { folder, program, url } = await start({
      "main.js": MAIN(`{ extraFiles: ["settings.toml", "templates"], excludePatterns: ["*/made.js", "*.bak"] }`),
      "text.js": text("one"),
      "made.js": "",
      "settings.toml": "",
      "templates/a/page.html": "",
      "templates/page.bak": "",
    })
    await answers(url, "one")
    folder.write("made.js", "// anew")
    folder.write("templates/page.bak", "anew")
    folder.write("notes.txt", "anew")
    await sleep(400)
    expect(program.output).not.toContain("Detected change")
    folder.write("settings.toml", "a = 1")
    await program.printed(/Detected change in '.*settings\.toml'/)
    await answers(url, "one")
    folder.write("templates/a/page.html", "anew")
    await program.printed(/Detected change in '.*page\.html'/)
  })

  test("a folder of packages is not, however huge the tree beside the sources", async () => {
    const { folder, program, url } = await start({
      "main.js": `import "pack"; ${MAIN()}`,
      "text.js": text("one"),
      "node_modules/pack/package.json": `{ "type": "module", "main": "index.js" }`,
      "node_modules/pack/index.js": "",
      "data/deep/file.js": "",
    })
    await answers(url, "one")
    folder.write("node_modules/pack/index.js", "// anew")
    folder.write("data/deep/file.js", "// anew")
    await sleep(400)
    expect(program.output).not.toContain("Detected change")
  })
})

describe("an application that does not run", () => {
  test("what it says is escaped, and is for requests by a name of this machine only", async () => {
    const { folder, url } = await start({ "main.js": MAIN(), "text.js": text("one") })
    folder.write("text.js", `${text("")}; throw new Error("<img src=x onerror=1>")`)
    await answers(url, /<img src=x/)
    const page = await (await fetch(url, { headers: { Accept: "text/html" } })).text()
    expect(page).toContain("&lt;img src=x onerror=1&gt;")
    expect(page).not.toContain("<img")
    const port = Number(new URL(url).port)
    const other = await new RawClient(port).send("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n").end()
    expect(other).toMatch(/^HTTP\/1\.1 500 [\s\S]*See the terminal/)
    expect(other).not.toContain("onerror")
  })

  test("an uncaught error, long after the start, waits for a save as well", async () => {
    const { folder, program, url } = await start({ "main.js": MAIN(), "text.js": text("one") })
    await answers(url, "one")
    folder.write("text.js", `${onGo('throw new Error("late")')}; ${text("two")}`)
    await answers(url, "two")
    folder.write("go", "")
    await program.printed(/does not run; waiting for a change/)
    expect(await (await fetch(url)).text()).toContain("Error: late")
    folder.write("text.js", text("three"))
    await answers(url, "three")
  })
})

describe("the end", () => {
  const both = { "main.js": MAIN(), "text.js": text("one") }

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s to the parent ends both with exit code 0", async (signal) => {
    const { program, url } = await start(both)
    await answers(url, "one")
    // The one that serves, and the one that is ready for the next change.
    const children = await untilChildren(program.pid, 2)
    program.kill(signal)
    expect(await program.ended()).toEqual([0, null])
    await noOrphans(children)
  })

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s to the child ends both with exit code 0", async (signal) => {
    const { program, url } = await start({ ...both, "text.js": "export const text = String(process.pid)" })
    const serving = Number(await (await fetch(url)).text())
    const children = childrenOf(program.pid).map(({ pid }) => pid)
    expect(children).toContain(serving)
    process.kill(serving, signal)
    expect(await program.ended()).toEqual([0, null])
    await noOrphans(children)
  })

  test.each([
    ["a loop", "while (true);"],
    ["a wait for another thread", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"],
  ])("SIGKILL to the parent leaves no child behind that hangs in %s", async (_what, statement) => {
    const { program } = await start({
      "main.js": MAIN(),
      "text.js": `import { isRunningFromReloader } from "werkstatt/serving"
        if (isRunningFromReloader()) { console.log("hangs"); ${statement} }
        ${text("one")}`,
    })
    await program.printed(/hangs/)
    const children = childrenOf(program.pid).map(({ pid }) => pid)
    expect(children).toHaveLength(1)
    program.kill("SIGKILL")
    await program.ended()
    await noOrphans(children)
  })

  test("SIGKILL to the parent leaves no child behind that has just been started", async () => {
    for (let delayMs = 0; delayMs < 300; delayMs += 30) {
      const { program } = await start(both)
      const children = await untilChildren(program.pid, 1)
      await sleep(delayMs)
      children.push(...childrenOf(program.pid).map(({ pid }) => pid))
      program.kill("SIGKILL")
      await program.ended()
      await noOrphans(children)
    }
  })

  test("SIGINT while the application does not run, or hangs, ends it too", async () => {
    const broken = await start(both)
    await answers(broken.url, "one")
    broken.folder.write("text.js", "export const =")
    await answers(broken.url, /does not run/)
    broken.program.kill("SIGINT")
    expect(await broken.program.ended()).toEqual([0, null])
    const hanging = await start({ "main.js": MAIN(), "text.js": `if (process.send) while (true);\n${text("one")}` })
    const children = await untilChildren(hanging.program.pid, 1)
    await sleep(400)
    hanging.program.kill("SIGINT")
    await hanging.program.ended()
    await noOrphans(children)
  })

  test("a process that is caught in a loop is replaced by a save, and ended by a second SIGINT", async () => {
    const loop = `
      import { runSimple } from "werkstatt/serving"
      import { text } from "./text.js"
      const app = (environ, start) => {
        if (environ.PATH_INFO === "/loop") {
          console.log("caught")
          while (true);
        }
        start("200 OK", [])
        return [new TextEncoder().encode(text)]
      }
      await runSimple("127.0.0.1", 0, app, { useReloader: true, closeTimeoutMs: 500 })`
    const { folder, program, url } = await start({ "main.js": loop, "text.js": text("one") })
    await answers(url, "one")
    const caught = () => fetch(`${url}/loop`).catch(() => "broken off")
    const first = caught()
    await program.printed(/caught/)
    folder.write("text.js", text("two"))
    await answers(url, "two")
    expect(await first).toBe("broken off")
    const second = caught()
    await program.printed(/caught[\s\S]*caught/)
    const children = childrenOf(program.pid).map(({ pid }) => pid)
    program.kill("SIGINT")
    await sleep(100)
    program.kill("SIGINT")
    expect(await program.ended()).toEqual([0, null])
    expect(await second).toBe("broken off")
    await noOrphans(children)
  })

  test.each([
    ["process.exit(7)", 7],
    ["process.exit(0)", 0],
    ["process.kill(process.pid, 'SIGKILL')", 137],
  ])("the exit code of %s is passed on", async (statement, code) => {
    const { folder, program, url } = await start({
      "main.js": MAIN(),
      "text.js": `${onGo(statement)}; ${text("one")}`,
    })
    await answers(url, "one")
    folder.write("go", "")
    expect(await program.ended()).toEqual([code, null])
  })

  test("descriptors and processes stay as many over restarts", async () => {
    const { folder, program, url } = await start(both)
    await answers(url, "one")
    await untilChildren(program.pid, 2)
    const descriptors = () => readdirSync(`/proc/${program.pid}/fd`).length
    const before = descriptors()
    for (let i = 0; i < 5; i++) {
      folder.write("text.js", text(`round ${i}`))
      await answers(url, `round ${i}`)
    }
    await untilChildren(program.pid, 2)
    await expect.poll(descriptors, WAIT).toBeLessThanOrEqual(before + 1)
    const children = childrenOf(program.pid)
    expect(children).toHaveLength(2)
    expect(children.filter(({ state }) => state === "Z")).toEqual([])
  })
})

describe("liveReload", () => {
  /** Status of a request with headers that fetch would not send. */
  const statusOf = (url: string, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      request(`${url}/__werkstatt__/reload`, { headers }, (response) => {
        response.destroy()
        resolve(response.statusCode as number)
      })
        .on("error", reject)
        .end()
    })

  test("pages get a script; its stream ends with the process, and the next one has another name", async () => {
    const { folder, url } = await start({ "main.js": MAIN("{ liveReload: true }"), "text.js": text("<p>one</p>") })
    await answers(url, /^<p>one<\/p><script src="\/__werkstatt__\/reload\.js" data-generation="[\w-]+"><\/script>\n$/)
    expect(await (await fetch(`${url}/__werkstatt__/reload.js`)).text()).toContain("EventSource")
    const events = await fetch(`${url}/__werkstatt__/reload`)
    expect(events.headers.get("content-type")).toBe("text/event-stream")
    expect(events.headers.get("access-control-allow-origin")).toBeNull()
    const stream = events.text()
    folder.write("text.js", text("<p>two</p>"))
    const before = await stream
    expect(before).toMatch(/^retry: \d+\ndata: [\w-]+\n\n$/)
    const again = await fetch(`${url}/__werkstatt__/reload`)
    const reader = again.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>
    expect(new TextDecoder().decode((await reader.read()).value)).not.toBe(before)
    await reader.cancel()
    folder.write("text.js", "export const =")
    await answers(url, /does not run/)
    expect(await (await fetch(url, { headers: { Accept: "text/html" } })).text()).toContain("reload.js")
  })

  test("the stream is for pages of this machine, with any other Host and Origin refused", async () => {
    const { url } = await start({ "main.js": MAIN("{ liveReload: true }"), "text.js": text("one") })
    const host = new URL(url).host
    expect(await statusOf(url, { Origin: `http://${host}` })).toBe(200)
    expect(await statusOf(url, { Host: "site.localhost", Origin: "http://site.localhost" })).toBe(200)
    for (const headers of [
      { Origin: "http://evil.test" },
      { Origin: "null" },
      { Origin: "http://10.0.0.1" },
      { Origin: "::::" },
      { Origin: `https://${host}` },
      { Host: "evil.test" },
      { Host: "evil.test", Origin: "http://evil.test" },
      { Host: "127.1" },
      { Host: "localhost.evil.test" },
      { "Sec-Fetch-Site": "cross-site" },
    ] as Record<string, string>[])
      expect(await statusOf(url, headers), JSON.stringify(headers)).toBe(403)
    for (const Host of ["a.com:80@evil.com", "[::1", "a b", "a.com:99999"])
      expect(await statusOf(url, { Host })).toBe(400)
    await answers(url, /^one/)
  })
})
