// What FastCGI has and the other protocols don't: connections that are kept, records about the server, aborts, and the stream for errors.

import { once } from "node:events"
import { describe, expect, test } from "vitest"
import { createFastCgiServer } from "../../src/adapters/fastcgi.ts"
import type { Application } from "../../src/gateway.ts"
import {
  fastCgiPairs,
  fastCgiRecord,
  fastCgiRecords,
  fastCgiRequest,
  fastCgiStream,
  frontVariables,
} from "../support/front-server.ts"
import { GatewayClient, serveGateway } from "../support/gateways.ts"
import { answering, encode } from "../support/server.ts"

const NONE = Buffer.alloc(0)
const [STDOUT, STDERR, END] = [6, 7, 3]

const begin = (id = 1, { role = 1, flags = 1 } = {}) =>
  fastCgiRecord(1, id, Buffer.from([0, role, flags, 0, 0, 0, 0, 0]))
const params = (id = 1, target = "/") => fastCgiStream(4, id, fastCgiPairs(frontVariables({ target })))
const kept = (target: string, id = 1) => fastCgiRequest(frontVariables({ target }), NONE, { id, keeps: true })

const ends = (received: Buffer) => fastCgiRecords(received).filter(({ type }) => type === END)
const output = (received: Buffer, type = STDOUT) =>
  fastCgiRecords(received)
    .filter((record) => record.type === type)
    .map(({ content }) => content.toString("latin1"))
    .join("")
const bodyOf = (text: string) => text.slice(text.indexOf("\r\n\r\n") + 4)

const echoPath: Application = (environ, startResponse) => {
  startResponse("200 OK", [])
  return [encode(environ.PATH_INFO)]
}

describe("a connection that is kept", () => {
  test("carries one request after the other, with the same number or another", async () => {
    const { port } = await serveGateway("fastcgi", echoPath)
    const client = new GatewayClient(port)
    for (const [index, id] of [1, 1, 2, 65_535].entries()) {
      client.send(kept(`/${index}`, id))
      const received = await client.until((bytes) => ends(bytes).length === index + 1)
      expect(ends(received)[index]).toEqual({ type: END, id, content: Buffer.alloc(8) })
      expect(bodyOf(output(received).split("Content-Length").at(-1) as string)).toBe(`/${index}`)
    }
  })

  test("goes on while the body of the request before is still being closed", async () => {
    let close: () => void = () => {}
    const { port } = await serveGateway("fastcgi", (environ, startResponse) => {
      startResponse("200 OK", [])
      const body = [encode(environ.PATH_INFO)]
      if (environ.PATH_INFO !== "/slow") return body
      const isClosed = new Promise<void>((resolve) => {
        close = resolve
      })
      return Object.assign(body, { close: () => isClosed })
    })
    const client = new GatewayClient(port).send(kept("/slow"))
    await client.until((bytes) => ends(bytes).length === 1)
    client.send(kept("/next"))
    expect(output(await client.until((bytes) => ends(bytes).length === 2))).toContain("/next")
    close()
  })

  test("goes on behind a request that was refused, and one whose body was not read", async () => {
    const { port, errors } = await serveGateway("fastcgi", echoPath, { maxHeadBytes: 2000 })
    const client = new GatewayClient(port)
    client.send(begin(), fastCgiStream(4, 1, fastCgiPairs([["X", "x".repeat(3000)]])), fastCgiStream(5, 1, NONE))
    expect(output(await client.until((bytes) => ends(bytes).length === 1))).toContain("Status: 431")
    client.send(begin(), fastCgiStream(4, 1, Buffer.from([1, 200])), fastCgiStream(5, 1, NONE))
    expect(output(await client.until((bytes) => ends(bytes).length === 2))).toContain("Status: 400")
    client.send(begin(), fastCgiStream(4, 1, fastCgiPairs([["REQUEST_METHOD", "GET"]])), fastCgiStream(5, 1, NONE))
    await client.until((bytes) => ends(bytes).length === 3)
    const upload = frontVariables({ method: "POST", target: "/up", body: "x".repeat(100_000) })
    client.send(fastCgiRequest(upload, Buffer.alloc(100_000, "x"), { keeps: true }))
    await client.until((bytes) => ends(bytes).length === 4)
    client.send(kept("/after"))
    expect(output(await client.until((bytes) => ends(bytes).length === 5))).toContain("/after")
    expect(errors.map((line) => line.replace(/^.*answered with /, ""))).toEqual([
      "431: the variables have more than 2000 bytes\n",
      "400: the length of a variable goes beyond the end of PARAMS\n",
      "400: there is no path: neither PATH_INFO, SCRIPT_NAME, DOCUMENT_URI nor REQUEST_URI\n",
    ])
  })

  test("ends when too much of an unread body comes", async () => {
    const { port } = await serveGateway("fastcgi", echoPath, { maxDiscardBytes: 100_000, lingerMs: 50 })
    const upload = frontVariables({ method: "POST", body: "x".repeat(400_000) })
    const client = new GatewayClient(port)
    client.send(fastCgiRequest(upload, Buffer.alloc(400_000, "x"), { keeps: true }))
    expect(ends(await client.end())).toHaveLength(1)
  })

  test("is closed where the front server does not ask for it", async () => {
    const { port } = await serveGateway("fastcgi", echoPath)
    const received = await new GatewayClient(port).send(fastCgiRequest(frontVariables({}), NONE)).end()
    expect(ends(received)).toHaveLength(1)
  })

  test("is closed with keepAlive: false, when it is idle for too long, and when the server stops", async () => {
    const single = await serveGateway("fastcgi", echoPath, { keepAlive: false })
    expect(ends(await new GatewayClient(single.port).send(kept("/")).end())).toHaveLength(1)
    const short = await serveGateway("fastcgi", echoPath, { keepAliveTimeoutMs: 50 })
    expect(ends(await new GatewayClient(short.port).send(kept("/")).end())).toHaveLength(1)
    const stopping = await serveGateway("fastcgi", echoPath, { idleLingerMs: 100 })
    const client = new GatewayClient(stopping.port).send(kept("/"))
    await client.until((bytes) => ends(bytes).length === 1)
    const drained = stopping.drain()
    // On its way when the server stopped.
    client.send(kept("/late"))
    expect(output(await client.end())).toContain("/late")
    await drained
  })
})

