// Files that stay open for a moment after they were sent, since the next request often asks for the same ones: then
// nothing is opened, checked and closed anew, and a 304 does not touch the disk at all.
// What is kept is the open file and not its name: what was found to be inside of a folder cannot become another file.
// The price is that a file that was replaced is sent for as long as it is kept.

import type { FileSource } from "./file-source.ts"
import type { OpenFile } from "./open-file.ts"

/** How long, and how many. */
export interface OpenFileCacheOptions {
  /** Milliseconds after which a file is opened anew. 1000 unless given. */
  maxAgeMs?: number | undefined
  /** Files that are kept at most. 256 unless given. */
  maxFiles?: number | undefined
}

/**
 * Open files to share between requests; give it to `sendFile` or `sendFromDirectory`. Worth it where files are not changed in
 * place: a change may go unseen for `maxAgeMs`.
 */
export class OpenFileCache {
  readonly #maxAgeMs: number
  readonly #maxFiles: number
  /** The oldest first. */
  readonly #entries = new Map<string, Entry>()
  #timer: ReturnType<typeof setTimeout> | undefined = undefined

  /** @throws RangeError unless both are above 0 */
  constructor({ maxAgeMs = 1000, maxFiles = 256 }: OpenFileCacheOptions = {}) {
    if (!(maxAgeMs > 0) || !(maxFiles >= 1)) {
      throw new RangeError(`maxAgeMs and maxFiles are above 0, not ${maxAgeMs} and ${maxFiles}`)
    }
    this.#maxAgeMs = maxAgeMs
    this.#maxFiles = maxFiles
  }

  /** How many files are open, or are being opened. */
  get size(): number {
    return this.#entries.size
  }

  /**
   * The file that is kept under `key`, at once if it is open by now, else the one that `open` gives. What cannot be opened
   * is not remembered.
   *
   * @returns a share in the file: closing it leaves it open for others
   */
  open(key: string, open: () => Promise<OpenFile>): SharedFile | Promise<SharedFile> {
    return this.#entryFor(key, open).kept?.share() ?? this.#openAndShare(key, open)
  }

  async #openAndShare(key: string, open: () => Promise<OpenFile>): Promise<SharedFile> {
    for (;;) {
      const share = (await this.#entryFor(key, open).opening).share()
      // It may have been dropped while this waited for it.
      if (share !== undefined) return share
    }
  }

  /** Closes what nobody uses any more. The cache remains usable. */
  close(): void {
    for (const key of this.#entries.keys()) this.#drop(key)
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #entryFor(key: string, open: () => Promise<OpenFile>): Entry {
    const known = this.#entries.get(key)
    if (known !== undefined && known.until > performance.now()) return known
    if (known !== undefined) this.#drop(key)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < this.#maxFiles) break
      this.#drop(oldest)
    }
    const opening = open().then((file) => new KeptFile(file))
    const entry: Entry = { opening, kept: undefined, until: performance.now() + this.#maxAgeMs }
    this.#entries.set(key, entry)
    opening.then(
      (kept) => {
        entry.kept = kept
      },
      () => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key)
      },
    )
    this.#timer ??= setTimeout(() => this.#sweep(), this.#maxAgeMs).unref()
    return entry
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key)
    this.#entries.delete(key)
    entry?.opening.then(
      (file) => file.release(),
      () => {},
    )
  }

  #sweep(): void {
    const now = performance.now()
    for (const [key, { until }] of this.#entries) if (until <= now) this.#drop(key)
    this.#timer = this.#entries.size === 0 ? undefined : setTimeout(() => this.#sweep(), this.#maxAgeMs).unref()
  }
}

interface Entry {
  readonly opening: Promise<KeptFile>
  /** As soon as it is open. */
  kept: KeptFile | undefined
  readonly until: number
}

/** A file with those who use it; the cache is the first of them. */
class KeptFile {
  readonly #file: OpenFile
  #users = 1

  constructor(file: OpenFile) {
    this.#file = file
  }

  share(): SharedFile | undefined {
    if (this.#users === 0) return undefined
    this.#users++
    return new SharedFile(this.#file, () => this.release())
  }

  release(): void | Promise<void> {
    if (--this.#users === 0) return this.#file.close()
  }
}

/** A share in an open file. */
export class SharedFile implements FileSource {
  readonly #file: OpenFile
  readonly #onClose: () => void | Promise<void>
  #closed = false

  constructor(file: OpenFile, onClose: () => void | Promise<void>) {
    this.#file = file
    this.#onClose = onClose
  }

  /** Under which name it was opened. */
  get path(): string | undefined {
    return this.#file.path
  }

  /** Length in bytes when it was opened. */
  get size(): number {
    return this.#file.size
  }

  /** The last change before it was opened. */
  get modified(): Date {
    return this.#file.modified
  }

  /** As that of the file. */
  get version(): string {
    return this.#file.version
  }

  /** Reads as the file does. */
  read(position: number, size: number, into?: Uint8Array): Promise<Uint8Array> {
    return this.#file.read(position, size, into)
  }

  /** Gives the share back. Once is enough. */
  close(): void | Promise<void> {
    if (this.#closed) return
    this.#closed = true
    return this.#onClose()
  }
}
