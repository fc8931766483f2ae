// Uploads on disk: what a form's files are kept in while the request lasts. Small ones stay in memory. A larger one is a file
// that no other user of the machine can guess, open or prepare (own folder 0700, random name, created exclusively, 0600). It is
// removed when it is closed, at the latest with the process, and the folder with the last of them. Nothing here blocks: while the
// disk is waited for, no more is taken from the client.

import { rmSync } from "node:fs"
import type { FileHandle } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { FileContent } from "../datastructures/file-storage.ts"
import { GatheredChunks } from "../environ/concatenation.ts"
import { InsufficientStorage } from "../exceptions/statuses.ts"
import type { FormPart } from "../forms/form-part.ts"
import type { UploadStore } from "../forms/upload-store.ts"

/** Where uploads go, and when they leave memory. */
export interface DiskUploadStoreOptions {
  /** An existing folder, in which one is made for the uploads. That of the system for temporary files unless given. */
  readonly directory?: string | undefined
  /** Bytes that the files of one form may have together before they go to disk. 500 KiB unless given. */
  readonly maxMemorySize?: number | undefined
}

/** Loaded with the first upload that goes to disk. */
const disk = () => process.getBuiltinModule("node:fs/promises")

/** Bytes that are gathered before they are written, and read at once. */
const BLOCK_SIZE = 256 * 1024

/**
 * Keeps the files of forms in memory up to a size and in temporary files beyond it.
 */
export class DiskUploadStore implements UploadStore {
  readonly #parent: string
  readonly #maxMemorySize: number
  #folder: Promise<string> | undefined = undefined
  /** Files that are there or about to be. */
  #files = 0
  #cleansUp = false
  #lastFolder = ""

  constructor(options: DiskUploadStoreOptions = {}) {
    this.#parent = options.directory ?? tmpdir()
    this.#maxMemorySize = options.maxMemorySize ?? 500 * 1024
  }

  /** @throws InsufficientStorage (507) when the disk is full */
  async store(part: FormPart): Promise<FileContent> {
    let chunks = new GatheredChunks()
    let gathered = 0
    let file: NewFile | undefined
    try {
      for await (const chunk of part) {
        chunks.push(chunk)
        gathered += chunk.length
        if (part.receivedFileBytes <= this.#maxMemorySize || gathered < BLOCK_SIZE) continue
        file ??= await this.#create()
        await file.write(chunks.whole())
        chunks = new GatheredChunks()
        gathered = 0
      }
      if (file === undefined) {
        if (part.receivedFileBytes <= this.#maxMemorySize) return new MemoryFile(chunks.whole())
        file = await this.#create()
      }
      if (gathered > 0) await file.write(chunks.whole())
      return await file.finish()
    } catch (error) {
      await file?.discard()
      throw isFull(error) ? new InsufficientStorage({ cause: error }) : error
    }
  }

  async #create(): Promise<NewFile> {
    this.#files++
    try {
      return await this.#createIn(this.#openFolder())
    } catch (error) {
      await this.#removed()
      throw error
    }
  }

  async #createIn(folder: Promise<string>): Promise<NewFile> {
    const name = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex")
    const onRemoved = () => this.#removed()
    try {
      return await NewFile.create(join(await folder, name), onRemoved)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
      // A program that tidies up old folders has removed it.
      if (this.#folder === folder) this.#folder = undefined
      return await NewFile.create(join(await this.#openFolder(), name), onRemoved)
    }
  }

  /** A file is gone. The folder goes with the last one: a process may end without being able to tidy up. */
  async #removed(): Promise<void> {
    this.#files--
    const folder = this.#folder
    if (this.#files > 0 || folder === undefined) return
    this.#folder = undefined
    await folder.then((path) => disk().rmdir(path)).catch(ignore)
  }

  #openFolder(): Promise<string> {
    this.#folder ??= this.#makeFolder()
    return this.#folder
  }

  async #makeFolder(): Promise<string> {
    try {
      const folder = await disk().mkdtemp(join(this.#parent, "werkstatt-"))
      this.#lastFolder = folder
      if (!this.#cleansUp) process.once("exit", () => rmSync(this.#lastFolder, { recursive: true, force: true }))
      this.#cleansUp = true
      return folder
    } catch (error) {
      this.#folder = undefined
      throw error
    }
  }
}

/** The store that servers on Node hand in. It touches the disk when the first large file comes. */
export const diskStore: UploadStore = new DiskUploadStore()

function isFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return code === "ENOSPC" || code === "EDQUOT"
}

/** A file that is being written. */
class NewFile {
  readonly #path: string
  readonly #handle: FileHandle
  readonly #onRemoved: () => Promise<void>
  #size = 0

  static async create(path: string, onRemoved: () => Promise<void>): Promise<NewFile> {
    return new NewFile(path, await disk().open(path, "wx", 0o600), onRemoved)
  }

  constructor(path: string, handle: FileHandle, onRemoved: () => Promise<void>) {
    this.#path = path
    this.#handle = handle
    this.#onRemoved = onRemoved
  }

  async write(whole: Uint8Array): Promise<void> {
    await this.#handle.writeFile(whole)
    this.#size += whole.length
  }

  async finish(): Promise<StoredFile> {
    await this.#handle.close()
    return new StoredFile(this.#path, this.#size, this.#onRemoved)
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(ignore)
    await disk().unlink(this.#path).catch(ignore)
    await this.#onRemoved()
  }
}

function ignore(): void {}

/** An uploaded file that is small enough. */
class MemoryFile implements FileContent {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get size(): number {
    return this.#bytes.length
  }

  async *stream(): AsyncGenerator<Uint8Array, void, void> {
    if (this.size > 0) yield this.#bytes
  }

  async bytes(): Promise<Uint8Array> {
    return this.#bytes
  }

  async saveTo(path: string | URL): Promise<void> {
    await disk().writeFile(path, this.#bytes)
  }

  async close(): Promise<void> {}
}

/** An uploaded file on disk. */
class StoredFile implements FileContent {
  readonly #path: string
  readonly #onRemoved: () => Promise<void>
  readonly size: number
  #closed = false

  constructor(path: string, size: number, onRemoved: () => Promise<void>) {
    this.#path = path
    this.size = size
    this.#onRemoved = onRemoved
  }

  async *stream(): AsyncGenerator<Uint8Array, void, void> {
    const handle = await disk().open(this.#openPath, "r")
    try {
      for (;;) {
        const { bytesRead, buffer } = await handle.read(new Uint8Array(BLOCK_SIZE))
        if (bytesRead === 0) return
        yield buffer.subarray(0, bytesRead)
      }
    } finally {
      await handle.close()
    }
  }

  async bytes(): Promise<Uint8Array> {
    return disk().readFile(this.#openPath)
  }

  // Not copied as a file: the copy would have the mode of the original.
  async saveTo(path: string | URL): Promise<void> {
    await disk().writeFile(path, this.stream())
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await disk().unlink(this.#path).catch(ignore)
    await this.#onRemoved()
  }

  get #openPath(): string {
    if (this.#closed) throw new TypeError("The uploaded file is closed")
    return this.#path
  }
}
