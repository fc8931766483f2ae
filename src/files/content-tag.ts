// Entity tags made of what is in a file: equal on every machine that has the file, also where its path and its dates differ,
// and another one when the content is, also where length and date are not. What costs the reading of a whole file is
// done once: the tag is remembered for as long as the system says that the file is the same. That includes the time of the last
// change of any kind (ctime), which no program can set back.

import { EtagHash } from "../http/generate-etag.ts"
import type { FileSource } from "./file-source.ts"
import type { FileState } from "./file-state.ts"
import type { PathSource } from "./open-file.ts"

const BLOCK_SIZE = 256 * 1024
const MAX_TAGS = 4096
/**
 * A file that was changed so short a time ago may be changed again without another time: systems count in ticks of some
 * milliseconds, some in seconds. Its tag is not remembered yet.
 */
const SETTLED_MS = 2000

interface Remembered {
  readonly state: FileState
  readonly making: Promise<string | undefined>
  /** When it is made. */
  tag: string | undefined
}

/** By device and number of the file; those that were made first go first. */
const remembered = new Map<string, Remembered>()
const ofBlobs = new WeakMap<Blob, Promise<string | undefined>>()

/** The tag of a file in this state, if it is known. */
export function knownContentTag(state: FileState): string | undefined {
  return find(state)?.tag
}

/**
 * The tag of what is in a file; of files on disk it is remembered. `undefined` when the file changes while it is read.
 *
 * @param blob where the file is one, which does not change
 */
export function contentTag(file: FileSource | PathSource, blob?: Blob): Promise<string | undefined> {
  if ("hasChanged" in file) return tagOnDisk(file)
  if (blob === undefined) return makeTag(file)
  let making = ofBlobs.get(blob)
  if (making === undefined) {
    making = makeTag(file)
    ofBlobs.set(blob, making)
  }
  return making
}

function tagOnDisk(file: PathSource): Promise<string | undefined> {
  const { state } = file
  const known = find(state)
  if (known !== undefined) return known.making
  const key = keyOf(state)
  const isSettled = Date.now() - state.stats.ctimeMs > SETTLED_MS
  const making = makeTag(file).then((tag) => (file.hasChanged() ? undefined : tag))
  const entry: Remembered = { state, making, tag: undefined }
  remembered.delete(key)
  if (remembered.size >= MAX_TAGS) remembered.delete(remembered.keys().next().value as string)
  remembered.set(key, entry)
  const forget = () => {
    if (remembered.get(key) === entry) remembered.delete(key)
  }
  making.then((tag) => {
    if (isSettled && tag !== undefined) entry.tag = tag
    else forget()
  }, forget)
  return making
}

function find(state: FileState): Remembered | undefined {
  const entry = remembered.get(keyOf(state))
  return entry?.state.isStill(state.stats) ? entry : undefined
}

function keyOf({ stats }: FileState): string {
  return `${stats.dev} ${stats.ino}`
}

async function makeTag(file: FileSource): Promise<string | undefined> {
  const hash = new EtagHash()
  const block = new Uint8Array(Math.min(BLOCK_SIZE, file.size))
  for (let position = 0; position < file.size; position += block.length) {
    const size = Math.min(block.length, file.size - position)
    const bytes = await file.read(position, size, block)
    if (bytes.length < size) return undefined
    hash.update(bytes)
  }
  return hash.tag()
}
