// What a file is to the code that answers with it: bytes at positions, a length that was known before, and one close.
// Those that are in memory stand here; a file on disk is in open-file.ts. Nothing here knows a request.

/** Bytes that can be read at any position until they are closed. */
export interface FileSource {
  /** Length in bytes, as it was when the file was opened. */
  readonly size: number
  /** The last change, where there is such a thing. */
  readonly modified: Date | undefined
  /** Text that changes whenever the content does, as far as one can tell without reading it. */
  readonly version: string | undefined
  /**
   * `size` bytes from `position` on; less only where the file has ended meanwhile.
   *
   * @param into memory of at least that size that may be used for it
   */
  read(position: number, size: number, into?: Uint8Array): Uint8Array | Promise<Uint8Array>
  /** Gives back what the file holds. Once is enough, more do no harm. */
  close(): void | Promise<void>
}

/** Bytes as a file. */
export class BytesSource implements FileSource {
  readonly #bytes: Uint8Array
  readonly modified: undefined = undefined
  readonly version: undefined = undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get size(): number {
    return this.#bytes.length
  }

  read(position: number, size: number): Uint8Array {
    return this.#bytes.subarray(position, position + size)
  }

  close(): void {}
}

/** A Blob as a file, a `File` and what `fs.openAsBlob` gives included. */
export class BlobSource implements FileSource {
  readonly #blob: Blob
  readonly modified: Date | undefined
  readonly version: undefined = undefined

  constructor(blob: Blob) {
    this.#blob = blob
    this.modified = blob instanceof File ? new Date(blob.lastModified) : undefined
  }

  get size(): number {
    return this.#blob.size
  }

  async read(position: number, size: number): Promise<Uint8Array> {
    return new Uint8Array(await this.#blob.slice(position, position + size).arrayBuffer())
  }

  close(): void {}
}