describe("an abort", () => {
  test("is a client that has gone, and the connection is kept", async () => {
    const reasons: string[] = []
    const { port, errors } = await serveGateway("fastcgi", async (environ, startResponse) => {
      if (environ.PATH_INFO === "/next") return echoPath(environ, startResponse)
      const signal = environ["wsgi.signal"] as AbortSignal
      await new Promise((resolve) => signal.addEventListener("abort", resolve))
      reasons.push((signal.reason as Error).constructor.name)
      throw signal.reason
    })
    const client = new GatewayClient(port).send(begin(), params(), fastCgiRecord(2, 1))
    expect(output(await client.until((bytes) => ends(bytes).length === 1))).toBe("")
    client.send(kept("/next"))
    expect(output(await client.until((bytes) => ends(bytes).length === 2))).toContain("/next")
    expect([reasons, errors]).toEqual([["ClientDisconnected"], []])
  })

  test("in the middle of a response ends it", async () => {
    let onClosed: () => void = () => {}
    const closed = new Promise<void>((resolve) => {
      onClosed = resolve
    })
    const { port } = await serveGateway("fastcgi", (_environ, startResponse) => {
      startResponse("200 OK", [])
      return (async function* () {
        try {
          for (;;) {
            yield encode("again")
            await new Promise((done) => setImmediate(done))
          }
        } finally {
          onClosed()
        }
      })()
    })
    const client = new GatewayClient(port).send(begin(), params(), fastCgiStream(5, 1, NONE))
    await client.until((bytes) => output(bytes).includes("again"))
    client.send(fastCgiRecord(2, 1))
    await client.until((bytes) => ends(bytes).length === 1)
    await closed
  })

  test("before the variables are complete, and of a request that is over", async () => {
    const { port, errors } = await serveGateway("fastcgi", echoPath)
    const client = new GatewayClient(port).send(fastCgiRecord(2, 9), begin(), fastCgiRecord(2, 1))
    await client.until((bytes) => ends(bytes).length === 1)
    client.send(fastCgiRecord(2, 1), kept("/next"))
    expect(output(await client.until((bytes) => ends(bytes).length === 2))).toContain("/next")
    expect(errors).toEqual([])
  })
})

describe("records about the server", () => {
  const pairsOf = (content: Buffer | undefined) => content?.toString("latin1")

  test("what it can do is told", async () => {
    const { port } = await serveGateway("fastcgi", echoPath)
    const asked = fastCgiPairs([
      ["FCGI_MPXS_CONNS", ""],
      ["FCGI_MAX_CONNS", ""],
      ["FCGI_MAX_REQS", ""],
      ["OTHER", ""],
    ])
    const client = new GatewayClient(port).send(fastCgiRecord(9, 0, asked))
    const [answer] = fastCgiRecords(await client.until((bytes) => fastCgiRecords(bytes).length > 0))
    expect([answer?.type, answer?.id]).toEqual([10, 0])
    const values = [
      ["FCGI_MPXS_CONNS", "0"],
      ["FCGI_MAX_CONNS", "65535"],
      ["FCGI_MAX_REQS", "65535"],
    ] as const
    expect(pairsOf(answer?.content)).toBe(fastCgiPairs(values).toString("latin1"))
  })

  test("one of a type that is unknown is answered so", async () => {
    const { port } = await serveGateway("fastcgi", echoPath)
    const client = new GatewayClient(port).send(fastCgiRecord(77, 0, "abc"))
    const [answer] = fastCgiRecords(await client.until((bytes) => fastCgiRecords(bytes).length > 0))
    expect(answer).toEqual({ type: 11, id: 0, content: Buffer.from([77, 0, 0, 0, 0, 0, 0, 0]) })
  })

  test("another role, and a second request at once, are refused as the protocol provides", async () => {
    let answer: () => void = () => {}
    const isAnswered = new Promise<void>((resolve) => {
      answer = resolve
    })
    const { port } = await serveGateway("fastcgi", async (environ, startResponse) => {
      await isAnswered
      return echoPath(environ, startResponse)
    })
    const client = new GatewayClient(port).send(begin(1, { role: 2 }))
    const [unknownRole] = ends(await client.until((bytes) => ends(bytes).length === 1))
    expect([unknownRole?.id, unknownRole?.content[4]]).toEqual([1, 3])
    client.send(begin(1), params(), begin(2), params(2, "/second"), fastCgiStream(5, 2, NONE))
    const [, second] = ends(await client.until((bytes) => ends(bytes).length === 2))
    expect([second?.id, second?.content[4]]).toEqual([2, 1])
    answer()
    const received = await client.until((bytes) => ends(bytes).length === 3)
    expect(ends(received)[2]).toMatchObject({ id: 1, content: Buffer.alloc(8) })
    expect(output(received)).not.toContain("/second")
  })
})

