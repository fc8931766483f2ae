// The PROXY protocol in front of everything that listens: HTTP, HTTPS, HTTP/2, and the protocols of front servers.

import { once } from "node:events"
import { connect as connectHttp2, createSecureServer } from "node:http2"
import { createServer as createHttpsServer } from "node:https"
import { type AddressInfo, connect, type Socket } from "node:net"
import { join } from "node:path"
import { connect as connectTls, type TLSSocket } from "node:tls"
import { generate } from "selfsigned"
import { beforeAll, describe, expect, onTestFinished, test } from "vitest"
import {
  createServer,
  type NodeServer,
  type NodeServerOptions,
  serverSettings,
  setUpServer,
} from "../../../src/adapters/node.ts"
import { createScgiServer } from "../../../src/adapters/scgi.ts"
import type { Application } from "../../../src/gateway.ts"
import { temporaryFolder } from "../../support/files.ts"
import { connectTo, conversation, frontVariables, gatewayBytes } from "../../support/front-server.ts"
import { binaryProxyHeader, tlsField } from "../../support/proxy-header.ts"
import { encode, RawClient } from "../../support/server.ts"

const NAMES = ["REMOTE_ADDR", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme", "SSL_PROTOCOL"]

/** Answers with the addresses of the environ. */
const showing: Application = (environ, startResponse) => {
  startResponse("200 OK", [["Content-Type", "text/plain"]])
  return [encode(NAMES.map((name) => environ[name] ?? "-").join(" "))]
}

const LINE = "PROXY TCP4 192.0.2.1 198.51.100.1 4000 443\r\n"
const ENDS = { remote: [192, 0, 2, 1], local: [198, 51, 100, 1], ports: [4000, 443] as const }
const GET = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"

interface Listening {
  port: number
  lines: string[]
  drain(): Promise<void>
}

async function listening(
  make: (options: NodeServerOptions) => NodeServer<NodeServer["server"]>,
  options = {},
): Promise<Listening> {
  const lines: string[] = []
  const errors = { write: (line: string) => void lines.push(line), writeLines() {}, flush() {} }
  const { server, drain, destroy } = make({ errors, proxyProtocolFrom: ["127.0.0.1"], ...options })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => destroy())
  return { port: (server.address() as AddressInfo).port, lines, drain }
}

const http = (options?: NodeServerOptions) => listening((all) => createServer(showing, all), options)
const bodyOf = (answer: string) => answer.slice(answer.indexOf("\r\n\r\n") + 4)

let pair: { key: string; cert: string }
beforeAll(async () => {
  const made = await generate([{ name: "commonName", value: "localhost" }])
  pair = { key: made.private, cert: made.cert }
})

/** A connection on which the header was sent, with TLS above it. */
async function tlsBehind(port: number, header: string | Buffer, ALPNProtocols?: string[]): Promise<TLSSocket> {
  const raw: Socket = connect({ port, host: "127.0.0.1" })
  raw.write(header, "latin1")
  const socket = connectTls({ socket: raw, rejectUnauthorized: false, ...(ALPNProtocols && { ALPNProtocols }) })
  await once(socket, "secureConnect")
  onTestFinished(() => void socket.destroy())
  return socket
}

