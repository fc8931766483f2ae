// Frames of HTTP/2, written by hand, so that they can be wrong (RFC 9113 section 4.1).

export const [DATA, HEADERS, RST_STREAM, SETTINGS, PING] = [0, 1, 3, 4, 6] as const
export const END_STREAM = 1
export const END_HEADERS = 4
/** What a client says first. */
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
/** The payload of SETTINGS with SETTINGS_INITIAL_WINDOW_SIZE 0. */
export const NO_WINDOW: Buffer = Buffer.of(0, 4, 0, 0, 0, 0)

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Fields without compression: a literal each (RFC 7541 section 6.2.2). */
export function fields(...pairs: [name: string, value: string][]): Buffer {
  return Buffer.concat(
    pairs.flatMap(([name, value]) => [
      Buffer.of(0, name.length),
      Buffer.from(name, "latin1"),
      Buffer.of(value.length),
      Buffer.from(value, "latin1"),
    ]),
  )
}

/** The fields of a request to `localhost`, and those after them. */
export function requestFields(method: string, path = "/", ...more: [name: string, value: string][]): Buffer {
  return fields([":method", method], [":scheme", "https"], [":path", path], [":authority", "localhost"], ...more)
}
