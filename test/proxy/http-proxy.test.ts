import { createHash } from "node:crypto"
import { once } from "node:events"
import { connect as connectHttp2 } from "node:http2"
import { connect, type Socket } from "node:net"
import { describe, expect, onTestFinished, test } from "vitest"
import { inputFrom } from "../../src/environ/input.ts"
import type { Application } from "../../src/gateway.ts"
import { bodyLimit } from "../../src/middleware/body-limit.ts"
import { type ProxyFixOptions, proxyFix } from "../../src/middleware/proxy-fix.ts"
import { type HttpProxyOptions, httpProxy, type ProxyTarget } from "../../src/proxy/http-proxy.ts"
import { makeServer } from "../../src/serving/make-server.ts"
import { answer } from "../middleware/calling.ts"
import { linted } from "../support/lint.ts"
import { get, parseAnswer, RawClient, serve, sleep, talk } from "../support/server.ts"
import { httpUpstream, rawUpstream, refusingUpstream } from "./upstream-server.ts"

/** A server with the proxy in it; what no prefix takes is answered by the application inside. */
async function proxied(targets: Record<string, ProxyTarget | string>, options: HttpProxyOptions = {}) {
  const proxy = httpProxy(linted(answer("inside")), targets, options)
  onTestFinished(() => proxy.close())
  return serve(linted(proxy))
}

const OK = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"

