import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type ProxyHeader, parseProxyHeader } from "../../../src/adapters/node/proxy-protocol.ts"
import { binaryProxyHeader, tlsField } from "../../support/proxy-header.ts"

const bytes = (text: string) => Buffer.from(text, "latin1")
const addresses = (header: Buffer) => {
  const parsed = parseProxyHeader(header)
  return typeof parsed === "object" ? parsed.addresses : parsed
}

describe("version 1", () => {
  test.each([
    ["PROXY TCP4 192.0.2.1 198.51.100.1 4000 443\r\n", ["192.0.2.1", "4000", "198.51.100.1", "443"]],
    ["PROXY TCP6 2001:db8::1 ::1 0 65535\r\nGET / HTTP/1.1", ["2001:db8::1", "0", "::1", "65535"]],
    [
      `PROXY TCP6 ${"ffff:".repeat(7)}ffff ${"ffff:".repeat(7)}ffff 65535 65535\r\n`,
      [`${"ffff:".repeat(7)}ffff`, "65535", `${"ffff:".repeat(7)}ffff`, "65535"],
    ],
  ])("%j tells both ends", (line, [remoteAddress, remotePort, localAddress, localPort]) => {
    expect(parseProxyHeader(bytes(line))).toEqual({
      length: line.indexOf("\r\n") + 2,
      addresses: { remoteAddress, remotePort, localAddress, localPort, tls: undefined },
    })
  })

  test.each(["PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "PROXY UNKNOWN whatever comes\r\n"])(
    "%j leaves the addresses of the connection",
    (line) => {
      expect(parseProxyHeader(bytes(line))).toEqual({ length: line.length, addresses: undefined })
    },
  )

  test.each([
    "PROXY TCP4 192.0.2.1 198.51.100.1 4000\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.1 4000 443 5\r\n",
    "PROXY TCP4 192.0.2.1  198.51.100.1 4000 443\r\n",
    "PROXY TCP4 192.0.2.256 198.51.100.1 4000 443\r\n",
    "PROXY TCP4 010.0.0.1 198.51.100.1 4000 443\r\n",
    "PROXY TCP4 ::1 ::1 4000 443\r\n",
    "PROXY TCP6 192.0.2.1 198.51.100.1 4000 443\r\n",
    "PROXY TCP6 fe80::1%eth0 ::1 4000 443\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.1 04000 443\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.1 70000 443\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.1 -1 443\r\n",
    "PROXY TCP5 192.0.2.1 198.51.100.1 4000 443\r\n",
    "PROXY UNKNOWNS\r\n",
    "PROXY \r\n",
  ])("%j is malformed", (line) => {
    expect(parseProxyHeader(bytes(line))).toBe(`its PROXY line is malformed: ${JSON.stringify(line.slice(0, -2))}`)
  })

  test("a line without an end is none after 107 bytes", () => {
    expect(parseProxyHeader(bytes(`PROXY ${"x".repeat(100)}`))).toBeUndefined()
    expect(parseProxyHeader(bytes(`PROXY ${"x".repeat(101)}`))).toBe("its PROXY line has no end")
    expect(parseProxyHeader(bytes(`PROXY UNKNOWN ${"x".repeat(92)}\r\n`))).toBe("its PROXY line has no end")
  })
})

describe("version 2", () => {
  const ends4 = { remote: [192, 0, 2, 1], local: [198, 51, 100, 1], ports: [4000, 443] as const }
  const v6 = (last: number) => [0x20, 0x01, 0x0d, 0xb8, ...Array(11).fill(0), last]
  const told4 = { remoteAddress: "192.0.2.1", remotePort: "4000", localAddress: "198.51.100.1", localPort: "443" }

  test("IPv4, IPv6 and unix sockets tell both ends", () => {
    expect(addresses(binaryProxyHeader(0x11, ends4))).toEqual({ ...told4, tls: undefined })
    expect(addresses(binaryProxyHeader(0x21, { remote: v6(1), local: v6(2), ports: [1, 2] }))).toEqual({
      remoteAddress: "2001:db8::1",
      remotePort: "1",
      localAddress: "2001:db8::2",
      localPort: "2",
      tls: undefined,
    })
    const path = Array(108).fill(97)
    expect(addresses(binaryProxyHeader(0x31, { remote: path, local: path }))).toEqual({
      remoteAddress: undefined,
      remotePort: undefined,
      localAddress: undefined,
      localPort: undefined,
      tls: undefined,
    })
  })

  test("LOCAL, unknown families and datagrams leave the addresses of the connection", () => {
    for (const header of [
      binaryProxyHeader(0x00, {}, { command: 0 }),
      binaryProxyHeader(0x11, ends4, { command: 0 }),
      binaryProxyHeader(0x00, {}),
      binaryProxyHeader(0x12, ends4),
      binaryProxyHeader(0x41, { remote: [1, 2, 3] }),
    ])
      expect(parseProxyHeader(header)).toEqual({ length: header.length, addresses: undefined })
  })

  test("TLS with the balancer is told, where the client has spoken it", () => {
    const fields = [tlsField(1, "TLSv1.3", "TLS_AES_256_GCM_SHA384")]
    expect(addresses(binaryProxyHeader(0x11, ends4, { fields }))).toEqual({
      ...told4,
      tls: { HTTPS: "on", SSL_PROTOCOL: "TLSv1.3", SSL_CIPHER: "TLS_AES_256_GCM_SHA384" },
    })
    const plain = [Buffer.from([4, 0, 2, 0, 0]), tlsField(0, "TLSv1.3", "x")]
    expect(addresses(binaryProxyHeader(0x11, ends4, { fields: plain }))).toEqual({ ...told4, tls: undefined })
  })

  test.each([
    ["a version", binaryProxyHeader(0x11, ends4, { version: 1 }), "its PROXY header has the version 1"],
    ["a command", binaryProxyHeader(0x11, ends4, { command: 2 }), "its PROXY header has the command 2"],
    ["too few bytes", binaryProxyHeader(0x21, ends4), "its PROXY header has 12 bytes, too few for its addresses"],
    [
      "a field",
      binaryProxyHeader(0x11, ends4, { fields: [Buffer.from([4, 0, 9])] }),
      "the length of a field goes beyond its PROXY header",
    ],
    [
      "half a field",
      binaryProxyHeader(0x11, ends4, { fields: [Buffer.from([4, 0])] }),
      "the length of a field goes beyond its PROXY header",
    ],
    [
      "too many bytes",
      binaryProxyHeader(0x11, ends4, { fields: [Buffer.alloc(5000)] }),
      "its PROXY header has 5012 bytes, more than 4096",
    ],
  ])("%s can be malformed", (_, header, fault) => {
    expect(parseProxyHeader(header)).toBe(fault)
  })

  test("any beginning is incomplete, and what stands behind is not looked at", () => {
    const header = binaryProxyHeader(0x11, ends4, { fields: [tlsField(1, "TLSv1.2", "x")] })
    for (let length = 0; length < header.length; length++)
      expect(parseProxyHeader(header.subarray(0, length))).toBeUndefined()
    fc.assert(
      fc.property(fc.uint8Array(), (rest) => {
        expect((parseProxyHeader(Buffer.concat([header, rest])) as ProxyHeader).length).toBe(header.length)
      }),
    )
  })

  test("for all bytes there is a header, a fault, or nothing yet", () => {
    const header = binaryProxyHeader(0x11, ends4, { fields: [tlsField(1, "TLSv1.2", "x")] })
    fc.assert(
      fc.property(fc.nat(header.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(header)
        changed[at] = byte
        expect(["undefined", "string", "object"]).toContain(typeof parseProxyHeader(changed))
      }),
    )
    fc.assert(fc.property(fc.uint8Array(), (content) => void parseProxyHeader(Buffer.from(content))))
  })
})

test.each(["GET / HTTP/1.1\r\n", "\r\n\r\nGET", "proxy TCP4", "PROXX", "\x16\x03\x01"])("%j is no header", (text) => {
  expect(parseProxyHeader(bytes(text))).toBe("it does not begin with a header of the PROXY protocol")
})
