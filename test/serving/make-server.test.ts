import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { describe, expect, onTestFinished, test } from "vitest"
import { makeServer } from "../../src/serving/make-server.ts"
import { answering, encode, RawClient, sleep } from "../support/server.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))

describe("makeServer", () => {
  test("binds a free port for port 0 and answers on it at once", async () => {
    const server = await makeServer("127.0.0.1", 0, answering("hi"), { accessLog: false })
    expect(server.port).toBeGreaterThan(0)
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
    expect(await (await fetch(server.url)).text()).toBe("hi")
    await server.close()
    await server.serveForever()
    await expect(fetch(server.url)).rejects.toThrow()
  })

  test("a taken port is refused with a sentence that says what to do", async () => {
    const first = await makeServer("127.0.0.1", 0, answering("hi"), { accessLog: false })
    const error = await makeServer("127.0.0.1", first.port, answering("hi")).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: "EADDRINUSE" })
    expect((error as Error).message).toMatch(/is in use by another program\. Stop that program, or choose another port/)
    await first.close()
  })

  test("an address of another machine is refused with a sentence", async () => {
    await expect(makeServer("192.0.2.1", 0, answering("hi"))).rejects.toThrow("is not an address of this machine")
  })

  test.each([-1, 65536, 1.5, Number.NaN, "80"])("the port %s is none", async (port) => {
    await expect(makeServer("127.0.0.1", port as number, answering("hi"))).rejects.toThrow(RangeError)
  })

  test("an application that is no function is refused", async () => {
    await expect(makeServer("127.0.0.1", 0, {} as never)).rejects.toThrow(TypeError)
  })

  test("logs each request in one line, with control characters and quotes escaped", async () => {
    const lines: string[] = []
    const server = await makeServer("127.0.0.1", 0, answering("seven b"), { log: (line) => lines.push(line) })
    const client = new RawClient(server.port)
    client.send('GET /a"b%0a?c=\\x HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.until((received) => received.endsWith("seven b"))
    client.socket.destroy()
    await server.close()
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(
      /^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4} \d\d:\d\d:\d\d\] "GET \/a\\"b%0a\?c=\\\\x HTTP\/1\.1" 200 7$/,
    )
  })

  test("logs 500 for an application that failed, and the bytes that were sent", async () => {
    const lines: string[] = []
    const server = await makeServer(
      "127.0.0.1",
      0,
      () => {
        throw new Error("broken")
      },
      { log: (line) => lines.push(line), errors: { write: () => {}, writeLines: () => {}, flush: () => {} } },
    )
    expect((await fetch(server.url)).status).toBe(500)
    await server.close()
    expect(lines[0]).toMatch(/" 500 22$/)
  })

  test("close finishes what is at work, says that the connection ends, and takes nothing new", async () => {
    let began: () => void = () => {}
    const begun = new Promise<void>((resolve) => {
      began = resolve
    })
    const server = await makeServer(
      "127.0.0.1",
      0,
      async (_environ, startResponse) => {
        began()
        await sleep(150)
        startResponse("200 OK", [])
        return [encode("finished")]
      },
      { accessLog: false },
    )
    const idle = new RawClient(server.port)
    await once(idle.socket, "connect")
    const client = new RawClient(server.port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await begun
    const closed = server.close()
    await idle.end()
    await expect(fetch(server.url)).rejects.toThrow()
    const received = await client.end()
    expect(received).toMatch(/\r\nConnection: close\r\n/)
    expect(received).toMatch(/finished$/)
    await closed
  })

  test("close breaks off what does not end in time, and its signal aborts", async () => {
    let reason: unknown
    let began: () => void = () => {}
    const begun = new Promise<void>((resolve) => {
      began = resolve
    })
    const server = await makeServer(
      "127.0.0.1",
      0,
      async (environ) => {
        const signal = environ["wsgi.signal"] as AbortSignal
        began()
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
        reason = signal.reason
        throw reason
      },
      { accessLog: false, closeTimeoutMs: 50, errors: { write: () => {}, writeLines: () => {}, flush: () => {} } },
    )
    new RawClient(server.port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await begun
    await server.close()
    await sleep(10)
    expect((reason as Error).message).toContain("shutting down")
  })
})

describe("runSimple", () => {
  async function start(file: string): Promise<{ child: ChildProcess; url: string; output: () => string }> {
    const child = spawn(process.execPath, ["--input-type=module", "-e", file], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    })
    onTestFinished(() => void child.kill("SIGKILL"))
    let output = ""
    const collect = (chunk: Buffer) => {
      output += chunk.toString()
    }
    child.stdout.on("data", collect)
    child.stderr.on("data", collect)
    while (!output.includes("CTRL+C")) {
      if (child.exitCode !== null) throw new Error(output)
      await sleep(10)
    }
    const url = /http:\/\/\S+/.exec(output)?.[0] as string
    return { child, url, output: () => output }
  }

  const SLOW = `
    import { runSimple } from "werkstatt"
    await runSimple("127.0.0.1", 0, async (environ, start) => {
      console.log("begun")
      await new Promise((resolve) => setTimeout(resolve, 300))
      start("200 OK", [])
      return [new TextEncoder().encode("done")]
    })
    console.log("after")`

  test.each(["SIGINT", "SIGTERM"] as const)(
    "prints its URL, logs, and on %s finishes what is in flight and ends with exit code 0",
    async (signal) => {
      const { child, url, output } = await start(SLOW)
      expect(output()).toContain(` * Running on ${url}\nPress CTRL+C to quit\n`)
      const answer = fetch(url)
      while (!output().includes("begun")) await sleep(10)
      child.kill(signal)
      const [code] = await once(child, "exit")
      expect(await (await answer).text()).toBe("done")
      expect(code).toBe(0)
      expect(output()).toMatch(/"GET \/ HTTP\/1\.1" 200 4\n/)
      expect(output()).toMatch(/after\n$/)
    },
  )

  test("a second signal does not wait", async () => {
    const { child, url, output } = await start(SLOW.replace("300", "60_000"))
    const answer = fetch(url).catch((reason: unknown) => reason)
    while (!output().includes("begun")) await sleep(10)
    child.kill("SIGINT")
    await sleep(100)
    child.kill("SIGINT")
    const [code] = await once(child, "exit")
    expect(code).toBe(0)
    expect(await answer).toBeInstanceOf(Error)
  })

  test("is not kept alive by what the program has open besides", async () => {
    const { child } = await start(`setInterval(() => {}, 1000);${SLOW}`)
    child.kill("SIGTERM")
    expect(await once(child, "exit")).toEqual([0, null])
  })
})
