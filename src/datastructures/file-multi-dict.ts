// The files of a form, by the names of their fields.

import { guessFileType } from "../http/file-types.ts"
import { FileStorage, type FileStorageSource } from "./file-storage.ts"
import { MultiDict } from "./multi-dict.ts"

/**
 * A multi-dict of files, with a way to add them and to close them all.
 *
 * @example
 * const files = new FileMultiDict()
 * files.addFile("photo", new Uint8Array(3), "cat.png")
 * files.get("photo").contentType // => "image/png"
 */
export class FileMultiDict extends MultiDict<FileStorage> {
  /**
   * Adds a file. Name and type are those of the file unless given; a type that is not known is guessed from the name.
   */
  addFile(name: string, file: FileStorageSource | FileStorage, filename?: string, contentType?: string): void {
    if (file instanceof FileStorage) {
      file.name = name
      if (filename !== undefined) file.filename = filename
      if (contentType !== undefined) file.headers.set("Content-Type", contentType)
      this.append(name, file)
      return
    }
    const storage = new FileStorage(file, { name, filename, contentType })
    if (storage.contentType === undefined && storage.filename !== undefined) {
      storage.headers.set("Content-Type", guessFileType(storage.filename).mimetype)
    }
    this.append(name, storage)
  }

  /** Closes every file. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.values(), (file) => file.close()))
  }

  /** Removes every file, and closes it. */
  override clear(): void {
    void this.close()
    super.clear()
  }
}
