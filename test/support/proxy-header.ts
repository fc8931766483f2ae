// For tests: a header of version 2 of the PROXY protocol, as a balancer writes it.

export interface ProxyEnds {
  remote?: readonly number[]
  local?: readonly number[]
  ports?: readonly [remote: number, local: number]
}

/** @param family the byte of family and transport: 0x11 is TCP over IPv4 */
export function binaryProxyHeader(
  family: number,
  { remote = [], local = [], ports }: ProxyEnds,
  { version = 2, command = 1, fields = [] as readonly Buffer[] } = {},
): Buffer {
  const numbers = Buffer.alloc(ports === undefined ? 0 : 4)
  ports?.forEach((port, index) => {
    numbers.writeUInt16BE(port, 2 * index)
  })
  const content = Buffer.concat([Buffer.from(remote), Buffer.from(local), numbers, ...fields])
  const fixed = Buffer.alloc(16)
  fixed.write("\r\n\r\n\0\r\nQUIT\n", "latin1")
  fixed[12] = (version << 4) | command
  fixed[13] = family
  fixed.writeUInt16BE(content.length, 14)
  return Buffer.concat([fixed, content])
}

function field(type: number, value: Buffer): Buffer {
  const head = Buffer.from([type, 0, 0])
  head.writeUInt16BE(value.length, 1)
  return Buffer.concat([head, value])
}

/** What a balancer tells of the TLS that a client spoke with it; `client` has the lowest bit set where it did. */
export function tlsField(client: number, version: string, cipher: string): Buffer {
  const inner = [field(0x21, Buffer.from(version)), field(0x23, Buffer.from(cipher))]
  return field(0x20, Buffer.concat([Buffer.from([client, 0, 0, 0, 0]), ...inner]))
}