describe("a header from a named balancer tells the addresses", () => {
  test.each([
    ["version 1", LINE],
    ["version 2", binaryProxyHeader(0x11, ENDS)],
  ])("%s, in one piece with the request, or byte by byte", async (_, header) => {
    const { port } = await http()
    const all = Buffer.concat([Buffer.from(header), Buffer.from(GET)])
    expect(bodyOf(await new RawClient(port).send(all).end())).toBe("192.0.2.1 4000 198.51.100.1 443 http -")
    const slow = new RawClient(port)
    for (const byte of all) slow.send(Buffer.of(byte))
    expect(bodyOf(await slow.end())).toBe("192.0.2.1 4000 198.51.100.1 443 http -")
  })

  test("all requests of the connection have them, and a body arrives", async () => {
    const { port } = await listening((all) =>
      createServer(async (environ, startResponse) => {
        const body = await environ["wsgi.input"].read()
        startResponse("200 OK", [])
        return [encode(`${environ.REMOTE_ADDR} ${body.length};`)]
      }, all),
    )
    const post = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${"x".repeat(100_000)}`
    const client = new RawClient(port).send(LINE).send(post).send(post).send(GET)
    expect((await client.end()).match(/192\.0\.2\.1 \d+;/g)).toEqual([
      "192.0.2.1 100000;",
      "192.0.2.1 100000;",
      "192.0.2.1 0;",
    ])
  })

  test("TLS of the client with the balancer is the scheme", async () => {
    const { port } = await http()
    const header = binaryProxyHeader(0x11, ENDS, { fields: [tlsField(1, "TLSv1.3", "x")] })
    const answer = await new RawClient(port).send(header).send(GET).end()
    expect(bodyOf(answer)).toBe("192.0.2.1 4000 198.51.100.1 443 https TLSv1.3")
  })

  test("HTTPS", async () => {
    const { port } = await listening(
      (all) =>
        setUpServer(createHttpsServer({ ...serverSettings(all), ...pair }), showing, all) as unknown as NodeServer,
    )
    // Several at once, so that their addresses could be mixed up.
    const answers = await Promise.all(
      [1, 2, 3, 4].map(async (n) => {
        const socket = await tlsBehind(port, `PROXY TCP4 192.0.2.${n} 198.51.100.1 ${n} 443\r\n`)
        let text = ""
        socket.on("data", (chunk: Buffer) => {
          text += chunk.toString("latin1")
        })
        socket.write(GET)
        await once(socket, "close")
        return bodyOf(text)
      }),
    )
    expect(answers).toEqual([1, 2, 3, 4].map((n) => `192.0.2.${n} ${n} 198.51.100.1 443 https TLSv1.3`))
  })

  test("HTTP/2", async () => {
    const { port } = await listening(
      (all) =>
        setUpServer(
          createSecureServer({ ...serverSettings(all), ...pair, allowHTTP1: true }),
          showing,
          all,
        ) as unknown as NodeServer,
    )
    const socket = await tlsBehind(port, binaryProxyHeader(0x11, ENDS), ["h2"])
    const session = connectHttp2(`https://127.0.0.1:${port}`, { createConnection: () => socket })
    const stream = session.request({ ":path": "/" })
    let text = ""
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString()
    })
    await once(stream, "end")
    session.close()
    expect(text).toBe("192.0.2.1 4000 198.51.100.1 443 https TLSv1.3")
  })

  test("SCGI: the header is taken off, and tells which client is allowed", async () => {
    const request = gatewayBytes("scgi", frontVariables({}), Buffer.alloc(0))
    const answerTo = async (allowFrom: string[]) => {
      const { port } = await listening(
        (all) => createScgiServer(showing, { ...all, allowFrom }) as unknown as NodeServer,
      )
      const { bytes } = await conversation(connectTo(port), Buffer.concat([Buffer.from(LINE), request]))
      return bytes.toString()
    }
    expect(await answerTo(["192.0.2.0/24"])).toMatch(/^Status: 200 OK/)
    expect(await answerTo(["127.0.0.1"])).toBe("")
  })

  test("a unix socket, which is named unix", async () => {
    const path = join(temporaryFolder(), "socket")
    const { server, destroy } = createServer(showing, { proxyProtocolFrom: ["unix"] })
    server.listen(path)
    await once(server, "listening")
    const socket = connect(path)
    let text = ""
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString()
    })
    socket.write(LINE + GET)
    await once(socket, "close")
    expect(bodyOf(text)).toBe("192.0.2.1 4000 198.51.100.1 443 http -")
    destroy()
  })
})

test.each([
  ["version 1", "PROXY UNKNOWN\r\n"],
  ["version 2", binaryProxyHeader(0, {}, { command: 0 })],
])("a balancer that speaks for itself has its own address: %s", async (_, header) => {
  const { port } = await http()
  expect(bodyOf(await new RawClient(port).send(header).send(GET).end())).toMatch(/^127\.0\.0\.1 /)
})

test("from others no header is taken, and from a named one it has to come", async () => {
  const others = await http({ proxyProtocolFrom: ["10.0.0.0/8"] })
  expect(bodyOf(await new RawClient(others.port).send(GET).end())).toMatch(/^127\.0\.0\.1 /)
  expect(await new RawClient(others.port).send(LINE + GET).end()).toMatch(/^HTTP\/1\.1 400 /)
  const named = await http()
  expect(await new RawClient(named.port).send(GET).end()).toBe("")
  expect(named.lines).toEqual([
    "a connection from 127.0.0.1 was closed: it does not begin with a header of the PROXY protocol\n",
  ])
})

test("without the option there is no such thing", async () => {
  const { port } = await listening((all) => {
    const { proxyProtocolFrom: _, ...options } = all
    return createServer(showing, options)
  })
  expect(await new RawClient(port).send(LINE + GET).end()).toMatch(/^HTTP\/1\.1 400 /)
})

test("silence, and an end in the middle, cost the connection", async () => {
  const { port, lines } = await http({ firstByteTimeoutMs: 100 })
  expect(await new RawClient(port).send("PROXY TCP4 192").end()).toBe("")
  const cut = new RawClient(port).send("PROXY TCP4 192")
  cut.socket.end()
  await cut.end()
  const looking = new RawClient(port)
  looking.socket.end()
  await looking.end()
  expect(lines).toEqual([
    "a connection from 127.0.0.1 was closed: no PROXY header came within 100 ms\n",
    "a connection from 127.0.0.1 was closed: it ended in the middle of its PROXY header\n",
  ])
})

test("a server that stops waits for a connection whose header is on its way, and not for ever", async () => {
  const { port, drain } = await http({ idleLingerMs: 200 })
  const late = new RawClient(port)
  const silent = new RawClient(port)
  await Promise.all([once(late.socket, "connect"), once(silent.socket, "connect")])
  // A connection is the server's when it has answered another one behind it.
  await new RawClient(port).send(LINE + GET).end()
  const drained = drain()
  late.send(LINE + GET)
  expect(bodyOf(await late.end())).toBe("192.0.2.1 4000 198.51.100.1 443 http -")
  await drained
  expect(silent.received).toBe("")
})

test("an entry that is no address is a RangeError", () => {
  expect(() => createServer(showing, { proxyProtocolFrom: ["localhost"] })).toThrow(RangeError)
})
