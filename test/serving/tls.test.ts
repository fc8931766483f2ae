import { X509Certificate } from "node:crypto"
import { readFileSync, statSync } from "node:fs"
import { connect as connectHttp2 } from "node:http2"
import { request } from "node:https"
import { join } from "node:path"
import { connect } from "node:tls"
import { describe, expect, onTestFinished, test } from "vitest"
import type { Application } from "../../src/gateway.ts"
import { makeServer, type ServerOptions } from "../../src/serving/make-server.ts"
import { generateAdhocSslPair, makeSslDevcert, type SslContext } from "../../src/serving/tls.ts"
import { temporaryFolder } from "../support/files.ts"
import { encode, RawClient, sleep } from "../support/server.ts"

const describeRequest: Application = (environ, startResponse) => {
  startResponse("200 OK", [["Content-Type", "text/plain"]])
  const keys = ["wsgi.url_scheme", "HTTPS", "SERVER_PROTOCOL", "HTTP_HOST"]
  return [encode(keys.map((key) => String(environ[key])).join(" "))]
}

async function start(sslContext: SslContext, options: ServerOptions = {}, app: Application = describeRequest) {
  const lines: string[] = []
  const server = await makeServer("localhost", 0, app, { log: (line) => lines.push(line), ...options, sslContext })
  onTestFinished(() => server.close())
  return { server, lines }
}

function get(port: number, options: object): Promise<{ text: string; certificate: string }> {
  return new Promise((resolve, reject) => {
    request({ port, host: "localhost", path: "/", agent: false, ...options }, async (response) => {
      const { raw } = (response.socket as import("node:tls").TLSSocket).getPeerCertificate()
      let text = ""
      for await (const chunk of response) text += chunk
      resolve({ text, certificate: new X509Certificate(raw).toString() })
    })
      .on("error", reject)
      .end()
  })
}

describe("certificates", () => {
  test("are for the host, the names below it, and this machine, for a year", async () => {
    const { cert, key } = await generateAdhocSslPair("dev.test")
    const certificate = new X509Certificate(cert)
    expect(certificate.subjectAltName).toBe(
      "DNS:dev.test, DNS:*.dev.test, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    )
    expect(certificate.ca).toBe(false)
    expect(certificate.checkHost("a.dev.test")).toBe("*.dev.test")
    const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000
    expect(days).toBeCloseTo(365, 0)
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/)
    expect(new X509Certificate((await generateAdhocSslPair("192.0.2.1")).cert).subjectAltName).toBe(
      "DNS:localhost, IP Address:192.0.2.1, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    )
  })

  test("makeSslDevcert writes a pair, whose key is for its owner alone", async () => {
    const base = join(temporaryFolder(), "dev")
    const paths = await makeSslDevcert(base, { host: "dev.test" })
    expect(paths).toEqual([`${base}.crt`, `${base}.key`])
    expect(statSync(paths[1]).mode & 0o777).toBe(0o600)
    const { server } = await start(paths)
    const ca = readFileSync(paths[0])
    expect((await get(server.port, { ca })).text).toBe(`https on HTTP/1.1 localhost:${server.port}`)
  })
})

describe("HTTPS", () => {
  test("a client that trusts the certificate alone is served by every name in it", async () => {
    const pair = await generateAdhocSslPair()
    const { server } = await start(pair)
    expect(server.url).toBe(`https://localhost:${server.port}`)
    for (const host of ["localhost", "127.0.0.1"])
      expect((await get(server.port, { ca: pair.cert, host })).certificate).toBe(
        new X509Certificate(pair.cert).toString(),
      )
  })

  test("adhoc makes a certificate that no client trusts by itself", async () => {
    const { server, lines } = await start("adhoc")
    expect((await get(server.port, { rejectUnauthorized: false })).text).toContain("https on")
    await expect(get(server.port, {})).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" })
    await sleep(50)
    // Refused by the client in the handshake, or behind it: told in a line, if at all, and thrown nowhere.
    expect(lines.filter((line) => !line.includes("GET")).length).toBeLessThanOrEqual(1)
  })

  test("plain HTTP on its port is a line in the log, and the next client is served", async () => {
    const { server, lines } = await start("adhoc")
    await new RawClient(server.port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").end()
    await expect.poll(() => lines, { timeout: 15_000 }).not.toEqual([])
    expect(lines).toEqual(["127.0.0.1 - TLS: plain HTTP on a port for HTTPS"])
    expect((await get(server.port, { rejectUnauthorized: false })).text).toContain("https")
  })

  test("the certificate of a client is in the environ", async () => {
    const own = await generateAdhocSslPair("client.test")
    const pair = await generateAdhocSslPair()
    const { server } = await start(
      { ...pair, requestCert: true, rejectUnauthorized: false },
      {},
      (environ, startResponse) => {
        startResponse("200 OK", [])
        return [encode(String(environ["SSL_CLIENT_CERT"]))]
      },
    )
    const { text } = await get(server.port, { ca: pair.cert, key: own.key, cert: own.cert })
    expect(new X509Certificate(text).toString()).toBe(new X509Certificate(own.cert).toString())
  })

  test("what is no context is refused, and a file that is not there is named", async () => {
    await expect(start("other" as never)).rejects.toThrow(TypeError)
    await expect(start(["/none.crt", "/none.key"])).rejects.toThrow(
      "The certificate /none.crt cannot be read (ENOENT).",
    )
  })

  test("close breaks off a client that never finishes its handshake", async () => {
    const { server } = await start("adhoc", { closeTimeoutMs: 50 })
    const client = new RawClient(server.port)
    await sleep(50)
    await server.close()
    await client.end()
  })
})

describe("HTTP/2", () => {
  test("is spoken with clients that ask for it, HTTP/1.1 with the others", async () => {
    const { server, lines } = await start("adhoc", { http2: true })
    const session = connectHttp2(server.url, { rejectUnauthorized: false })
    onTestFinished(() => session.destroy())
    const stream = session.request({ ":path": "/a?b" })
    let text = ""
    for await (const chunk of stream) text += chunk
    expect(text).toBe(`https on HTTP/2 localhost:${server.port}`)
    expect((await get(server.port, { rejectUnauthorized: false })).text).toContain("HTTP/1.1")
    expect(lines.map((line) => /"(.*)" /.exec(line)?.[1])).toEqual(["GET /a?b HTTP/2", "GET / HTTP/1.1"])
    const old = connect({ port: server.port, host: "localhost", rejectUnauthorized: false, ALPNProtocols: ["h2"] })
    onTestFinished(() => void old.destroy())
    await new Promise((resolve) => old.once("secureConnect", resolve))
    expect(old.alpnProtocol).toBe("h2")
  })

  test("needs TLS", async () => {
    await expect(makeServer("localhost", 0, describeRequest, { http2: true })).rejects.toThrow(
      /http2 needs an sslContext/,
    )
  })
})