describe("what breaks the protocol costs the connection, and the log says why", () => {
  test.each([
    ["the version of a record", Buffer.from([2, 1, 0, 1, 0, 8, 0, 0]), "the version of a record is 2, not 1"],
    ["a short BEGIN_REQUEST", fastCgiRecord(1, 1, "1234"), "a BEGIN_REQUEST has 4 bytes, not 8"],
    ["a number that is at work", Buffer.concat([begin(), begin()]), "request 1 begins while it is at work"],
    ["STDIN too early", Buffer.concat([begin(), fastCgiRecord(5, 1, "x")]), "STDIN comes before the end of PARAMS"],
    ["a type that is unknown", Buffer.concat([begin(), fastCgiRecord(99, 1)]), "a record has the type 99"],
    ["a malformed question", fastCgiRecord(9, 0, Buffer.from([5, 5])), "the length of a name goes beyond its record"],
  ])("%s", async (_, sent, fault) => {
    const { port, errors } = await serveGateway("fastcgi", echoPath)
    expect((await new GatewayClient(port).send(sent).end()).length).toBe(0)
    expect(errors).toEqual([`FastCGI from 127.0.0.1: ${fault}; the connection was closed\n`])
  })

  test("an end in the middle", async () => {
    const { port, errors } = await serveGateway("fastcgi", echoPath)
    for (const sent of [begin(), begin().subarray(0, 5)]) {
      const client = new GatewayClient(port).send(sent)
      client.socket.end()
      await client.end()
    }
    expect(errors).toEqual(
      Array(2).fill("FastCGI from 127.0.0.1: it ended in the middle of a request; the connection was closed\n"),
    )
  })
})

describe("wsgi.errors", () => {
  const complaining: Application = (environ, startResponse) => {
    environ["wsgi.errors"].write("caf\u00e9\n")
    environ["wsgi.errors"].writeLines(["a\n", "b\n"])
    startResponse("200 OK", [])
    return Object.assign([encode("hello")], { close: () => environ["wsgi.errors"].write("late\n") })
  }

  test("goes to the front server's log where it is asked to, and after the response to the own one", async () => {
    const { port, errors } = await serveGateway("fastcgi", complaining, { errorsToFront: true })
    const received = await new GatewayClient(port).send(fastCgiRequest(frontVariables({}), NONE)).end()
    expect(Buffer.from(output(received, STDERR), "latin1").toString()).toBe("caf\u00e9\na\nb\n")
    expect(bodyOf(output(received))).toBe("hello")
    expect(errors).toEqual(["late\n"])
  })

  test("goes to the own log otherwise", async () => {
    const { port, errors } = await serveGateway("fastcgi", complaining)
    const received = await new GatewayClient(port).send(fastCgiRequest(frontVariables({}), NONE)).end()
    expect(output(received, STDERR)).toBe("")
    expect(errors.join("")).toBe("caf\u00e9\na\nb\nlate\n")
  })
})

test("FCGI_WEB_SERVER_ADDRS names the peers that may connect", async () => {
  process.env["FCGI_WEB_SERVER_ADDRS"] = "10.0.0.1, 10.0.0.2"
  const lines: string[] = []
  const errors = { write: (line: string) => void lines.push(line), writeLines() {}, flush() {} }
  try {
    const { server, destroy } = createFastCgiServer(answering("hello"), { errors })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    await new GatewayClient((server.address() as { port: number }).port).send(kept("/")).end()
    expect(lines).toEqual(["FastCGI: a connection from 127.0.0.1 was closed: it is not in allowFrom\n"])
    destroy()
  } finally {
    delete process.env["FCGI_WEB_SERVER_ADDRS"]
  }
})
