// Entity tags that are made of the bytes themselves. Apart from etags.ts, since node:crypto takes a while to load.

import { createHash, getHashes, type Hash } from "node:crypto"

/**
 * An entity tag for these bytes, without quotes: equal bytes have equal tags, and different bytes different ones.
 *
 * SHA3-256 in base64 without padding: the tag that Werkzeug makes, so that servers of both kinds can stand behind one
 * name. It costs about 3 microseconds for 1 KiB and 2 milliseconds for 1 MiB, which is 2.4 and 3.6 times what SHA-256
 * does. A runtime without SHA3 takes SHA-256.
 *
 * @example
 * generateEtag(new TextEncoder().encode("hello")) // => "Mzi+aU9QxfM4gUmGzfBoZFOoiLhPQk15KvS5ICOY85I"
 */
export function generateEtag(bytes: Uint8Array): string {
  return new EtagHash().update(bytes).tag()
}

/**
 * Makes the tag that `generateEtag` makes, of bytes that come piece by piece.
 *
 * @example
 * const bytes = new TextEncoder().encode("hello")
 * new EtagHash().update(bytes.subarray(0, 2)).update(bytes.subarray(2)).tag() === generateEtag(bytes) // => true
 */
export class EtagHash {
  readonly #hash: Hash

  constructor() {
    digest ??= getHashes().includes("sha3-256") ? "sha3-256" : "sha256"
    this.#hash = createHash(digest)
  }

  update(bytes: Uint8Array): this {
    this.#hash.update(bytes)
    return this
  }

  /** The tag; ends the hash. */
  tag(): string {
    return this.#hash.digest("base64").replace("=", "")
  }
}

let digest: string | undefined
