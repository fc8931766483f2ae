// Where the files of a form go while it is read. A store takes each file as a stream of its bytes and gives back what a
// FileStorage reads from. The one here keeps them in memory, for runtimes without a disk; servers with one hand another
// in through the environ, and a request class may name its own.

import type { FileStorageSource } from "../datastructures/file-storage.ts"
import { GatheredChunks } from "../environ/concatenation.ts"
import type { Environ } from "../gateway.ts"
import type { FormPart } from "./form-part.ts"
import { tooLarge } from "./limits.ts"

/** Takes the files of forms. One object serves all requests. */
export interface UploadStore {
  /**
   * Takes the bytes of one file, as fast as it likes: nothing more is read from the client meanwhile. What it leaves
   * unread is skipped. Resolves when the bytes are safe, to what a FileStorage can be made of; when that has a `close`, it
   * is called when the request is over, or when the rest of the form turns out bad.
   *
   * When iterating over the part throws, the client has gone or the form is bad: clean up, and let the error pass.
   */
  store(part: FormPart): Promise<FileStorageSource>
}

/** The key of the environ under which a server says where uploads go. */
export const UPLOAD_STORE_KEY = "werkstatt.upload_store"

/** The store that the server has named; memory by default. */
export function uploadStoreOf(environ: Environ): UploadStore {
  return (environ[UPLOAD_STORE_KEY] as UploadStore | undefined) ?? memoryStore
}

/**
 * Keeps files in memory.
 */
export class MemoryUploadStore implements UploadStore {
  /** The most bytes that the files of one form may have together. More is a 413. */
  readonly maxUploadMemorySize: number

  /** @param options.maxUploadMemorySize bytes; 16 MiB unless given */
  constructor(options: { maxUploadMemorySize?: number } = {}) {
    this.maxUploadMemorySize = options.maxUploadMemorySize ?? 16 * 1024 * 1024
  }

  /** Reads a file into memory. @throws RequestEntityTooLarge (413) when it does not fit */
  async store(part: FormPart): Promise<FileStorageSource> {
    const chunks = new GatheredChunks()
    for await (const chunk of part) {
      if (part.receivedFileBytes > this.maxUploadMemorySize) {
        throw tooLarge("maxUploadMemorySize", this.maxUploadMemorySize, part)
      }
      chunks.push(chunk)
    }
    return chunks.whole()
  }
}

/** The store that is in use by default. */
export const memoryStore: UploadStore = new MemoryUploadStore()
