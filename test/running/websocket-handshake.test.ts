import { describe, expect, test } from "vitest"
import { checkAcceptance, extendedConnectOf, handshakeOf } from "../../src/running/websocket-handshake.ts"

const FIELDS: Record<string, string> = {
  Host: "localhost",
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}

function handshake(changes: Record<string, string | undefined> = {}, more: string[] = [], method = "GET") {
  const fields = Object.entries({ ...FIELDS, ...changes }).flatMap(([name, value]) =>
    value === undefined ? [] : [name, value],
  )
  return handshakeOf({ method, protocol: "HTTP/1.1", fields: [...fields, ...more] })
}

describe("a request is a handshake (RFC 6455 section 4.2.1)", () => {
  test.each([
    ["as the RFC writes it", {}],
    ["in another case", { Upgrade: "WebSocket", Connection: "keep-alive, UPGRADE" }],
    ["among other protocols", { Upgrade: "h2c, websocket" }],
    ["with an empty body", { "Content-Length": "0" }],
  ])("%s", (_, changes) => {
    expect(handshake(changes)).toEqual({
      offer: { protocols: [] },
      key: "dGhlIHNhbXBsZSBub25jZQ==",
      extensions: undefined,
    })
  })

  test("with protocols in one field or in several, in order", () => {
    expect(handshake({ "Sec-WebSocket-Protocol": "a, b" }, ["sec-websocket-protocol", "c"])?.offer.protocols).toEqual([
      "a",
      "b",
      "c",
    ])
  })
})

describe("a request is no handshake", () => {
  test.each([
    ["without Upgrade", { Upgrade: undefined }],
    ["with another Upgrade", { Upgrade: "websockets" }],
    ["without Connection", { Connection: undefined }],
    ["with a Connection that does not name it", { Connection: "keep-alive" }],
    ["without a version", { "Sec-WebSocket-Version": undefined }],
    ["with an older version", { "Sec-WebSocket-Version": "8" }],
    ["with several versions", { "Sec-WebSocket-Version": "13, 8" }],
    ["without a key", { "Sec-WebSocket-Key": undefined }],
    ["with a key of 15 bytes", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j" }],
    ["with a key of 17 bytes", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZXg=" }],
    ["with a key that is no base64", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZ!==" }],
    ["with a body", { "Content-Length": "3" }],
    ["with a body in chunks", { "Transfer-Encoding": "chunked" }],
    ["with a protocol that is no token", { "Sec-WebSocket-Protocol": "a b" }],
    ["with a protocol twice", { "Sec-WebSocket-Protocol": "a, a" }],
    ["with an empty protocol", { "Sec-WebSocket-Protocol": "a,,b" }],
  ])("%s", (_, changes) => {
    expect(handshake(changes)).toBeUndefined()
  })

  test("with a key or a version twice", () => {
    expect(handshake({}, ["Sec-WebSocket-Key", FIELDS["Sec-WebSocket-Key"] as string])).toBeUndefined()
    expect(handshake({}, ["sec-websocket-version", "13"])).toBeUndefined()
  })

  test("with another method, or in HTTP/1.0", () => {
    for (const method of ["POST", "HEAD", "get"]) expect(handshake({}, [], method)).toBeUndefined()
    const fields = Object.entries(FIELDS).flat()
    expect(handshakeOf({ method: "GET", protocol: "HTTP/1.0", fields })).toBeUndefined()
  })
})

test("an extended CONNECT needs a version and no key (RFC 8441 section 5)", () => {
  expect(extendedConnectOf(["sec-websocket-version", "13", "sec-websocket-protocol", "a"])?.offer.protocols).toEqual([
    "a",
  ])
  expect(extendedConnectOf([])).toBeUndefined()
  expect(extendedConnectOf(["sec-websocket-version", "14"])).toBeUndefined()
})

describe("an application accepts", () => {
  const offer = { protocols: ["a", "b"] }
  test("with one of the protocols, or with none", () => {
    expect(() => checkAcceptance(["Sec-WebSocket-Protocol", "b", "Set-Cookie", "x=y"], offer)).not.toThrow()
    expect(() => checkAcceptance([], offer)).not.toThrow()
  })

  test.each([
    ["a protocol that was not offered", ["Sec-WebSocket-Protocol", "c"]],
    ["two protocols", ["Sec-WebSocket-Protocol", "a", "sec-websocket-protocol", "b"]],
    ["a field of the server", ["Sec-WebSocket-Accept", "x"]],
    ["extensions", ["Sec-WebSocket-Extensions", "permessage-deflate"]],
    ["a length", ["Content-Length", "0"]],
  ])("but not with %s", (_, fields) => {
    expect(() => checkAcceptance(fields, offer)).toThrow(TypeError)
  })
})