describe("what is passed on", () => {
  test("path and query, byte for byte; the longest prefix counts; the rest stays inside", async () => {
    const [one, two] = [await httpUpstream(), await httpUpstream()]
    const { port } = await proxied({ "/a": one.url, "/a/b": { target: `${two.url}/base/`, removePrefix: true } })
    const targets = ["/a/x%2Fy$?q=%zz&r=a+b", "/a", "/a?", "/a??", "/a/b/c?d", "/a/b?", "/ab", "/"]
    for (const path of targets) await get(port, path)
    expect(one.seen.map(({ url }) => url)).toEqual(["/a/x%2Fy$?q=%zz&r=a+b", "/a", "/a?", "/a??"])
    expect(two.seen.map(({ url }) => url)).toEqual(["/base/c?d", "/base?"])
    expect((await get(port, "/ab")).body).toBe("inside")
  })

  test.each(["/a/%2e%2e/admin", "/a/..%2fadmin", "/a/../admin", "/a;/../admin", "/a%2fadmin", "/a/%zz"])(
    "%s is not",
    async (path) => {
      const { url, seen } = await httpUpstream()
      const { port } = await proxied({ "/a": url })
      expect((await get(port, path)).status).toMatch(/ 400 | 200 /)
      expect(seen).toEqual([])
    },
  )

  test("no target but the one that was configured", async () => {
    const { url, seen } = await httpUpstream()
    const other = await httpUpstream()
    const { port } = await proxied({ "": url })
    const { host } = new URL(other.url)
    for (const target of [`//${host}/x`, `//${host}`, `http://${host}/y`, `/\\${host}`]) {
      await talk(port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    }
    expect(other.seen).toEqual([])
    expect(seen.map(({ url }) => url)).toContain(`//${host}/x`)
  })

  test("headers, once each and in our form", async () => {
    const { url, seen } = await httpUpstream()
    const { port } = await proxied({ "/": { target: url, headers: { "X-Key": "own" } } })
    await get(
      port,
      "/",
      "X-Key: forged",
      "Connection: X-Key, X-Forwarded-For",
      "X-A: 1",
      "x-a: 2",
      "TE: trailers",
      "Upgrade: websocket",
      "Cookie: a=1",
    )
    const [first] = seen
    const headers = Object.fromEntries(first?.headers ?? [])
    expect(first?.headers.length).toBe(Object.keys(headers).length)
    expect(headers).toMatchObject({
      "x-key": "own",
      "x-a": "1, 2",
      cookie: "a=1",
      "x-forwarded-for": "127.0.0.1",
      host: new URL(url).host,
    })
    expect(Object.keys(headers)).not.toContain("upgrade")
    expect(Object.keys(headers)).not.toContain("te")
  })

  test.each([
    ["a length", (body: string) => `Content-Length: ${body.length}\r\n\r\n${body}`],
    [
      "chunks",
      (body: string) => `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ],
  ])("a body with %s", async (_, framed) => {
    const { url, seen } = await httpUpstream()
    const { port } = await proxied({ "/": url })
    const body = 'x\r\n--B\r\nContent-Disposition: form-data; name="admin"'.repeat(3000)
    await talk(port, `POST /p HTTP/1.1\r\nHost: a\r\nContent-Type: x/y\r\nConnection: close\r\n${framed(body)}`)
    expect(seen).toHaveLength(1)
    expect(seen[0]?.body.toString()).toBe(body)
    expect(Object.fromEntries(seen[0]?.headers ?? [])).toMatchObject({ "content-type": "x/y" })
  })

  test("100 Continue comes when the upstream reads, not before it is asked", async () => {
    const { url, seen } = await httpUpstream()
    const { port } = await proxied({ "/": url })
    const client = new RawClient(port)
    client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    await client.until((text) => text.startsWith("HTTP/1.1 100 "))
    client.send("abc")
    expect(await client.end()).toContain("from upstream")
    expect(Object.keys(Object.fromEntries(seen[0]?.headers ?? []))).not.toContain("expect")
  })
})

/** A server of HTTP/2 with the proxy in it, and a client of it. */
async function proxiedHttp2(target: string) {
  const proxy = httpProxy(linted(answer("inside")), { "/": target })
  const server = await makeServer("127.0.0.1", 0, linted(proxy), { sslContext: "adhoc", http2: true, accessLog: false })
  const serving = server.serveForever()
  const session = connectHttp2(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false })
  onTestFinished(async () => {
    session.destroy()
    await server.close()
    await serving
    await proxy.close()
  })
  return async (headers: Record<string, string | number>, chunks: readonly string[] | undefined) => {
    const stream = session.request(headers, { endStream: chunks === undefined })
    const answered = once(stream, "response")
    for (const chunk of chunks?.slice(0, -1) ?? []) {
      stream.write(chunk)
      await sleep(5)
    }
    // With the last chunk: a response that comes before the end of a request closes the stream early.
    if (chunks !== undefined) stream.end(chunks.at(-1))
    const [head] = (await answered) as [Record<string, unknown>]
    let text = ""
    for await (const chunk of stream) text += chunk
    return { status: head[":status"], text }
  }
}

describe("a body of HTTP/2", () => {
  test.each<[string, Record<string, string | number>, string[] | undefined, string]>([
    ["without a length", { ":method": "POST" }, ["one ", "two ", "three"], "one two three"],
    ["with a length", { ":method": "PUT", "content-length": 13 }, ["one ", "two ", "three"], "one two three"],
    ["of a GET", { ":method": "GET" }, ["query"], "query"],
    ["that is empty", { ":method": "POST" }, [], ""],
    ["that is not there", { ":method": "POST" }, undefined, ""],
    ["that a GET has not", { ":method": "GET" }, undefined, ""],
    ["of a DELETE that has none, in a frame of its own", { ":method": "DELETE" }, [], ""],
  ])("%s arrives", async (_, headers, chunks, body) => {
    const { url, seen } = await httpUpstream()
    const ask = await proxiedHttp2(url)
    expect(await ask({ ":path": "/p", ...headers }, chunks)).toEqual({ status: 200, text: "from upstream" })
    expect(seen.map((each) => [each.method, each.body.toString()])).toEqual([[headers[":method"], body]])
  })
})

test("a body that a layer outside has put in place of another is the one that is sent", async () => {
  const { url, seen } = await httpUpstream()
  const proxy = httpProxy(answer("inside"), { "/": url })
  onTestFinished(() => proxy.close())
  // As one that takes the coding off does.
  const decoding: Application = (environ, startResponse) => {
    delete environ.CONTENT_LENGTH
    environ["wsgi.input"] = inputFrom([Buffer.from("as it "), Buffer.from("was")])
    return proxy(environ, startResponse)
  }
  const { port } = await serve(decoding)
  const post = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
  expect(await talk(port, post)).toContain("200 OK")
  expect(seen[0]?.body.toString()).toBe("as it was")
})

describe("a request that is at fault itself", () => {
  const chunked = (text: string) =>
    `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${text}`

  test("is told so, not that the upstream is", async () => {
    const { url } = await httpUpstream()
    const proxy = httpProxy(answer("inside"), { "/": url })
    onTestFinished(() => proxy.close())
    const { port, errors } = await serve(bodyLimit(proxy, { maxBytes: 10 }))
    expect(await talk(port, chunked("5\r\nabcde\r\n8\r\nabcdefgh\r\n0\r\n\r\n"))).toMatch(/^HTTP\/1\.1 413 /)
    expect((await get(port, "/")).status).toBe("HTTP/1.1 200 OK")
    expect(errors.join()).not.toContain("upstream failed")
  })
})

describe("what comes back", () => {
  test("status, reason, headers and body", async () => {
    const url = await rawUpstream((socket) =>
      socket.write(
        "HTTP/1.1 299 Own Words\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Hop: 1\r\nConnection: X-Hop\r\nKeep-Alive: timeout=9\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
      ),
    )
    const { port } = await proxied({ "/": url })
    const { status, fields, body } = await get(port, "/")
    expect([status, body]).toEqual(["HTTP/1.1 299 Own Words", "hi"])
    expect(fields.filter(([name]) => name === "set-cookie").map(([, value]) => value)).toEqual(["a=1", "b=2"])
    expect(fields.map(([name]) => name)).not.toContain("x-hop")
    expect(fields.map(([name]) => name)).not.toContain("keep-alive")
  })

  test.each([
    ["HEAD", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n", "200", "5"],
    ["HEAD", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n", "200", undefined],
    ["HEAD", 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5\r\n\r\n', "304", "5"],
    ["GET", 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', "304", undefined],
    ["GET", 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5\r\n\r\n', "304", "5"],
    ["GET", 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nTransfer-Encoding: chunked\r\n\r\n', "304", undefined],
    ["GET", "HTTP/1.1 204 No Content\r\n\r\n", "204", undefined],
    ["GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "204", undefined],
    ["DELETE", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "204", undefined],
    ["GET", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", "205", "0"],
    ["GET", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n", "200", "0"],
  ])("of %s, no body: %j", async (method, bytes, code, length) => {
    const url = await rawUpstream((socket) => socket.write(bytes))
    const { port, errors } = await proxied({ "/": url }, { maxConnections: 1 })
    for (let round = 0; round < 2; round++) {
      const found = parseAnswer(await talk(port, `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`))
      expect([found.status.split(" ")[1], found.header("content-length"), found.body]).toEqual([code, length, ""])
    }
    expect(errors).toEqual([])
  })

  test("with a reason phrase that is not ASCII, which may be left out", async () => {
    const url = await rawUpstream((socket) =>
      socket.write(
        "HTTP/1.1 404 Fehlt f\xfcr Sie\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno",
        "latin1",
      ),
    )
    const { port } = await proxied({ "/": url })
    const { status, body } = await get(port, "/")
    expect([status.slice(0, 12), body]).toEqual(["HTTP/1.1 404", "no"])
  })

  test("without end, and the upstream waits for a client that does not read", async () => {
    const piece = Buffer.alloc(65536, "0123456789abcdef")
    let written = 0
    let isWaiting = false
    const url = await rawUpstream((socket) => {
      const more = () => {
        isWaiting = false
        while (socket.writable) {
          written += piece.length
          if (!socket.write(piece)) break
        }
        isWaiting = true
        if (socket.writable) socket.once("drain", more)
      }
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n")
      more()
    })
    const { port } = await proxied({ "/": url })
    const socket = connect({ port, host: "127.0.0.1" })
    onTestFinished(() => void socket.destroy())
    socket.pause()
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    // It comes to rest: an upstream that is not held up never does.
    let before = -1
    for (let tries = 0; !(isWaiting && written > 0 && written === before); tries++) {
      expect(tries).toBeLessThan(100)
      before = written
      await sleep(100)
    }
    // And goes on as soon as the client reads.
    let received = 0
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      received += chunk.length
      if (received > before + 10 * piece.length) break
    }
    expect(written).toBeGreaterThan(before)
  })

  test("ten MiB, byte for byte", async () => {
    const size = 10 * 1024 * 1024
    const bytes = Buffer.alloc(size, "0123456789abcdef")
    const url = await rawUpstream(async (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: ${size}\r\n\r\n`)
      for (let at = 0; at < size; at += 65536) {
        if (!socket.write(bytes.subarray(at, at + 65536))) await once(socket, "drain").catch(() => {})
      }
    })
    const { port } = await proxied({ "/": url })
    const socket = connect({ port, host: "127.0.0.1" })
    onTestFinished(() => void socket.destroy())
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    const hash = createHash("sha256")
    let rest: Buffer = Buffer.alloc(0)
    let head = true
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      rest = head ? Buffer.concat([rest, chunk]) : chunk
      const end = head ? rest.indexOf("\r\n\r\n") : -4
      if (head && end === -1) continue
      hash.update(rest.subarray(end + 4))
      head = false
    }
    expect(hash.digest("hex")).toBe(createHash("sha256").update(bytes).digest("hex"))
  })

  test("chunk by chunk, as they are sent", async () => {
    let socketOfUpstream: Socket | undefined
    const url = await rawUpstream((socket) => {
      socketOfUpstream = socket
      socket.write(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n",
      )
    })
    const { port } = await proxied({ "/": url })
    const client = new RawClient(port).send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    await client.until((text) => text.includes("one"))
    socketOfUpstream?.write("3\r\ntwo\r\n0\r\n\r\n")
    expect(await client.end()).toContain("two")
  })
})

