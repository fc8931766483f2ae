// Content codings that Node can make: gzip, Brotli and, where node:zlib has it, Zstandard. A coder flushes after each chunk,
// so that what was put in can be read at the other end; what is complete is coded at once. Knows no response.

import type * as Zlib from "node:zlib"
import type { ContentCoding } from "../files/precompressed.ts"
import type { BodyTransform } from "./response-transform.ts"

/** How hard to try, by the scale of each coding. */
export type CodingLevels = Partial<Record<ContentCoding, number>>

// Node 22.15 has Zstandard; the types are those of Node 20.
interface WithZstd {
  createZstdCompress: (options: object) => Zlib.Gzip
  zstdCompressSync: (bytes: Uint8Array, options: object) => Uint8Array
  zstdCompress: (
    bytes: Uint8Array,
    options: object,
    callback: (error: Error | null, result: Uint8Array) => void,
  ) => void
}
/** Up to this size, coding at once takes less than handing the work to another thread and waiting for it. */
const SYNC_LIMIT = 16 * 1024

interface Coder {
  stream(level: number): Zlib.Gzip | Zlib.BrotliCompress
  sync(bytes: Uint8Array, level: number): Uint8Array
  async(bytes: Uint8Array, level: number): Promise<Uint8Array>
  flush: number
  level: number
}

/** The codings that this version of Node can make, the best one first. */
export const availableCodings: readonly ContentCoding[] =
  "zstd" in process.versions ? ["zstd", "br", "gzip"] : ["br", "gzip"]

// The levels are those at which a response costs about as much to code as it cost to make.
const MAKERS: Readonly<Record<ContentCoding, () => Coder>> = {
  zstd() {
    const zlib = process.getBuiltinModule("node:zlib")
    const { createZstdCompress, zstdCompressSync, zstdCompress } = zlib as unknown as WithZstd
    const constants = zlib.constants as unknown as Record<string, number>
    const { promisify } = process.getBuiltinModule("node:util")
    const asyncZstd = promisify<Uint8Array, object, Uint8Array>(zstdCompress)
    const options = (level: number) => ({ params: { [constants["ZSTD_c_compressionLevel"] as number]: level } })
    return {
      stream: (level) => createZstdCompress(options(level)),
      sync: (bytes, level) => zstdCompressSync(bytes, options(level)),
      async: (bytes, level) => asyncZstd(bytes, options(level)),
      flush: constants["ZSTD_e_flush"] as number,
      level: 3,
    }
  },
  br() {
    const zlib = process.getBuiltinModule("node:zlib")
    const { promisify } = process.getBuiltinModule("node:util")
    const asyncBrotli = promisify<Uint8Array, Zlib.BrotliOptions, Uint8Array>(zlib.brotliCompress)
    const options = (level: number, size?: number): Zlib.BrotliOptions => ({
      params: {
        [zlib.constants.BROTLI_PARAM_QUALITY]: level,
        ...(size === undefined ? {} : { [zlib.constants.BROTLI_PARAM_SIZE_HINT]: size }),
      },
    })
    return {
      stream: (level) => zlib.createBrotliCompress(options(level)),
      sync: (bytes, level) => zlib.brotliCompressSync(bytes, options(level, bytes.length)),
      async: (bytes, level) => asyncBrotli(bytes, options(level, bytes.length)),
      flush: zlib.constants.BROTLI_OPERATION_FLUSH,
      level: 4,
    }
  },
  gzip() {
    const zlib = process.getBuiltinModule("node:zlib")
    const { promisify } = process.getBuiltinModule("node:util")
    const asyncGzip = promisify<Uint8Array, Zlib.ZlibOptions, Uint8Array>(zlib.gzip)
    return {
      stream: (level) => zlib.createGzip({ level }),
      sync: (bytes, level) => zlib.gzipSync(bytes, { level }),
      async: (bytes, level) => asyncGzip(bytes, { level }),
      flush: zlib.constants.Z_SYNC_FLUSH,
      level: 6,
    }
  },
}

const coders = new Map<ContentCoding, Coder>()

/** The coder, made when the first response wants it: node:zlib takes a while to load. */
function coderOf(coding: ContentCoding): Coder {
  if (!availableCodings.includes(coding))
    throw new RangeError(`this version of Node has no content coding ${String(coding)}`)
  let coder = coders.get(coding)
  if (coder === undefined) {
    coder = MAKERS[coding]()
    coders.set(coding, coder)
  }
  return coder
}

/**
 * Codes the bytes of one response.
 *
 * @throws RangeError when Node cannot make this coding
 */
export function contentCoder(coding: ContentCoding, levels: CodingLevels = {}): BodyTransform {
  const coder = coderOf(coding)
  const level = levels[coding] ?? coder.level
  let stream: FlushedStream | undefined
  const open = () => {
    stream ??= new FlushedStream(coder.stream(level))
    return stream
  }
  return {
    chunk: (bytes) => (bytes.length === 0 ? bytes : open().push(bytes, coder.flush)),
    end: () => open().end(),
    whole: (bytes) => (bytes.length <= SYNC_LIMIT ? coder.sync(bytes, level) : coder.async(bytes, level)),
    close: () => stream?.close(),
  }
}

/** A stream of node:zlib, of which every chunk that goes in comes out. */
class FlushedStream {
  readonly #stream: Zlib.Gzip | Zlib.BrotliCompress
  #out: Uint8Array[] = []
  #failed: ((error: Error) => void) | undefined = undefined

  constructor(stream: Zlib.Gzip | Zlib.BrotliCompress) {
    this.#stream = stream
    stream.on("data", (chunk: Uint8Array) => this.#out.push(chunk))
    stream.on("error", (error) => this.#failed?.(error))
    stream.on("close", () => this.#failed?.(new Error("the response was over before it was coded")))
  }

  push(bytes: Uint8Array, flush: number): Promise<Uint8Array> {
    return this.#outputOf((done) => {
      this.#stream.write(bytes)
      this.#stream.flush(flush, done)
    })
  }

  end(): Promise<Uint8Array> {
    return this.#outputOf((done) => {
      this.#stream.once("end", done)
      this.#stream.end()
    })
  }

  /** Frees the memory of the coder, which is outside of the heap. */
  close(): void {
    this.#stream.destroy()
  }

  #outputOf(work: (done: () => void) => void): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#failed = reject
      work(() => {
        this.#failed = undefined
        // What does not fit the stream's buffer at once would come with the next tick.
        while (this.#stream.read() !== null);
        const out = Buffer.concat(this.#out)
        this.#out = []
        resolve(out)
      })
    })
  }
}
