// Files that stay open for a moment after they were sent, since the next request often asks for the same ones: then
// nothing is opened, checked and closed anew, and a 304 does not touch the disk at all.
// What is kept is the open file and not its name: what was found to be inside of a folder cannot become another file.
// The price is that a file that was replaced is sent for as long as it is kept.

import type { FileState } from "./file-state.ts"
import type { FileCache } from "./known-files.ts"
import type { OpenFile, PathSource } from "./open-file.ts"
import { RecentMap } from "./recent-map.ts"

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
export class OpenFileCache implements FileCache {
  readonly #maxAgeMs: number
  readonly #entries: RecentMap<Entry>
  #timer: ReturnType<typeof setTimeout> | undefined = undefined

  /** @throws RangeError unless both are above 0 */
  constructor({ maxAgeMs = 1000, maxFiles = 256 }: OpenFileCacheOptions = {}) {
    if (!(maxAgeMs > 0) || !(maxFiles >= 1)) {
      throw new RangeError(`maxAgeMs and maxFiles are above 0, not ${maxAgeMs} and ${maxFiles}`)
    }
    this.#maxAgeMs = maxAgeMs
    this.#entries = new RecentMap(maxAgeMs, maxFiles, ({ opening }) => {
      opening.then(
        (file) => file.release(),
        () => {},
      )
    })
  }

  /** How many files are open, or are being opened. */
  get size(): number {
    return this.#entries.size
  }

  /** The state of the file that is kept open under `key`. */
  stateOf(key: string): FileState | undefined {
    return this.#entries.get(key)?.kept?.state
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

  /** Closes the files that are not in use any more. The cache remains usable. */
  close(): void {
    this.#entries.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #entryFor(key: string, open: () => Promise<OpenFile>): Entry {
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const opening = open().then((file) => new KeptFile(file))
    const entry: Entry = { opening, kept: undefined }
    this.#entries.set(key, entry)
    opening.then(
      (kept) => {
        entry.kept = kept
      },
      () => this.#entries.delete(key, entry),
    )
    this.#timer ??= setTimeout(() => this.#sweep(), this.#maxAgeMs).unref()
    return entry
  }

  #sweep(): void {
    this.#entries.sweep()
    this.#timer = this.#entries.size === 0 ? undefined : setTimeout(() => this.#sweep(), this.#maxAgeMs).unref()
  }
}

interface Entry {
  readonly opening: Promise<KeptFile>
  /** As soon as it is open. */
  kept: KeptFile | undefined
}

/** A file with its users; the cache is the first of them. */
class KeptFile {
  readonly #file: OpenFile
  #users = 1

  constructor(file: OpenFile) {
    this.#file = file
  }

  get state(): FileState {
    return this.#file.state
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
export class SharedFile implements PathSource {
  readonly #file: OpenFile
  readonly #onClose: () => void | Promise<void>
  #closed = false

  constructor(file: OpenFile, onClose: () => void | Promise<void>) {
    this.#file = file
    this.#onClose = onClose
  }

  /** As it was when it was opened. */
  get state(): FileState {
    return this.#file.state
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

  /** As the file does. */
  hasChanged(): boolean {
    return this.#file.hasChanged()
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