describe("an upstream that", () => {
  const failing = async (handler: Parameters<typeof rawUpstream>[0], options: HttpProxyOptions = {}) => {
    const { port, errors } = await proxied({ "/": await rawUpstream(handler) }, options)
    const began = performance.now()
    const received = await talk(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    return { received, status: parseAnswer(received).status, errors, ms: performance.now() - began }
  }

  test("refuses is answered for with 502", async () => {
    const { port, errors } = await proxied({ "/": await refusingUpstream() })
    expect((await get(port, "/")).status).toBe("HTTP/1.1 502 Bad Gateway")
    expect(errors.join()).toContain("ECONNREFUSED")
  })

  test("hangs is answered for with 504, in time", async () => {
    const { status, ms } = await failing(() => {}, { timeoutMs: 100 })
    expect(status).toBe("HTTP/1.1 504 Gateway Timeout")
    expect(ms).toBeLessThan(3000)
  })

  test.each([
    ["resets before its head", (socket: Socket) => void socket.resetAndDestroy()],
    ["closes before its head", (socket: Socket) => void socket.end()],
    ["sends half a head", (socket: Socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-")],
    ["sends no HTTP", (socket: Socket) => void socket.end("hello\r\n\r\n")],
    ["sends a bad status", (socket: Socket) => void socket.end("HTTP/1.1 2x0 OK\r\n\r\n")],
    ["sends a bad header", (socket: Socket) => void socket.end("HTTP/1.1 200 OK\r\nA B: c\r\n\r\n")],
    [
      "sends two lengths",
      (socket: Socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    ],
    [
      "sends a length and chunks",
      (socket: Socket) =>
        void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ],
    [
      "upgrades unasked",
      (socket: Socket) =>
        void socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
    ],
    [
      "sends a head without end",
      (socket: Socket) => {
        const more = () => {
          while (socket.writable && socket.write(`X-${"a".repeat(1000)}: b\r\n`));
          if (socket.writable) socket.once("drain", more)
        }
        socket.write("HTTP/1.1 200 OK\r\n")
        more()
      },
    ],
    [
      "sends interim responses without end",
      (socket: Socket) => {
        const more = () => {
          while (socket.writable && socket.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"));
          if (socket.writable) socket.once("drain", more)
        }
        more()
      },
    ],
  ])("%s is answered for with 502", async (_, handler) => {
    expect((await failing(handler)).status).toBe("HTTP/1.1 502 Bad Gateway")
  })

  test("sends a few interim responses is heard out", async () => {
    const { status } = await failing((socket) => socket.end(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`))
    expect(status).toBe("HTTP/1.1 200 OK")
  })

  test.each([
    ["resets in the middle", (socket: Socket) => void setTimeout(() => socket.resetAndDestroy(), 30)],
    ["closes in the middle", (socket: Socket) => void setTimeout(() => socket.end(), 30)],
    ["hangs in the middle", () => {}],
  ])("%s cuts the client off", async (_, end) => {
    const { received, errors } = await failing(
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        end(socket)
      },
      { bodyTimeoutMs: 100 },
    )
    expect(received).toContain("abc")
    expect(received).not.toMatch(/0\r\n\r\n$/)
    expect(errors.join()).toContain("the upstream failed")
  })

  test("sends two answers does not answer the next request with the second", async () => {
    const url = await rawUpstream((socket, head) => {
      const path = head.split(" ")[1] as string
      const answerTo = (text: string) =>
        `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`
      socket.write(answerTo(path) + (path === "/poison" ? answerTo("poisoned") : ""))
    })
    const { port } = await proxied({ "/": url }, { maxConnections: 1 })
    for (let round = 0; round < 5; round++) {
      await get(port, "/poison")
      expect((await get(port, "/clean")).body).toBe("/clean")
    }
  })

  test("answers after its time does not answer the next request", async () => {
    const url = await rawUpstream((socket, head) => {
      const path = head.split(" ")[1] as string
      setTimeout(
        () =>
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\nContent-Type: text/plain\r\n\r\n${path}`),
        path === "/late" ? 250 : 0,
      )
    })
    const { port } = await proxied({ "/": url }, { timeoutMs: 100, maxConnections: 1 })
    expect((await get(port, "/late")).status).toContain("504")
    await sleep(200)
    expect((await get(port, "/next")).body).toBe("/next")
  })

  test("closes kept connections at random loses no GET", async () => {
    let count = 0
    const url = await rawUpstream((socket) => {
      count++
      socket.write(OK)
      if (count % 3 === 0) socket.end()
      if (count % 7 === 0) socket.resetAndDestroy()
    })
    const { port } = await proxied({ "/": url })
    for (let round = 0; round < 40; round++) expect((await get(port, "/")).body === "ok" || round % 7 === 6).toBe(true)
  })

  test("answers early ends the upload", async () => {
    const url = await rawUpstream((socket) => {
      socket.end(
        "HTTP/1.1 413 Too Large\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig",
      )
    })
    const { port } = await proxied({ "/": url })
    const client = new RawClient(port)
    client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5000000\r\n\r\n")
    client.send(Buffer.alloc(100_000, "x"))
    await client.until((text) => text.startsWith("HTTP/1.1 413 ") && text.endsWith("big"))
  })
})

describe("a client that leaves", () => {
  test("before the head takes the upstream's connection with it", async () => {
    const closed = new Promise<void>((resolve) => {
      void rawUpstream((socket) => socket.on("close", () => resolve())).then(async (url) => {
        const { port } = await proxied({ "/": url })
        const client = new RawClient(port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        setTimeout(() => client.socket.resetAndDestroy(), 150)
      })
    })
    await closed
  })

  test("in the middle does, too", async () => {
    let closed = false
    const url = await rawUpstream((socket) => {
      socket.on("close", () => {
        closed = true
      })
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000000\r\n\r\n")
      const more = () => {
        while (socket.writable && socket.write(Buffer.alloc(65536)));
        if (socket.writable) socket.once("drain", more)
      }
      more()
    })
    const { port } = await proxied({ "/": url })
    const client = new RawClient(port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await client.until((text) => text.length > 100_000)
    client.socket.resetAndDestroy()
    for (let tries = 0; !closed && tries < 300; tries++) await sleep(10)
    expect(closed).toBe(true)
  })

  test("in the middle of an upload does, too", async () => {
    let closed = false
    const url = await rawUpstream((socket) => {
      socket.on("close", () => {
        closed = true
      })
    })
    const { port } = await proxied({ "/": url })
    const client = new RawClient(port)
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
    await sleep(100)
    client.socket.resetAndDestroy()
    for (let tries = 0; !closed && tries < 300; tries++) await sleep(10)
    expect(closed).toBe(true)
  })
})

describe("several upstreams", () => {
  test("take turns, and one that refuses is passed over", async () => {
    const [one, two, dead] = [await httpUpstream(), await httpUpstream(), await refusingUpstream()]
    const { port } = await proxied({ "/": { target: [one.url, dead, two.url] } })
    for (let round = 0; round < 12; round++) expect((await get(port, "/")).status).toContain("200")
    expect([one.seen.length + two.seen.length, one.seen.length >= 4, two.seen.length >= 4]).toEqual([12, true, true])
  })

  test("a POST goes to another one only when the first was not reached", async () => {
    const [dead, live] = [await refusingUpstream(), await httpUpstream()]
    const { port } = await proxied({ "/": { target: [dead, live.url] } })
    const post = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
    expect(await talk(port, post)).toContain("200 OK")
    expect(live.seen[0]?.body.toString()).toBe("abc")

    let count = 0
    const resetting = await rawUpstream((socket) => {
      count++
      socket.resetAndDestroy()
    })
    const other = await proxied({ "/": { target: [resetting, resetting] } })
    expect(await talk(other.port, post)).toContain("502")
    expect(count).toBe(1)
  })

  test("a GET is asked again of another one that was cut off before its head", async () => {
    const resetting = await rawUpstream((socket) => void socket.resetAndDestroy())
    const live = await httpUpstream()
    const { port } = await proxied({ "/": { target: [resetting, live.url] } })
    for (let round = 0; round < 4; round++) expect((await get(port, "/")).status).toContain("200")
  })

  test("a GET whose body may hold something is asked again unless it did", async () => {
    const { url: resetting } = await httpUpstream(async (request) => {
      for await (const _ of request);
      request.socket.resetAndDestroy()
    })
    const live = await httpUpstream()
    const proxy = httpProxy(answer("inside"), { "/": { target: [resetting, live.url] } })
    onTestFinished(() => proxy.close())
    // Puts an input of its own around a body without a length, also around none.
    const { port } = await serve(bodyLimit(proxy, { maxBytes: 10 }))
    for (let round = 0; round < 4; round++) expect((await get(port, "/")).status).toContain("200")
    const withBody =
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    const answers: string[] = []
    for (let round = 0; round < 2; round++) answers.push((await talk(port, withBody)).slice(9, 12))
    expect(answers.sort()).toEqual(["200", "502"])
  })

  test("one that fails the question about its health is passed over until it answers", async () => {
    let healthy = false
    const asked: string[] = []
    const sick = await httpUpstream((request, response) => {
      asked.push(request.url ?? "")
      response.writeHead(healthy ? 200 : 503, { "Content-Type": "text/plain" }).end("sick")
    })
    const live = await httpUpstream()
    const { port } = await proxied(
      { "/": { target: [sick.url, live.url] } },
      { health: { path: "/health", intervalMs: 30 }, retryMs: 60_000 },
    )
    for (let tries = 0; !asked.includes("/health") && tries < 100; tries++) await sleep(10)
    await sleep(30)
    for (let round = 0; round < 4; round++) expect((await get(port, "/")).body).toBe("from upstream")
    healthy = true
    await sleep(100)
    const bodies = new Set<string>()
    for (let round = 0; round < 4; round++) bodies.add((await get(port, "/")).body)
    expect(bodies.size).toBe(2)
  })
})

test.each<[string, ProxyFixOptions, string, string]>([
  [
    "that believes all of X-Forwarded",
    { for: 1, proto: 1, host: 1, prefix: 1, port: 1 },
    "127.0.0.1 http localhost /shop /cart its own",
    "127.0.0.1 http localhost  /cart its own",
  ],
  [
    "that believes Forwarded, which nobody writes",
    { forwarded: 1, port: 1, prefix: 1 },
    "127.0.0.1 http its own host /shop /cart its own",
    "127.0.0.1 http localhost  /cart its own",
  ],
])("an upstream behind proxyFix %s knows client, scheme, host and mount", async (_, options, mounted, bare) => {
  const inner = linted(
    proxyFix(
      linted((environ, startResponse) => {
        startResponse("200 OK", [["Content-Type", "text/plain"]])
        return [
          Buffer.from(
            [
              environ.REMOTE_ADDR,
              environ["wsgi.url_scheme"],
              environ["HTTP_HOST"],
              environ.SCRIPT_NAME,
              environ.PATH_INFO,
              environ.SERVER_PORT,
            ].join(" "),
          ),
        ]
      }),
      options,
    ),
  )
  const { port: inside } = await serve(inner)
  const target = `http://127.0.0.1:${inside}`
  const { port } = await proxied({ "/shop": { target, removePrefix: true }, "/": { target, keepHost: true } })
  const forged = [
    "X-Forwarded-For: 6.6.6.6",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: evil.test:6666",
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Port: 6666",
    "X-Forwarded-Server: evil.test",
    "X-Forwarded-Anything-Else: evil",
    "X-Real-IP: 6.6.6.6",
    "Forwarded: for=6.6.6.6;host=evil.test;proto=https",
  ]
  const plain = (text: string) =>
    text.replaceAll(`127.0.0.1:${inside}`, "its own host").replaceAll(String(inside), "its own")
  expect(plain((await get(port, "/shop/cart", ...forged)).body)).toBe(mounted)
  expect(plain((await get(port, "/cart", ...forged)).body)).toBe(bare)
  // Of a client that tells no host, nothing is told.
  const old = parseAnswer(await talk(port, `GET /cart HTTP/1.0\r\n${forged.join("\r\n")}\r\n\r\n`))
  expect(old.status).toContain("200")
  expect(old.body).not.toMatch(/evil|6666/)
})

test("a client's own forwarded headers pass where the proxy adds none", async () => {
  const { url, seen } = await httpUpstream()
  const { port } = await proxied({ "/": { target: url, forward: false } })
  await get(port, "/", "X-Forwarded-Host: a.test", "X-Real-IP: 192.0.2.1", "Forwarded: for=192.0.2.1")
  expect(Object.fromEntries(seen[0]?.headers ?? [])).toMatchObject({
    "x-forwarded-host": "a.test",
    "x-real-ip": "192.0.2.1",
    forwarded: "for=192.0.2.1",
  })
})

test.each(["ftp://a.test", "a.test", "http://user@a.test", "http://a.test/?q", "http://a.test/#f", ""])(
  "%j is no target",
  (target) => {
    expect(() => httpProxy(answer("a"), { "/": target })).toThrow(TypeError)
  },
)

test("a prefix starts with a slash, a list of targets is not empty, a header is one", () => {
  expect(() => httpProxy(answer("a"), { api: "http://a.test" })).toThrow(TypeError)
  expect(() => httpProxy(answer("a"), { "/": { target: [] } })).toThrow(TypeError)
  expect(() => httpProxy(answer("a"), { "/": { target: "http://a.test", headers: { "x-a": "a\r\nb" } } })).toThrow(
    TypeError,
  )
})
